import { listDeadlines, listOpenDeadlines, reportDeadlines } from '@tsflow/core/queries';
import type { DagRunTable, Store, TaskInstanceTable } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

/** What became of a deadline is said in three places: on the page of its run, in the list of those that are open, and in the report. */

const M = 60_000;
const TEN = Date.parse('2026-03-02T10:00:00Z');
const NINE = TEN - 60 * M;

interface Case {
  readonly run: Partial<DagRunTable>;
  readonly load?: Partial<TaskInstanceTable>;
  /** Somebody was told that `load` was late. */
  readonly wasMissed?: boolean;
  readonly now: number;
}

const failed = { state: 'failed', endDate: NINE + 5 * M };
const done = (at: number) => ({ state: 'success', endDate: at });
const running = { state: 'running', endDate: null };

/** Of the task `load` and of the run, both by ten o'clock: null when it has none. */
const cases: [what: string, given: Case, load: string | null, run: string | null][] = [
  ['there is still time', { run: running, load: running, now: TEN - 1 }, 'waiting', 'waiting'],
  ['the task was done in time', { run: running, load: done(NINE + M), now: NINE + 2 * M }, 'met', 'waiting'],
  ['all was done in time', { run: done(NINE + 2 * M), load: done(NINE + M), now: TEN + M }, 'met', 'met'],
  ['the run failed in time', { run: failed, load: failed, now: NINE + 6 * M }, 'missed', 'missed'],
  [
    'the run failed in time, after the task was done',
    { run: failed, load: done(NINE + M), now: TEN + M },
    'met',
    'missed',
  ],
  ['it is late, and nobody could tell', { run: running, load: running, now: TEN + M }, 'missed', 'missed'],
  [
    'it is late, and was told of',
    { run: running, load: running, wasMissed: true, now: TEN + M },
    'missed',
    'missed',
  ],
  [
    'it was done late, and nobody could tell',
    { run: done(TEN + 2 * M), load: done(TEN + M), now: TEN + 3 * M },
    'missed',
    'missed',
  ],
  [
    'it was done in time, and once more after it was cleared',
    { run: { ...done(TEN + 2 * M), clearNumber: 1 }, load: done(TEN + M), now: TEN + 3 * M },
    'met',
    'met',
  ],
  [
    'the run is about another task, and goes on',
    { run: { ...running, taskIds: '["extract"]' }, now: TEN - M },
    null,
    'waiting',
  ],
  [
    'the run is about another task, and was done',
    { run: { ...done(NINE + M), taskIds: '["extract"]' }, now: TEN + M },
    null,
    'met',
  ],
  [
    'the run is about this task alone',
    { run: { ...done(NINE + M), taskIds: '["load"]' }, load: done(NINE + M), now: TEN + M },
    'met',
    'met',
  ],
];

const KEY = 1_000;
const deadline = { by: '10:00', withinMs: null, callback: false };
const dag = serializedDag(
  'mart',
  { extract: {}, load: { upstream: ['extract'] } },
  {
    deadlines: [
      { ...deadline, name: 'loaded', taskId: 'load' },
      { ...deadline, name: 'whole', taskId: null },
    ],
  },
);

async function seed(store: Store, { run, load, wasMissed = false }: Case, key = KEY): Promise<void> {
  const file = parsedFile('mart.ts', dag);
  await store.catalog.record({ at: NINE, parsed: [file], failed: [], removed: [] });
  const { version } = file.dags[0]!;
  const due = { dagId: 'mart', version, runId: `run ${key}`, runType: 'scheduled' };
  const at = { slot: key, logicalDate: key, dataIntervalEnd: NINE, queuedAt: NINE, startDate: NINE };
  await store.db
    .insertInto('dagRun')
    .values(runRow(key, { ...due, ...at, ...run }))
    .execute();
  const instance = { dagId: 'mart', taskId: 'load', ...load };
  if (load !== undefined)
    await store.db
      .insertInto('taskInstance')
      .values(taskRow(10_000 + key, key, instance))
      .execute();
  if (!wasMissed) return;
  const miss = { runKey: key, dagId: 'mart', dueAt: TEN, missedAt: TEN + 5 };
  await store.db
    .insertInto('deadlineMiss')
    .values([
      { ...miss, name: 'loaded', taskId: 'load' },
      { ...miss, name: 'whole', taskId: null },
    ])
    .execute();
}

describe.each(DATABASES)('what became of a deadline, on %s', (dialect) => {
  it('is the same on the page of the run, among the open ones and in the report', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    for (const [what, given, load, run] of cases) {
      await store.db.deleteFrom('deadlineMiss').execute();
      await store.db.deleteFrom('taskInstance').execute();
      await store.db.deleteFrom('dagRun').execute();
      await seed(store, given);
      const { now } = given;
      const expected = Object.fromEntries(
        [
          ['loaded', load],
          ['whole', run],
        ].filter(([, state]) => state !== null),
      );
      const listed = await listDeadlines(store, { dagId: 'mart', runId: `run ${KEY}` }, now);
      expect(Object.fromEntries(listed.map(({ name, state }) => [name, state])), what).toEqual(expected);
      const open = await listOpenDeadlines(store, { now });
      expect(open, what).toEqual(given.run.state === 'running' ? listed : []);
      const rows = await reportDeadlines(store, { from: NINE, until: TEN + 1, by: 'all' }, now);
      const reported = rows.map(({ name, met }) => [name, met === 1 ? 'met' : 'missed']);
      const decided = Object.entries(expected).filter(([, state]) => state !== 'waiting');
      expect(reported, what).toEqual(decided);
    }
  });

  it('is told of the oldest runs where too many are open', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await seed(store, { run: { ...running, state: 'queued' }, now: NINE }, 5_000);
    await seed(store, { run: { ...running, state: 'queued' }, now: NINE }, 900);
    await store.db
      .insertInto('dagRun')
      .values(
        Array.from({ length: 999 }, (_, index) =>
          runRow(1_000 + index, {
            dagId: 'mart',
            runId: `other ${index}`,
            version: 'none',
            state: 'running',
          }),
        ),
      )
      .execute();
    const open = await listOpenDeadlines(store, { now: NINE });
    expect(open.map(({ runId }) => runId)).toEqual(['run 900', 'run 900']);
  });
});
