import { expect, it } from 'vitest';
import { NullTimetable } from './null-timetable.ts';

it('never runs by itself; a run by hand has an empty interval', () => {
  const none = new NullTimetable();
  const at = new Date('2026-03-29T01:30Z');
  expect(none.nextRun()).toBeNull();
  expect([...none.runsBetween()]).toEqual([]);
  expect(none.manualInterval(at)).toEqual({ start: at, end: at });
});
