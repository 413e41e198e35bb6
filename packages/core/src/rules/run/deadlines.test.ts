import { describe, expect, it } from 'vitest';
import { deadlinesOf } from './deadlines.ts';

const deadline = (given: { by?: string; withinMs?: number }) => ({
  name: 'd',
  taskId: null,
  by: given.by ?? null,
  withinMs: given.withinMs ?? null,
  callback: true,
});

interface Row {
  readonly what: string;
  readonly type?: string;
  readonly due: string;
  readonly zone: string;
  readonly by?: string;
  readonly withinMs?: number;
  /** Null: it has none. */
  readonly at: string | null;
}

const ROWS: readonly Row[] = [
  {
    what: 'the wall clock of its day',
    due: '2026-01-01T18:00Z',
    zone: 'Asia/Tokyo',
    by: '10:00',
    at: '2026-01-02T01:00Z',
  },
  {
    what: 'the next day when the time is over',
    due: '2026-01-02T02:00Z',
    zone: 'Asia/Tokyo',
    by: '10:00',
    at: '2026-01-03T01:00Z',
  },
  {
    what: 'the very moment',
    due: '2026-01-02T01:00Z',
    zone: 'Asia/Tokyo',
    by: '10:00',
    at: '2026-01-02T01:00Z',
  },
  {
    what: 'a time in the gap of summer time',
    due: '2026-03-29T00:00Z',
    zone: 'Europe/Berlin',
    by: '02:30',
    at: '2026-03-29T01:30Z',
  },
  {
    what: 'the second of a time that comes twice',
    due: '2026-10-25T00:00Z',
    zone: 'Europe/Berlin',
    by: '02:30',
    at: '2026-10-25T01:30Z',
  },
  { what: 'a duration', due: '2026-01-01T18:00Z', zone: 'UTC', withinMs: 3_600_000, at: '2026-01-01T19:00Z' },
  {
    what: 'a manual run, from when it was asked for',
    type: 'manual',
    due: '2026-01-05T00:00Z',
    zone: 'UTC',
    withinMs: 1_000,
    at: '2026-01-05T00:00:01Z',
  },
  {
    what: 'a backfill has none',
    type: 'backfill',
    due: '2026-01-01T18:00Z',
    zone: 'UTC',
    withinMs: 1,
    at: null,
  },
];

describe('deadlinesOf', () => {
  it.each(ROWS)('$what', ({ type = 'scheduled', due, zone, by, withinMs, at }) => {
    const instant = Date.parse(due);
    // The other of the two instants is far off, so that taking it would show.
    const run =
      type === 'scheduled'
        ? { runType: type, dataIntervalEnd: instant, queuedAt: instant + 7 * 86_400_000 }
        : { runType: type, dataIntervalEnd: instant - 7 * 86_400_000, queuedAt: instant };
    const dag = {
      timezone: zone,
      deadlines: [deadline({ ...(by ? { by } : {}), ...(withinMs ? { withinMs } : {}) })],
    };
    const found = deadlinesOf(run, dag).map(({ dueAt }) => dueAt);
    expect(found).toEqual(at === null ? [] : [Date.parse(at)]);
  });
});
