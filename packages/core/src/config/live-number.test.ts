import { describe, expect, it } from 'vitest';
import { limitOf, parseLimit, settledLimit, type WrittenLimit, writtenLimit } from './live-number.ts';

const plan = { default: 4, windows: [{ cron: '0 1 * * *', for: '5h', value: 16 }] };

describe('a limit on a command line', () => {
  it.each<[text: string, written: WrittenLimit]>([
    ['8', 8],
    ['-1', -1],
    ['variable:crm_slots=8', { variable: 'crm_slots', default: 8 }],
    [JSON.stringify(plan), plan],
  ])('%s', (text, written) => {
    expect(parseLimit(text, 'slots')).toEqual(written);
  });

  it.each(['', 'many', '1.5', 'variable:x', 'variable:=3', '{"default": 4}', '{', '[]'])(
    'is not %j',
    (text) => {
      expect(() => parseLimit(text, 'slots')).toThrow(
        /^slots: expected a number, "variable:NAME=8", or a daily/,
      );
    },
  );
});

describe('a written limit', () => {
  it.each<[written: WrittenLimit, settled: number]>([
    [8, 8],
    [-1, -1],
    [{ variable: 'crm_slots', default: 8 }, 8],
    [{ ...plan, timezone: 'Asia/Tokyo' }, 4],
  ])('%j is kept as it is written', (written, settled) => {
    const limit = limitOf(written, 'slots', -1);
    expect(writtenLimit(limit)).toEqual(written);
    expect(settledLimit(limit)).toBe(settled);
  });

  it.each<[written: WrittenLimit, least: number, message: RegExp]>([
    [-2, -1, /^slots: expected a whole number from 0, or -1 for no limit, got -2/],
    [0, 1, /^slots: expected a whole number from 1, got 0/],
    [1.5, 0, /got 1.5/],
    [{ variable: 'x', default: -1 }, -1, /^slots: default: expected a whole number from 0/],
    [{ variable: '', default: 1 }, 0, /^slots: expected the name of a Variable/],
    [{ default: 4, windows: [{ cron: '61 * * * *', for: '5h', value: 1 }] }, 0, /^slots: .*cron/],
  ])('%j from %i', (written, least, message) => {
    expect(() => limitOf(written, 'slots', least)).toThrow(message);
  });
});
