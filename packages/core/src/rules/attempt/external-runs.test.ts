import { describe, expect, it } from 'vitest';
import type { ExternalRuns } from '../../dag/wait.ts';
import { meansRun, meantAmong, meantRuns } from './external-runs.ts';

const day = (date: number) => Date.UTC(2026, 0, date);
const iso = (date: number) => new Date(day(date)).toISOString();

const RUNS = [
  { key: 4, runId: 'again', logicalDate: day(2) },
  { key: 1, runId: 'first', logicalDate: day(1) },
  { key: 2, runId: 'second', logicalDate: day(2) },
  { key: 3, runId: 'fourth', logicalDate: day(4) },
];

describe('the runs that a wait is for', () => {
  // biome-ignore format: a table
  it.each<[string, ExternalRuns, (string | null)[], string[]]>([
    // what                   which                                                       the runs               those that may be one
    ['an id',                 { match: 'run', runId: 'second' },                          ['second'],            ['second']],
    ['an id that is not',     { match: 'run', runId: 'third' },                           [null],                []],
    ['a stretch of time',     { match: 'between', from: day(1), to: day(3) },             ['again'],             ['again', 'first', 'second']],  // of one date the last made
    ['its ends included',     { match: 'between', from: day(2) + 1, to: day(4) },         ['fourth'],            ['fourth']],
    ['a time without runs',   { match: 'between', from: day(3), to: day(4) - 1 },         [null],                []],
    ['a date',                { match: 'dates', dates: [iso(1)] },                        ['first'],             ['first']],
    ['dates, each its own',   { match: 'dates', dates: [iso(4), iso(3), iso(2)] },        ['fourth', null, 'again'], ['again', 'second', 'fourth']],
  ])('%s', (_what, which, runs, candidates) => {
    expect(meantRuns(which).map((meant) => meantAmong(meant, RUNS)?.runId ?? null)).toEqual(runs);
    expect(RUNS.filter((run) => meansRun(which, run)).map(({ runId }) => runId)).toEqual(candidates);
  });

  it.each<ExternalRuns>([
    { match: 'logicalDate', deltaMs: 0 },
    { match: 'day', deltaMs: 0 },
  ])('of $match are not known before the wait is resolved', (which) => {
    expect(() => meantRuns(which)).toThrow(`A wait for the run of a ${which.match} was not resolved.`);
  });
});
