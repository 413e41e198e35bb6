import { describe, expect, it } from 'vitest';
import { zonedDay } from '../../timetables/index.ts';
import {
  type DeadlineFacts,
  type DeadlineOutcome,
  deadlineOutcome,
  deadlineReport,
  type ReportPeriod,
} from './deadline-report.ts';

const DUE = Date.parse('2026-03-02T01:00:00Z');
const M = 60_000;
const facts = (changes: Partial<DeadlineFacts>): DeadlineFacts => ({
  dueAt: DUE,
  doneAt: null,
  wasMissed: false,
  isRunOver: false,
  wasCleared: false,
  ...changes,
});

describe('a deadline', () => {
  it.each<
    [what: string, changes: Partial<DeadlineFacts>, now: number, state: string, lateness: number | null]
  >([
    ['is still to come', {}, DUE - 1, 'waiting', null],
    ['was kept', { doneAt: DUE - M, isRunOver: true }, DUE + M, 'met', -M],
    ['was kept to the instant', { doneAt: DUE }, DUE, 'met', 0],
    ['was not kept, and it was done later', { doneAt: DUE + M, wasMissed: true }, DUE + 2 * M, 'missed', M],
    ['passed while it goes on', { wasMissed: true }, DUE + M, 'missed', null],
    ['passed while no scheduler ran', { doneAt: DUE + M, isRunOver: true }, DUE + 2 * M, 'missed', M],
    ['passed, and nobody was told yet', {}, DUE, 'missed', null],
    ['is out of reach: the run has failed', { isRunOver: true }, DUE - M, 'missed', null],
    [
      'was kept, before a person ran it again',
      { doneAt: DUE + M, wasCleared: true },
      DUE + 2 * M,
      'met',
      null,
    ],
    [
      'was not kept, and a person ran it again',
      { doneAt: DUE + M, wasMissed: true, wasCleared: true },
      DUE + 2 * M,
      'missed',
      M,
    ],
  ])('%s', (_what, changes, now, state, latenessMs) => {
    expect(deadlineOutcome(facts(changes), now)).toEqual({ state, latenessMs });
  });
});

describe('the report', () => {
  const timezone = 'Asia/Tokyo';
  const outcome = (due: string, lateness: number | null, changes: Partial<DeadlineOutcome> = {}) => ({
    dagId: 'etl',
    name: 'published',
    taskId: null,
    timezone,
    dueAt: Date.parse(due),
    state: lateness !== null && lateness <= 0 ? ('met' as const) : ('missed' as const),
    latenessMs: lateness,
    ...changes,
  });

  it.each<[by: ReportPeriod, periods: readonly (string | null)[]]>([
    ['day', ['2026-02-28', '2026-03-01', '2026-03-02']],
    // In Tokyo 16:00 UTC on Sunday is Monday.
    ['week', ['2026-02-23', '2026-03-02']],
    ['month', ['2026-02-01', '2026-03-01']],
    ['all', [null]],
  ])('by %s', (by, periods) => {
    const outcomes = ['2026-02-28T01:00:00Z', '2026-03-01T01:00:00Z', '2026-03-01T16:00:00Z'].map((due) =>
      outcome(due, 0),
    );
    expect(deadlineReport(outcomes, by, zonedDay).map(({ period }) => period)).toEqual(periods);
  });

  it('counts, and says by how much', () => {
    const lateness = [-9, -8, -7, -6, -5, -4, -3, -2, 4, 30].map((minutes) => minutes * M);
    const outcomes = [
      ...lateness.map((ms) => outcome('2026-03-02T01:00:00Z', ms)),
      outcome('2026-03-02T01:00:00Z', null),
      outcome('2026-03-02T01:00:00Z', null, { state: 'waiting' }),
      outcome('2026-03-02T01:00:00Z', null, { state: 'met', name: 'again' }),
    ];
    expect(deadlineReport(outcomes, 'week', zonedDay)).toEqual([
      {
        dagId: 'etl',
        name: 'again',
        taskId: null,
        period: '2026-03-02',
        met: 1,
        missed: 0,
        neverDone: 0,
        metShare: 1,
        p50Ms: null,
        p90Ms: null,
        maxMs: null,
      },
      {
        dagId: 'etl',
        name: 'published',
        taskId: null,
        period: '2026-03-02',
        met: 8,
        missed: 3,
        neverDone: 1,
        metShare: 8 / 11,
        p50Ms: -5 * M,
        p90Ms: 4 * M,
        maxMs: 30 * M,
      },
    ]);
  });
});
