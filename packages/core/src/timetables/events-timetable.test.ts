import { expect, it } from 'vitest';
import { EventsTimetable } from './events-timetable.ts';

const at = (text: string) => new Date(`${text}Z`);
const events = new EventsTimetable(
  [at('2026-03-29T01:30'), at('2026-03-28T01:30'), at('2026-03-30T00:30'), at('2026-03-28T01:30')],
  { description: 'opening of the market' },
);

it('runs across a DST change: as they are written, sorted, each once', () => {
  const runs = [...events.runsBetween(at('2026-03-28T01:30'), at('2026-03-30T00:30'))];
  expect(runs.map(({ dataInterval }) => [dataInterval.start, dataInterval.end])).toEqual([
    [at('2026-03-28T01:30'), at('2026-03-28T01:30')],
    [at('2026-03-28T01:30'), at('2026-03-29T01:30')],
    [at('2026-03-29T01:30'), at('2026-03-30T00:30')],
  ]);
});

it('ends after the last', () => {
  const restriction = { earliest: null, latest: null, catchup: true, now: at('2026-04-01T00:00') };
  expect(events.nextRun(at('2026-03-30T00:30'), restriction)).toBeNull();
});

it('a run by hand before the first has an empty interval', () => {
  const early = at('2026-01-01T00:00');
  expect(events.manualInterval(early)).toEqual({ start: early, end: early });
});

it('says how many there are, and refuses what is no date', () => {
  expect(events.describe()).toBe('opening of the market (3 written dates)');
  expect(() => new EventsTimetable([new Date('nonsense')])).toThrow('event 1 is not a valid Date');
  expect(() => new EventsTimetable(['2026-01-01'] as never)).toThrow(
    'event 1 is not a valid Date: write new Date(',
  );
});
