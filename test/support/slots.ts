import type { SerializedDag } from '@tsflow/core/serialization';
import { expect } from 'vitest';
import { type SchedulerHarness, until } from './scheduler-harness.ts';
import { serializedDag, type TaskSpec } from './serialized-dag.ts';

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
