import { expect, it } from 'vitest';
import { type HorizonAge, horizonRenewAt, isHorizonDue } from './horizon-renewal.ts';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const age: HorizonAge = {
  knownFrom: 0,
  knownUntil: 2_000 * MINUTE,
  renewAt: 1_500 * MINUTE,
  computedAt: 0,
  catchup: false,
  mark: null,
  isWanted: false,
  backfill: null,
};

it.each<[why: string, age: Partial<HorizonAge>, now: number, isDue: boolean]>([
  ['before its middle', {}, NOW, false],
  ['at its middle', {}, 1_500 * MINUTE, true],
  [
    'catching up: the mark counts, not the time',
    { catchup: true, mark: 400 * MINUTE },
    1_600 * MINUTE,
    false,
  ],
  ['catching up, mark at the middle', { catchup: true, mark: 1_500 * MINUTE }, NOW, true],
  ['the end has passed', { catchup: true, mark: 400 * MINUTE }, 2_001 * MINUTE, true],
  [
    'just worked out and short all the same',
    { catchup: true, computedAt: 2_000 * MINUTE },
    2_001 * MINUTE,
    false,
  ],
  ['the timetable has ended', { knownUntil: null, renewAt: null }, 9_000 * MINUTE, false],
  ['somebody wants a range', { isWanted: true, computedAt: NOW }, NOW, true],
  ['a backfill is inside', { backfill: { from: 0, until: NOW } }, NOW, false],
  ['a backfill begins before', { backfill: { from: -1, until: NOW } }, NOW, true],
  ['a backfill ends behind', { backfill: { from: 0, until: 2_001 * MINUTE } }, NOW, true],
  [
    'a backfill is too large, as was found a moment ago',
    { backfill: { from: -1, until: 0 }, computedAt: NOW },
    NOW,
    false,
  ],
])('%s', (_why, difference, now, isDue) => {
  expect(isHorizonDue({ ...age, ...difference }, now)).toBe(isDue);
});

it.each<[until: number | null, slots: number[], come: number, renewAt: number | null]>([
  [40, [10, 20, 30, 40], 0, 30],
  [40, [10, 20, 30, 40], 25, 40],
  [40, [10, 20, 30, 40], 40, 40], // nothing is ahead: at once
  [null, [10, 20], 0, null],
])('until %s, runs at %j, come to %i: renewed at %s', (until, slots, come, renewAt) => {
  expect(horizonRenewAt({ until, runs: slots }, come)).toBe(renewAt);
});
