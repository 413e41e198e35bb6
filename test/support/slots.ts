import type { SerializedDag } from '@tsflow/core/serialization';
import { expect } from 'vitest';
import { SchedulerHarness, until } from './scheduler-harness.ts';
import { serializedDag, type TaskSpec } from './serialized-dag.ts';
import type { DATABASES } from './store.ts';

/** For tests of what may be active at once: tasks that go on until the test ends them, and who has a slot. */

export const names = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);
export const tasks = (count: number, spec: (index: number) => TaskSpec) =>
  Object.fromEntries(names(count).map((name, i) => [name, spec(i)]));

/** Tasks that run until the test ends them. */
export const endless = () => null;
export const success = { kind: 'success', xcoms: {} } as const;

export const running = (tsflow: SchedulerHarness) =>
  tsflow.executor.running.map(({ dagId, taskId }) => `${dagId}.${taskId}`).sort();

/** Waits until exactly `count` run, and shows that no more come: everything that was triggered has been decided by then. */
export async function runningIs(tsflow: SchedulerHarness, count: number): Promise<readonly string[]> {
  await until(`${count} tasks run`, async () => tsflow.executor.running.length === count);
  await tsflow.setVariable('nothing', Math.random());
  await until('the change was seen', async () => (await tsflow.store.variables.get('nothing')) !== null);
  expect(tsflow.executor.running.length).toBe(count);
  return running(tsflow);
}

export function endOne(tsflow: SchedulerHarness): void {
  tsflow.executor.finish(tsflow.executor.running[0]!, success);
}

export const wide = (dagId: string, specs: Record<string, TaskSpec>, dag: Partial<SerializedDag> = {}) =>
  serializedDag(dagId, specs, { maxActiveTasks: 100, ...dag });

export function setPool(
  { store, scheduler }: SchedulerHarness,
  name: string,
  slots: number,
  includeDeferred = false,
): Promise<void> {
  return store.pools
    .set({ name, slots, includeDeferred, actor: 'ann', at: Date.now() })
    .then(() => scheduler.ping('variables'));
}

/** A line of a table of limits: of all that is triggered so much runs at once. */
export interface LimitRow {
  readonly name: string;
  readonly dags: readonly SerializedDag[];
  readonly pools?: Record<string, number>;
  readonly runs?: number;
  readonly expected: number;
  /** Something of it never gets a slot. */
  readonly waits?: boolean;
}

/** Shows that so many run at once and no more, and that everything gets its turn. */
export async function playLimit(
  dialect: (typeof DATABASES)[number],
  { dags, pools = {}, runs = 1, expected, waits = false }: LimitRow,
): Promise<void> {
  let isHeld = true;
  await using tsflow = await SchedulerHarness.start(dialect, dags, () => (isHeld ? null : success));
  for (const [name, slots] of Object.entries(pools)) await setPool(tsflow, name, slots);
  const started: [string, string][] = [];
  for (const { dagId } of dags)
    for (let i = 0; i < runs; i++) started.push([dagId, await tsflow.trigger(dagId)]);
  await runningIs(tsflow, expected);
  isHeld = false;
  for (const workload of [...tsflow.executor.running]) tsflow.executor.finish(workload, success);
  if (waits) return;
  for (const [dagId, runId] of started) await tsflow.runIs(dagId, runId, 'success');
  expect((await tsflow.store.turns.counters()).get('parallelism')).toBe(0);
}
