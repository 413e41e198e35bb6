import { describe, expect, it } from 'vitest';
import type { Json } from '../json.ts';
import { liveNumber, nextLiveNumber, ownVariable, readLiveNumber } from './live-number.ts';
import { misspeltOwnVariable, validateVariable } from './own-variables.ts';

describe('validateVariable', () => {
  it.each<[Json, Json]>([
    [0, 0],
    [16, 16],
    ['32', 32],
    [100_000, 100_000],
  ])('takes %j as parallelism', (given, stored) => {
    expect(validateVariable('parallelism', given)).toBe(stored);
  });

  it.each<[Json]>([['abc'], [-1], [1.5], [null], ['1e3'], [100_001], [{ default: 4 }]])(
    'refuses %j',
    (given) => {
      expect(() => validateVariable('parallelism', given)).toThrow(
        /^parallelism: expected a whole number from 0/,
      );
    },
  );

  it('says in words what was expected', () => {
    expect(() => validateVariable('parallelism', 'abc')).toThrow(
      'parallelism: expected a whole number from 0 (0 pauses), got "abc".',
    );
  });

  it('leaves the Variables of DAGs as they are', () => {
    expect(validateVariable('my.rate-limit', { a: ['b'] })).toEqual({ a: ['b'] });
  });

  it.each([[''], ['a b'], ['../x'], ['a/b'], ['x'.repeat(251)]])('refuses the key %j', (key) => {
    expect(() => validateVariable(key, 1)).toThrow(/^Variable key: expected/);
  });

  it('recognises a key that was nearly one of its own', () => {
    expect(misspeltOwnVariable('paralelism')).toBe('parallelism');
    expect(misspeltOwnVariable('parallelism')).toBeUndefined();
    expect(misspeltOwnVariable('weather_rows')).toBeUndefined();
  });
});

describe('liveNumber', () => {
  const reference = ownVariable('parallelism');

  it.each<[string, Json | undefined, number | undefined, number]>([
    ['a deleted Variable means its default', undefined, 8, 16],
    ['a number', 4, undefined, 4],
    ['a number as text', '4', undefined, 4],
    ['zero pauses', 0, undefined, 0],
    ['a bad value keeps the last good one', 'abc', 8, 8],
    ['a bad value without one means the default', 'abc', undefined, 16],
    ['a negative value is bad', -1, 8, 8],
    ['a daily plan', { default: 2, windows: [{ cron: '0 0 * * *', for: '1h', value: 9 }] }, 8, 9],
    ['a bad plan keeps the last good value', { default: 2, windows: [{ cron: 'x' }] }, 8, 8],
    ['so does one beyond the bounds', { default: 1e9, windows: [] }, 8, 8],
  ])('%s', (_name, stored, lastGood, expected) => {
    const variables = new Map(stored === undefined ? [] : [['parallelism', stored]]);
    expect(liveNumber(reference, variables, 0, lastGood)).toBe(expected);
  });

  const night = { cron: '0 22 * * *', for: '8h', value: 20 };
  it.each<[string, Json | undefined, string, string | null]>([
    ['a number stays', 4, '2026-01-01T12:00Z', null],
    ['so does the default of a Variable that is not there', undefined, '2026-01-01T12:00Z', null],
    ['a window opens', { default: 4, windows: [night] }, '2026-01-01T12:00Z', '2026-01-01T22:00:00.000Z 20'],
    ['a window closes', { default: 4, windows: [night] }, '2026-01-01T23:00Z', '2026-01-02T06:00:00.000Z 4'],
    [
      'a window that changes nothing is passed over',
      { default: 4, windows: [night, { cron: '0 * * * *', for: '5m', value: 4 }] },
      '2026-01-01T12:00Z',
      '2026-01-01T22:00:00.000Z 20',
    ],
    ['a plan of one number', { default: 4, windows: [{ ...night, value: 4 }] }, '2026-01-01T12:00Z', null],
    ['a plan without windows', { default: 4, windows: [] }, '2026-01-01T12:00Z', null],
    ['a bad value', 'abc', '2026-01-01T12:00Z', null],
  ])('knows when it is another number by itself: %s', (_name, stored, now, expected) => {
    const variables = new Map(stored === undefined ? [] : [['parallelism', stored]]);
    const next = nextLiveNumber(reference, variables, Date.parse(now));
    expect(next && `${new Date(next.at).toISOString()} ${next.value}`).toBe(expected);
  });

  it('tells what is wrong with a value that it did not take', () => {
    expect(readLiveNumber(reference, new Map([['parallelism', 'abc']]), 0, 8).problem).toBe(
      'Variable parallelism: expected a whole number from 0, got "abc". 8 stays in force.',
    );
  });
});
