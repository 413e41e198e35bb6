import { describe, expect, it } from 'vitest';
import { nextTick } from '../rules/index.ts';
import { CronTriggerTimetable, OnceTimetable } from '../timetables/index.ts';
import type { ReschedulePayload } from './intent.ts';
import { planReschedule } from './plan-reschedule.ts';

const daily = new CronTriggerTimetable('0 3 * * *');
const schedule = { dagId: 'etl', startDate: '2026-01-01T00:00:00Z', endDate: null, catchup: false };
const NOW = Date.parse('2026-01-10T12:00:00Z');
const mark = Date.parse('2026-01-10T03:00:00Z');
const plan = (payload: ReschedulePayload, skipUntil: number | null = null) =>
  planReschedule(daily, schedule, { mark, skipUntil }, payload, NOW);
const days = (runs: readonly { logicalDate: Date }[]) =>
  runs.map(({ logicalDate }) => logicalDate.getUTCDate());

describe('a reschedule', () => {
  it.each<[string, ReschedulePayload, skipped: number[], runsNow: number | null, next: number | null]>([
    ['skips one', { skip: 1 }, [11], null, 12],
    ['skips three', { skip: 3 }, [11, 12, 13], null, 14],
    ['skips to a day', { skipTo: '2026-01-14T00:00:00Z' }, [11, 12, 13], null, 14],
    ['skips to a tick, which is run', { skipTo: '2026-01-13T03:00:00Z' }, [11, 12], null, 13],
    ['skips to the past: nothing', { skipTo: '2026-01-02T00:00:00Z' }, [], null, 11],
    ['runs the next now', { runNow: true }, [], 11, 12],
  ])('%s', (_name, payload, skipped, runsNow, next) => {
    const done = plan(payload);
    expect(days(done.skipped)).toEqual(skipped);
    expect(done.now?.logicalDate.getUTCDate() ?? null).toBe(runsNow);
    expect(done.next?.logicalDate.getUTCDate() ?? null).toBe(next);
  });

  it('adds to the one before, and an earlier instant takes it back', () => {
    const first = plan({ skip: 2 });
    expect(days(plan({ skip: 1 }, first.skipUntil).skipped)).toEqual([13]);
    expect(days([plan({ skipTo: '2026-01-10T12:00:00Z' }, first.skipUntil).next!])).toEqual([11]);
  });

  it.each<[string, ReschedulePayload, RegExp]>([
    ['nothing', {}, /exactly one of skip, skipTo and runNow/],
    ['two ways', { skip: 1, runNow: true }, /exactly one/],
    ['no runs', { skip: 0 }, /whole number from 1/],
    ['half a run', { skip: 1.5 }, /whole number from 1/],
    ['no date', { skipTo: 'soon' }, /ISO 8601 instant, got "soon"/],
    ['thirty years', { skipTo: '2056-01-01T00:00:00Z' }, /more than 10000 runs: pause/],
  ])('refuses %s', (_name, payload, message) => {
    expect(() => plan(payload)).toThrow(message);
  });

  it.each<[string, ReschedulePayload, runsNow: boolean]>([
    ['skipping the only run of @once', { skip: 1 }, false],
    ['making it now', { runNow: true }, true],
  ])('%s leaves none', (_what, payload, runsNow) => {
    const once = planReschedule(new OnceTimetable(), schedule, { mark: null, skipUntil: null }, payload, NOW);
    expect([once.now !== null, once.next]).toEqual([runsNow, null]);
    const { mark: moved, skipUntil } = once;
    expect(nextTick(new OnceTimetable(), schedule, { mark: moved, skipUntil }, NOW)).toBeNull();
  });

  it('refuses a schedule without a run', () => {
    expect(() =>
      planReschedule(new OnceTimetable(), schedule, { mark, skipUntil: null }, { skip: 1 }, NOW),
    ).toThrow(/has no run any more/);
  });
});
