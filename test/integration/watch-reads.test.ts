import type { ExternalWait } from '@tsflow/core/dag';
import type { Store } from '@tsflow/core/store';
import { expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';

const WATCHES = 20;
const TASKS = 30;
const DAY = '2026-01-05T00:00:00.000Z';

/** The same store, which tells of each question for the newest run of a stretch of time. */
function listening(store: Store, onAsked: () => void): Store {
  const turns = new Proxy(store.turns, {
    get(target, name: keyof Store['turns']) {
      if (name === 'newestRunBetween') onAsked();
      const member: unknown = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return new Proxy(store, {
    get(target, name: keyof Store) {
      if (name === 'turns') return turns;
      const member: unknown = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

it('asks the database about a watch when what it waits for has ended, not at each end in the DAG', async () => {
  const on = (taskIds: readonly string[] | null): ExternalWait => ({
    kind: 'external',
    dagId: 'load',
    taskIds,
    which: { match: 'logicalDate', deltaMs: 0 },
    allowedStates: ['success'],
    failedStates: ['failed'],
  });
  const waits = Array.from({ length: WATCHES }, (_, n) => [
    `wait${n}`,
    { wait: on(n % 2 === 0 ? null : ['last']) },
  ]);
  const chain = Array.from({ length: TASKS }, (_, n) => [
    `t${n}`,
    n === 0 ? {} : { upstream: [`t${n - 1}`] },
  ]);
  const dags = [
    serializedDag('etl', Object.fromEntries(waits)),
    serializedDag('load', { ...Object.fromEntries(chain), last: { upstream: [`t${TASKS - 1}`] } }),
  ];
  let asked = 0;
  await using tsflow = await SchedulerHarness.start(
    'sqlite',
    dags,
    ({ taskId }) => (taskId === 'last' ? null : { kind: 'success', xcoms: {} }),
    (store) => listening(store, () => (asked += 1)),
  );
  const trigger = (dagId: string) =>
    tsflow.ask(dagId, { kind: 'trigger', payload: { logicalDate: DAY, conf: {} } });
  const { runId } = await trigger('etl');
  await until('everybody watches', async () => {
    const rows = await tsflow.store.db
      .selectFrom('intent')
      .select('state')
      .where('kind', '=', 'watch')
      .execute();
    return rows.length === WATCHES && rows.every(({ state }) => state === 'applied');
  });
  asked = 0;
  const load = await trigger('load');
  const last = await until('the last task runs', () =>
    tsflow.executor.running.find(({ taskId }) => taskId === 'last'),
  );
  expect(asked).toBe(0);
  tsflow.executor.finish(last, { kind: 'success', xcoms: {} });
  await tsflow.runIs('load', load.runId as string, 'success');
  await tsflow.runIs('etl', runId as string, 'success');
  expect(asked).toBe(WATCHES);
});
