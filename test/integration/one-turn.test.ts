import type { Intent } from '@tsflow/core/intents';
import type { RunRequest, TaskOutcome } from '@tsflow/core/rules';
import { describe, expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';

/**
 * What meets in one turn, or in a turn that failed. Each of these froze a DAG, since the turn failed again and again or nobody looked
 * again; the harness complains of a turn that fails.
 */
const success: TaskOutcome = { kind: 'success', xcoms: { return_value: [1, 2] } };
const succeeds: Script = () => success;
const never: Script = () => null;
const daily = { timetable: { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' } } as const;
const LIST_AND_ONE = {
  kind: 'concat',
  of: [
    { kind: 'output', taskId: 'list', key: 'return_value' },
    { kind: 'literal', length: 1 },
  ],
} as const;
const day = (date: number) => `2026-01-0${date}T00:00:00Z`;

function etl(tasks: Record<string, TaskSpec>, dag: Parameters<typeof serializedDag>[2] = {}) {
  return serializedDag('etl', tasks, dag);
}

/** Asks for several things, lets something happen, and has one turn deal with all of it. */
async function atOnce(
  tsflow: SchedulerHarness,
  intents: readonly (Intent | { readonly kind: 'request_run'; readonly payload: RunRequest })[],
  act = () => {},
): Promise<void> {
  for (const { kind, payload } of intents) {
    const request = { dagId: 'etl', kind, payload: JSON.stringify(payload), actor: 'ann' };
    await tsflow.store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
  }
  act();
  tsflow.scheduler.ping('intents');
}

const backfill = (from: number, to: number, options: object = {}): Intent => ({
  kind: 'backfill',
  payload: {
    start: day(from),
    end: day(to),
    reprocess: 'none',
    reverse: false,
    maxActiveRuns: 4,
    conf: {},
    ...options,
  },
});
const clear = (runId: string, choice: object = {}): Intent => ({
  kind: 'clear',
  payload: { runId, ...choice },
});
const trigger = (runId: string): Intent => ({ kind: 'trigger', payload: { runId, conf: {} } });
const pause = (isPaused: boolean): Intent => ({ kind: 'pause', payload: { isPaused } });

// What is decided does not depend on the database; on PostgreSQL a question is heard at once, so that things do not meet.
describe.each(['sqlite'] as const)('one turn on %s', (dialect) => {
  const start = (dag: ReturnType<typeof etl>, script: Script = succeeds) =>
    SchedulerHarness.start(dialect, [dag], script);

  it('ends a task that asks to be called again while somebody kills it', async () => {
    await using tsflow = await start(etl({ load: {} }), never);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'load', 'running');
    const [workload] = tsflow.executor.running;
    await atOnce(tsflow, [{ kind: 'kill', payload: { runId: 'one', taskIds: ['load'] } }], () =>
      tsflow.executor.finish(workload!, { kind: 'reschedule', atMs: Date.now() + 20, savedState: null }),
    );
    await tsflow.runIs('etl', 'one', 'failed');
  });

  it('makes one run when two people trigger it under the same id', async () => {
    await using tsflow = await start(etl({ load: {} }));
    await atOnce(tsflow, [trigger('one'), trigger('one')]);
    await tsflow.runIs('etl', 'one', 'success');
    const events = await until('both are decided', async () => {
      const decided = (await tsflow.events()).filter(({ type }) => type.startsWith('intent_'));
      return decided.length === 2 && decided;
    });
    expect(events.map(({ type }) => type).sort()).toEqual(['intent_applied', 'intent_refused']);
  });

  it('makes one run of a day of which a task made sure while somebody asks for it ahead of its time', async () => {
    await using tsflow = await start(etl({ load: {} }, { ...daily, startDate: '2990-01-01T00:00:00Z' }));
    const wait = { kind: 'run', dagId: 'etl', how: 'ensure', conf: {}, waitForCompletion: false } as const;
    const ensured = { ...wait, runId: 'ensured', logicalDate: '2990-01-01T00:00:00.000Z' };
    const by = { waiter: 'etl', attemptId: 0, grantNumber: 1, requestedBy: 'task:other/t/one' };
    const request: RunRequest = { ...ensured, ...by, allowedStates: ['success'], failedStates: [] };
    await atOnce(tsflow, [
      { kind: 'request_run', payload: request },
      { kind: 'reschedule', payload: { runNow: true } },
    ]);
    await tsflow.runIs('etl', 'ensured', 'success');
    const runs = await tsflow.store.db.selectFrom('dagRun').select('slot').execute();
    expect(runs).toHaveLength(1);
  });

  it('runs a day once that a backfill and a person clear', async () => {
    await using tsflow = await start(etl({ load: {} }, daily));
    await tsflow.ask('etl', backfill(1, 1));
    const runId = `backfill__${day(1)}`;
    await tsflow.runIs('etl', runId, 'success');
    await atOnce(tsflow, [backfill(1, 1, { reprocess: 'completed' }), clear(runId)]);
    await until('it ran again', async () => (await tsflow.tasks('etl', runId)).load!.tryNumber >= 2);
    await tsflow.runIs('etl', runId, 'success');
  });

  it('starts the next run when one ends in the turn in which it starts', async () => {
    await using tsflow = await start(etl({ load: { nothingToDo: true } }, { maxActiveRuns: 1 }));
    await tsflow.ask('etl', pause(true));
    for (const runId of ['one', 'two', 'three']) await tsflow.ask('etl', trigger(runId));
    await tsflow.ask('etl', pause(false));
    for (const runId of ['one', 'two', 'three']) await tsflow.runIs('etl', runId, 'success');
  });

  it('runs a run again that ends while somebody clears it, behind one that waits', async () => {
    await using tsflow = await start(etl({ load: {} }, { maxActiveRuns: 1 }), never);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'load', 'running');
    await tsflow.ask('etl', trigger('two'));
    const finish = () => tsflow.executor.finish(tsflow.executor.running[0]!, success);
    await atOnce(tsflow, [clear('one')], finish);
    await tsflow.taskIs('etl', 'two', 'load', 'running');
    finish();
    await tsflow.taskIs('etl', 'one', 'load', 'running');
    finish();
    await tsflow.runIs('etl', 'one', 'success');
  });

  it('takes a report again that it has, from another scheduler', async () => {
    await using tsflow = await start(etl({ load: {} }), never);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'load', 'running');
    const [workload] = tsflow.executor.running;
    const later = { kind: 'reschedule', atMs: Date.now() + 3_600_000, savedState: null } as const;
    tsflow.executor.finish(workload!, later);
    await tsflow.taskIs('etl', 'one', 'load', 'up_for_reschedule');
    const { attemptId, grantNumber } = workload!;
    const at = Date.now();
    const log = { segment: 's', start: 0, end: 0 };
    const who = { runnerId: 'r', host: 'h', pid: 1 };
    const report = {
      attemptId,
      grantNumber,
      startedAtMs: at,
      endedAtMs: at,
      outcome: later,
      rendered: null,
      log,
      ...who,
    };
    const id = await tsflow.store.intents.submit({
      dagId: 'etl',
      kind: 'report',
      payload: JSON.stringify({ kind: 'outcome', report }),
      actor: 'scheduler',
      requestedAt: at,
      idempotencyKey: 'report:again',
    });
    tsflow.scheduler.ping('intents');
    await until('it is taken', async () => (await tsflow.store.intents.get(id))?.state === 'applied');
    expect((await tsflow.states('etl', 'one')).load).toBe('up_for_reschedule');
  });

  it('lets those in line go by the version that a clear gave them', async () => {
    const tasks = { a: {}, b: { priorityWeight: 3 }, c: { priorityWeight: 2 } };
    await using tsflow = await start(etl(tasks, { maxActiveTasks: 1 }), never);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'b', 'running');
    await tsflow.record(etl({ ...tasks, c: { priorityWeight: 9, pool: 'none_yet' } }, { maxActiveTasks: 1 }));
    await tsflow.ask('etl', clear('one', { taskIds: ['b'] }));
    const finished: string[] = [];
    while (finished.length < 2) {
      const workload = await until('one runs', () => tsflow.executor.running[0]);
      finished.push(workload.taskId);
      tsflow.executor.finish(workload, { kind: 'success', xcoms: {} });
    }
    expect(finished.sort()).toEqual(['a', 'b']);
    expect((await tsflow.states('etl', 'one')).c).toBe('scheduled');
  });

  it('ends a run whose waiting task a clear takes out with the newest version, only when all has run again', async () => {
    await using tsflow = await start(etl({ a: {}, b: {} }), ({ taskId, tryNumber }) => {
      if (taskId === 'b') return { kind: 'reschedule', atMs: Date.now() + 3_600_000, savedState: null };
      return tryNumber === 1 ? { kind: 'success', xcoms: {} } : null;
    });
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'b', 'up_for_reschedule');
    await tsflow.taskIs('etl', 'one', 'a', 'success');
    await tsflow.record(etl({ a: {} }));
    await tsflow.ask('etl', clear('one', { taskIds: ['a'] }));
    await tsflow.taskIs('etl', 'one', 'a', 'running');
    const ends = (await tsflow.events()).filter(
      ({ type, toState }) => type === 'run_state' && toState === 'success',
    );
    expect(ends).toEqual([]);
    tsflow.executor.finish(tsflow.executor.running.find(({ taskId }) => taskId === 'a')!, success);
    await tsflow.runIs('etl', 'one', 'success');
  });

  it('forgets a retry of a task that a clear takes out with the newest version', async () => {
    const tasks = { a: {}, b: { retries: 1, retryDelayMs: 500 } };
    await using tsflow = await start(etl(tasks), ({ taskId, tryNumber }) => {
      if (taskId === 'b') return { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true };
      return tryNumber === 1 ? { kind: 'success', xcoms: {} } : null;
    });
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'b', 'up_for_retry');
    const dueAt = Date.now() + 500;
    await tsflow.taskIs('etl', 'one', 'a', 'success');
    await tsflow.record(etl({ a: {} }));
    await tsflow.ask('etl', clear('one', { taskIds: ['a'] }));
    await tsflow.taskIs('etl', 'one', 'a', 'running');
    await until('it would have been tried again', () => Date.now() > dueAt);
    tsflow.executor.finish(tsflow.executor.running[0]!, success);
    await tsflow.runIs('etl', 'one', 'success');
    expect((await tsflow.states('etl', 'one')).b).toBe('removed');
  });

  it('ends a run only after a task that a clear took out while it ran, also over a restart', async () => {
    await using tsflow = await start(etl({ a: {}, b: { onKill: true } }), never);
    await tsflow.ask('etl', trigger('one'));
    await tsflow.taskIs('etl', 'one', 'b', 'running');
    const finish = () =>
      tsflow.executor.finish(tsflow.executor.running.find(({ taskId }) => taskId === 'a')!, {
        kind: 'success',
        xcoms: {},
      });
    finish();
    await tsflow.taskIs('etl', 'one', 'a', 'success');
    await tsflow.record(etl({ a: {} }));
    const b = tsflow.executor.running.find(({ taskId }) => taskId === 'b')!;
    // Its process takes its time to end.
    tsflow.executor.cancel = () => undefined;
    await tsflow.ask('etl', clear('one', { taskIds: ['a'] }));
    await tsflow.taskIs('etl', 'one', 'a', 'running');
    finish();
    await tsflow.taskIs('etl', 'one', 'a', 'success');
    expect(await tsflow.states('etl', 'one')).toEqual({ a: 'success', b: 'restarting' });
    await tsflow.restart();
    tsflow.executor.lose(b, 'ended');
    const onKill = await until('its onKill runs', () =>
      tsflow.executor.running.find(({ kind }) => kind === 'on_kill'),
    );
    await tsflow.runIs('etl', 'one', 'running');
    tsflow.executor.finish(onKill, { kind: 'success', xcoms: {} });
    await tsflow.runIs('etl', 'one', 'success');
    expect(await tsflow.states('etl', 'one')).toEqual({ a: 'success', b: 'removed' });
    expect(await audit(tsflow.store)).toEqual([]);
  });

  it('forgets how long a wait has patience whose trigger is lost', async () => {
    const patience = 600;
    await using tsflow = await start(etl({ load: {}, other: {} }), ({ taskId, kind, infraNumber }) => {
      if (infraNumber > 0) return success;
      if (kind === 'trigger' || taskId === 'other') return null;
      const on = { kind: 'trigger', type: 'Simulated', args: {} } as const;
      const timeoutAt = Date.now() + patience;
      const deferral = { on, timeoutAt, onTimeout: 'fail', after: 'end' } as const;
      return { kind: 'defer', deferral, savedState: null };
    });
    await tsflow.ask('etl', trigger('one'));
    const waiting = await until('it waits', () =>
      tsflow.executor.running.find(({ kind }) => kind === 'trigger'),
    );
    const overAt = Date.now() + patience;
    tsflow.executor.lose(waiting, 'killed by signal 9');
    await tsflow.taskIs('etl', 'one', 'load', 'success');
    await until('its patience would be over', () => Date.now() > overAt + 50);
    tsflow.executor.finish(tsflow.executor.running[0]!, success);
    await tsflow.runIs('etl', 'one', 'success');
  });

  it('fails an instance in words whose list was cleared away under it', async () => {
    const tasks: Record<string, TaskSpec> = {
      list: {},
      each: {
        upstream: ['list'],
        retries: 5,
        retryDelayMs: 10,
        expand: { arguments: [{ name: 'x', list: LIST_AND_ONE }] },
      },
    };
    await using tsflow = await start(etl(tasks), ({ taskId, tryNumber }) =>
      taskId === 'list' && tryNumber === 1 ? success : null,
    );
    await tsflow.ask('etl', trigger('one'));
    await until('all three run', () => tsflow.executor.running.length === 3);
    const last = tsflow.executor.running.find(({ mapPath }) => mapPath === '2');
    await tsflow.ask('etl', clear('one', { taskIds: ['list'] }));
    tsflow.executor.lose(last!, 'killed by signal 9');
    await until('it was given up', async () =>
      (await tsflow.store.db.selectFrom('attempt').selectAll().execute()).some(({ error }) =>
        error?.includes('list'),
      ),
    );
  });

  it('fails a wait in words when what came of it is nothing to be mapped over', async () => {
    const tasks: Record<string, TaskSpec> = {
      wait: { wait: { kind: 'delta', ms: 0, from: 'runStart' }, retries: 1, retryDelayMs: 10 },
      each: {
        upstream: ['wait'],
        expand: { arguments: [{ name: 'x', list: { kind: 'output', taskId: 'wait', key: 'return_value' } }] },
      },
    };
    await using tsflow = await start(etl(tasks));
    await tsflow.ask('etl', trigger('one'));
    await tsflow.runIs('etl', 'one', 'failed');
    const { wait } = await tsflow.tasks('etl', 'one');
    expect([wait!.state, wait!.tryNumber]).toEqual(['failed', 2]);
    expect(wait!.reason).toContain('mapped over');
  });

  it('takes DAGs again whose load failed half-way', async () => {
    let failures = 1;
    await using tsflow = await SchedulerHarness.start(dialect, [etl({ load: {} })], succeeds, (store) => {
      const catalog = new Proxy(store.catalog, {
        get: (port, name) => {
          const value: unknown = Reflect.get(port, name, port);
          if (name === 'version' && failures-- > 0) return () => Promise.reject(new Error('unreachable'));
          return typeof value === 'function' ? value.bind(port) : value;
        },
      });
      return new Proxy(store, {
        get: (port, name) => {
          const value: unknown = name === 'catalog' ? catalog : Reflect.get(port, name, port);
          return typeof value === 'function' ? value.bind(port) : value;
        },
      });
    });
    await tsflow.ask('etl', trigger('one'));
    await tsflow.runIs('etl', 'one', 'success');
    expect(tsflow.problems.splice(0)).toHaveLength(1);
  });
});

