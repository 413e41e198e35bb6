import * as queries from '@tsflow/core/queries';
import type { Store } from '@tsflow/core/store';
import { type CompiledQuery, createQueryId, type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, type TestDatabase } from '../support/store.ts';

/**
 * How the reads for people find their rows on SQLite. A plan that walks a table of history without an index costs more every day;
 * here it fails on the day it is written.
 */
let database: TestDatabase;
let store: Store;
/** Explains, without being recorded. */
let planner: Store;
const sent: CompiledQuery[] = [];

beforeAll(async () => {
  database = await createDatabase('sqlite');
  const real = await database.open();
  planner = real;
  const dag = serializedDag(
    'etl',
    {},
    { timetable: { type: 'cron', expression: '0 3 * * *', timezone: 'UTC' } },
  );
  await real.catalog.record({ at: 1, parsed: [parsedFile('etl.ts', dag)], failed: [], removed: [] });
  await real.db
    .insertInto('dagRun')
    .values([runRow(1, { runId: 'one' }), runRow(2, { runId: 'two', state: 'success', endDate: 5 })])
    .execute();
  await real.db
    .insertInto('taskInstance')
    .values(taskRow(10, 1, { taskId: 'load' }))
    .execute();
  const recorder: KyselyPlugin = {
    transformQuery({ node }) {
      sent.push(real.db.getExecutor().compileQuery(node, createQueryId()));
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  store = Object.create(real, { db: { value: real.db.withPlugin(recorder) } }) as Store;
});
afterAll(() => database[Symbol.asyncDispose]());

const run = { dagId: 'etl', runId: 'one' };
const task = { ...run, taskId: 'load' };
const page = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

it.each<[string, () => Promise<unknown>]>([
  ['listDags', () => queries.listDags(store)],
  ['listDags by the state of the newest run', () => queries.listDags(store, { state: 'failed' })],
  ['listDags by newest run', () => queries.listDags(store, { order: 'lastRun' })],
  ['getDag', () => queries.getDag(store, run)],
  ['dagGrid', () => queries.dagGrid(store, run)],
  ['dagGrid before', () => queries.dagGrid(store, { ...run, before: 1e15 })],
  ['nextRuns', () => queries.nextRuns(store, { ...run, now: 1e12 })],
  ['listRuns', () => queries.listRuns(store)],
  ['listRuns that are open', () => queries.listRuns(store, { state: 'running' })],
  ['listRuns of a DAG', () => queries.listRuns(store, { dagId: 'etl', state: 'success' })],
  ['listRuns of a DAG in a range', () => queries.listRuns(store, { dagId: 'etl', from: 1, to: 2 })],
  ['getRun', () => queries.getRun(store, run)],
  ['listTaskInstances', () => queries.listTaskInstances(store, run)],
  ['getTaskInstance', () => queries.getTaskInstance(store, task)],
  ['listAttempts', () => queries.listAttempts(store, task)],
  ['listXcoms', () => queries.listXcoms(store, { ...task, attemptId: 1 })],
  ['runGantt', () => queries.runGantt(store, run)],
  ['listRunEvents', () => queries.listRunEvents(store, run)],
  ['listBackfills', () => queries.listBackfills(store, { dagId: 'etl' })],
  ['timeline', () => queries.timeline(store, { from: 1e12, to: 2e12, now: 1.5e12 })],
  ['listOpenDeadlines', () => queries.listOpenDeadlines(store, { now: 1 })],
  ['listMissedDeadlines', () => queries.listMissedDeadlines(store, { cursor: page(1, 'late') })],
  ['listAllCallbacks', () => queries.listAllCallbacks(store, { state: 'failed', cursor: page(1) })],
  ['listPoolTasks', () => queries.listPoolTasks(store, { pool: 'default_pool', limit: 100 })],
  ['infoOfSchedulers', () => queries.infoOfSchedulers(store, { now: 1 })],
])('%s walks no table of history', async (_, read) => {
  sent.length = 0;
  await read();
  expect(sent.length).toBeGreaterThan(0);
  for (const query of [...sent]) {
    const explain = sql`explain query plan ${sql.raw(withLiterals(query))}`;
    const { rows } = await explain.execute(planner.db);
    for (const { detail } of rows as { detail: string }[]) {
      expect(detail, query.sql).not.toMatch(
        /^SCAN (dag_run|newest|open|task_instance|attempt|xcom|callback|deadline_miss)(?!.* USING )/,
      );
      // Everything up to an instant is everything that ever was.
      expect(detail, query.sql).not.toMatch(/\((queued_at|logical_date)<\?\)$/);
    }
  }
});

/** The statement with its parameters written out, as the planner sees them when it peeks. */
function withLiterals({ sql: text, parameters }: CompiledQuery): string {
  let next = 0;
  return text.replaceAll('?', () => {
    const value = parameters[next++];
    return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
  });
}
