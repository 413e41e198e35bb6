import { describe, expect, it } from 'vitest';
import type { Json } from '../json.ts';
import { parseDailyPlan } from './daily-plan.ts';

const nights = { default: 4, windows: [{ cron: '0 1 * * *', for: '5h', value: 16 }] };

describe('what a daily plan says', () => {
  it.each<[plan: string, Json, now: string, value: number, until: string]>([
    ['before the window', nights, '2026-03-01T00:59:59Z', 4, '2026-03-01T01:00:00Z'],
    ['at its first instant', nights, '2026-03-01T01:00:00Z', 16, '2026-03-01T06:00:00Z'],
    ['at its last', nights, '2026-03-01T05:59:59.999Z', 16, '2026-03-01T06:00:00Z'],
    ['after it', nights, '2026-03-01T06:00:00Z', 4, '2026-03-02T01:00:00Z'],
    [
      'over midnight',
      { default: 1, windows: [{ cron: '0 22 * * *', for: '4h', value: 0 }] },
      '2026-03-02T01:30:00Z',
      0,
      '2026-03-02T02:00:00Z',
    ],
    [
      'the first open window counts',
      {
        default: 1,
        windows: [
          { cron: '0 2 * * *', for: '1h', value: 8 },
          { cron: '0 1 * * *', for: '5h', value: 16 },
        ],
      },
      '2026-03-01T02:30:00Z',
      8,
      '2026-03-01T03:00:00Z',
    ],
    [
      'in its own zone',
      { ...nights, timezone: 'Asia/Tokyo' },
      '2026-03-01T16:00:00Z',
      16,
      '2026-03-01T21:00:00Z',
    ],
    [
      'on some weekdays only',
      { default: 1, windows: [{ cron: '0 0 * * sat', for: '2d', value: 9 }] },
      '2026-03-01T12:00:00Z',
      9,
      '2026-03-02T00:00:00Z',
    ],
    // 02:00 does not exist on 29 March in Berlin: it opens at 03:00 summer time and is as long as it says.
    [
      'through a gap',
      { default: 1, windows: [{ cron: '0 2 * * *', for: '1h', value: 9 }], timezone: 'Europe/Berlin' },
      '2026-03-29T01:30:00Z',
      9,
      '2026-03-29T02:00:00Z',
    ],
  ])('%s', (_name, plan, now, value, until) => {
    expect(parseDailyPlan(plan).at(Date.parse(now))).toEqual({ value, until: Date.parse(until) });
  });

  it('without windows is its default for ever', () => {
    expect(parseDailyPlan({ default: 3, windows: [] }).at(0)).toEqual({
      value: 3,
      until: Number.POSITIVE_INFINITY,
    });
  });
});

describe('a plan that cannot be', () => {
  it.each<[Json, RegExp]>([
    [{ windows: [] }, /default expects a whole number from 0, got undefined/],
    [{ default: 1.5, windows: [] }, /default expects a whole number from 0, got 1.5/],
    [{ default: 1, windows: 'x' }, /expected \{ "default": 4/],
    [{ default: 1, windows: [{ cron: '61 * * * *', for: '1h', value: 1 }] }, /windows\[0\]\.cron: .*61/],
    [
      { default: 1, windows: [{ cron: '0 1 * * *', for: 'long', value: 1 }] },
      /windows\[0\]\.for: expected a duration/,
    ],
    [
      { default: 1, windows: [{ cron: '0 1 * * *', for: '0s', value: 1 }] },
      /windows\[0\]\.for expects more than nothing/,
    ],
    [{ default: 1, windows: [{ cron: '0 1 * * *', for: '1h', value: -1 }] }, /windows\[0\]\.value expects/],
    [
      { default: 1, windows: [{ cron: '0 1 * * *', for: '1h', valu: 1 }] },
      /no member "valu"\. Did you mean "value"/,
    ],
    [{ default: 1, windows: [], timezone: 'Mars/Base' }, /Mars\/Base/],
  ])('%j', (plan, message) => {
    expect(() => parseDailyPlan(plan)).toThrow(message);
  });
});