describe.each(['sqlite'] as const)('runs that depend on their past, on %s', (dialect) => {
  const failsOn =
    (runId: string): Script =>
    (workload) =>
      workload.runId === runId && workload.taskId === 'load' && workload.tryNumber === 1
        ? { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false }
        : { kind: 'success', xcoms: {} };
  const [first, second] = [`backfill__${day(1)}`, `backfill__${day(2)}`];
  const past = (tasks: Record<string, TaskSpec>, dag = {}) => etl(tasks, { ...daily, ...dag });

  it('still wait for it, and go on with it, after the scheduler was started anew', async () => {
    await using tsflow = await SchedulerHarness.start(
      dialect,
      [past({ load: { dependsOnPast: true } })],
      failsOn(first),
    );
    await tsflow.ask('etl', backfill(1, 2, { reprocess: 'failed' }));
    await tsflow.runIs('etl', first, 'failed');
    await tsflow.runIs('etl', second, 'running');
    await tsflow.restart();
    await tsflow.ask('etl', clear(first));
    await tsflow.runIs('etl', second, 'success');
  });

  it('give way to an earlier one that was cleared while they hold every place', async () => {
    const dag = past({ gate: {}, load: { upstream: ['gate'], dependsOnPast: true } });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], failsOn(first));
    await tsflow.ask('etl', backfill(1, 2, { reprocess: 'failed', maxActiveRuns: 1 }));
    await tsflow.runIs('etl', first, 'failed');
    await tsflow.taskIs('etl', second, 'gate', 'success');
    await tsflow.ask('etl', clear(first));
    await tsflow.runIs('etl', first, 'success');
    await tsflow.runIs('etl', second, 'success');
  });

  it('wait no longer for a task that a clear took out of the run before', async () => {
    const dag = past({ gate: {}, load: { upstream: ['gate'], dependsOnPast: true } });
    const script: Script = (workload) => (workload.runId === first ? null : succeeds(workload));
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.ask('etl', backfill(1, 2, { reprocess: 'failed' }));
    await tsflow.taskIs('etl', first, 'gate', 'running');
    await tsflow.taskIs('etl', second, 'gate', 'success');
    await tsflow.record(past({ gate: {} }));
    await tsflow.ask('etl', clear(first, { taskIds: ['gate'] }));
    await tsflow.runIs('etl', second, 'success');
  });

  it('can be cleared though they were killed before they began', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [past({ load: {} })], succeeds);
    await tsflow.ask('etl', pause(true));
    await tsflow.ask('etl', trigger('one'));
    await tsflow.ask('etl', { kind: 'kill', payload: { runId: 'one' } });
    await tsflow.runIs('etl', 'one', 'failed');
    await tsflow.ask('etl', clear('one'));
    await tsflow.runIs('etl', 'one', 'queued');
    await tsflow.ask('etl', pause(false));
    await tsflow.runIs('etl', 'one', 'success');
  });
});
