import { describe, expect, it } from 'vitest';
import { durationMs, durationText } from './duration-text.ts';

describe('durationText', () => {
  it.each([
    [0, '0 s'],
    [0.2, '1 ms'],
    [3, '3 ms'],
    [99.4, '99 ms'],
    [210, '0.21 s'],
    [1_800, '1.8 s'],
    [42_400, '42 s'],
    [59_600, '1m 00s'],
    [72_000, '1m 12s'],
    [3_599_400, '59m 59s'],
    [11_100_000, '3h 05m'],
    [187_200_000, '2d 4h'],
    [-5, '0 s'],
    [Number.NaN, '–'],
  ])('%d ms reads %s', (ms, text) => expect(durationText(ms)).toBe(text));
});

describe('durationMs', () => {
  it('runs up to now while there is no end, and is never negative when a clock stepped back', () => {
    expect(durationMs(null, null, 0)).toBeNull();
    expect(durationMs('1970-01-01T00:00:01.000Z', null, 5_000)).toBe(4_000);
    expect(durationMs('1970-01-01T00:00:05.000Z', '1970-01-01T00:00:01.000Z', 0)).toBe(0);
  });
});
