import type { ParamsSchema } from '@tsflow/core';
import type { DAG } from '@tsflow/core/dag';
import type { DagTest } from './dag-test.ts';
import type { DagsTestOptions, DagTestOptions, RunOptions } from './dag-test-options.ts';
import { DagsTest, type TestedDag } from './dags-test.ts';
import type { RunReport } from './run-report.ts';

/**
 * Runs a whole DAG once, in this process and under a virtual clock, and tells what became of it. The run is made by the code that makes it
 * in production - scheduler, rules, rendering, executor - on a database in memory; only the waiting is left out.
 *
 * ```ts
 * const run = await runDag(dag, { logicalDate: '2026-03-01', tasks: { extract: returns(rows), load: fails(1) } });
 * run.assertSucceeded();
 * expect(run.output(dag.exports.report)).toBe(3);
 * ```
 *
 * Throws `RunStuckError` when the run cannot end, and what a trigger is refused for (params that do not fit).
 */
export async function runDag<S extends ParamsSchema | undefined>(
  dag: DAG<S, unknown>,
  { conf, logicalDate, ...options }: DagTestOptions & RunOptions<S> = {},
): Promise<RunReport> {
  await using test = await startDag(dag, { now: logicalDate, ...options });
  return await test.finished(await test.trigger({ conf, logicalDate }));
}

/**
 * A DAG under a virtual clock that the test moves: several runs, people who clear and kill, schedules, waits.
 *
 * ```ts
 * await using test = await startDag(dag, { now: '2026-01-01', schedule: true });
 * await test.advanceTo('2026-01-04');
 * expect(await test.runs()).toHaveLength(3);
 * ```
 */
export async function startDag<S extends ParamsSchema | undefined>(
  dag: DAG<S, unknown>,
  { tasks = {}, ...options }: DagTestOptions = {},
): Promise<DagTest<S>> {
  return (await DagsTest.start([dag], { ...options, tasks: { [dag.dagId]: tasks } })).of(dag);
}

/**
 * Several DAGs under one virtual clock that the test moves: what they start, wait for and tell each other - triggered runs, external
 * tasks, assets.
 *
 * ```ts
 * await using test = await startDags([load, report], { tasks: { load: { extract: returns(rows) } } });
 * await test.of(report).finished(await test.of(report).trigger());
 * expect(await test.of(load).runs()).toHaveLength(1);
 * ```
 */
export function startDags(dags: readonly TestedDag[], options: DagsTestOptions = {}): Promise<DagsTest> {
  return DagsTest.start(dags, options);
}
