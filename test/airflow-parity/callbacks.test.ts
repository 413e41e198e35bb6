import { DAG, expand, task } from '@tsflow/core';
import { systemClock } from '@tsflow/core/clock';
import type { Intent } from '@tsflow/core/intents';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';
import type { CallbackTable } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { done, type ScriptedOutcome } from '../support/scripted-outcomes.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const skip: ScriptedOutcome = { kind: 'skipped', reason: 'nothing to do' };
const fail = (message: string, retryable = true): ScriptedOutcome => ({
  kind: 'failed',
  error: { name: 'Error', message },
  retryable,
});
const every = ['onSuccess', 'onFailure', 'onRetry', 'onSkipped'] as const;
const told: Partial<SerializedDag> = { callbacks: ['onSuccess', 'onFailure'] };

interface Row {
  readonly name: string;
  readonly tasks?: Readonly<Record<string, TaskSpec>>;
  /** Outcomes of `work`, try by try. */
  readonly tries: readonly ScriptedOutcome[];
  readonly run: 'success' | 'failed';
  /** `task:event` in the order of the outbox; the run's own without a task. */
  readonly called: readonly string[];
}

const work: TaskSpec = { callbacks: every, retryDelayMs: 1 };

const ROWS: readonly Row[] = [
  { name: 'a success', tries: [done], run: 'success', called: ['work:onSuccess', ':onSuccess'] },
  {
    name: 'a failure without retries',
    tries: [fail('no')],
    run: 'failed',
    called: ['work:onFailure', ':onFailure'],
  },
  { name: 'the skip signal', tries: [skip], run: 'success', called: ['work:onSkipped', ':onSuccess'] },
  {
    name: 'a retry, then a success',
    tasks: { work: { ...work, retries: 1 } },
    tries: [fail('no'), done],
    run: 'success',
    called: ['work:onRetry', 'work:onSuccess', ':onSuccess'],
  },
  {
    name: 'each retry, and the last failure alone as a failure',
    tasks: { work: { ...work, retries: 2 } },
    tries: [fail('1'), fail('2'), fail('3')],
    run: 'failed',
    called: ['work:onRetry', 'work:onRetry', 'work:onFailure', ':onFailure'],
  },
  {
    name: 'the fail signal, whatever retries are left',
    tasks: { work: { ...work, retries: 5 } },
    tries: [fail('for good', false)],
    run: 'failed',
    called: ['work:onFailure', ':onFailure'],
  },
  {
    name: 'not for upstream_failed',
    tasks: { work, after: { upstream: ['work'], callbacks: every } },
    tries: [fail('no')],
    run: 'failed',
    called: ['work:onFailure', ':onFailure'],
  },
  {
    name: 'not for a skip by a trigger rule',
    tasks: { work, after: { upstream: ['work'], callbacks: every } },
    tries: [skip],
    run: 'success',
    called: ['work:onSkipped', ':onSuccess'],
  },
  {
    name: 'not for a skip by a short-circuit',
    tasks: { work: { ...work, decides: 'short_circuit' }, after: { upstream: ['work'], callbacks: every } },
    tries: [{ kind: 'success', xcoms: {}, decision: { kind: 'short_circuit', proceed: false } }],
    run: 'success',
    called: ['work:onSuccess', ':onSuccess'],
  },
  {
    name: 'a branch that chose what does not exist',
    tasks: { work: { ...work, decides: 'branch' }, after: { upstream: ['work'] } },
    tries: [{ kind: 'success', xcoms: {}, decision: { kind: 'branch', chosen: ['nowhere'] } }],
    run: 'failed',
    called: ['work:onFailure', ':onFailure'],
  },
  {
    name: 'only those that the author gave',
    tasks: { work: { callbacks: ['onRetry'], retryDelayMs: 1, retries: 1 } },
    tries: [fail('no'), fail('no')],
    run: 'failed',
    called: ['work:onRetry', ':onFailure'],
  },
];

const scripted =
  (tries: readonly ScriptedOutcome[]): Script =>
  ({ kind, taskId, tryNumber }) =>
    kind === 'callback' || taskId !== 'work' ? done : tries[tryNumber - 1]!;

async function outbox(tsflow: SchedulerHarness): Promise<readonly CallbackTable[]> {
  return tsflow.store.db.selectFrom('callback').selectAll().orderBy('key').execute();
}

const named = ({ facts, event }: CallbackTable) => `${JSON.parse(facts).taskId ?? ''}:${event}`;

const delivered = (tsflow: SchedulerHarness) =>
  until('every callback is delivered', async () => {
    const rows = await outbox(tsflow);
    return rows.every(({ state }) => state !== 'pending') && rows;
  });

describe.each(DATABASES)('callbacks on %s', (dialect) => {
  it.each(ROWS)('are called for $name', async ({ tasks = { work }, tries, run, called }) => {
    const dag = serializedDag('etl', tasks, told);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], scripted(tries));
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, run);
    const rows = await delivered(tsflow);
    expect(rows.map(named)).toEqual(called);
    expect(rows.every(({ state }) => state === 'success')).toBe(true);
    const calls = tsflow.executor.granted.filter(({ kind }) => kind === 'callback');
    expect(calls.map(({ attemptId }) => attemptId).sort()).toEqual(rows.map(({ key }) => key).sort());
  });

  // biome-ignore format: a table
  it.each([
    // onKill  given up   then               called                              other: ended by the DAG that fails fast
    [false,   'fail',    'failed',          ['work:onFailure', ':onFailure'],   'failed'],
    [true,    'fail',    'failed',          ['work:onFailure', ':onFailure'],   'failed'],
    [false,   'skip',    'skipped',         ['work:onSkipped', ':onSuccess'],   'success'],
    [true,    'skip',    'skipped',         ['work:onSkipped', ':onSuccess'],   'success'],
  ] as const)('a wait that is given up tells the same with onKill (%s) as without: %s', async (onKill, onTimeout, state, called, other) => {
    const tasks = { work: { ...work, retries: 3, onKill }, other: {} };
    const dag = serializedDag('etl', tasks, { ...told, failFast: true });
    const deferral = { on: { kind: 'instant', at: '2999-01-01T00:00:00Z' }, onTimeout, after: 'end' } as const;
    const script: Script = ({ kind, taskId }) => {
      if (kind !== 'execute') return done;
      if (taskId === 'other') return null;
      return { kind: 'defer', savedState: { job: 'j1' }, deferral: { ...deferral, timeoutAt: Date.now() + 50 } };
    };
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('etl');
    const { attemptId } = await tsflow.taskIs('etl', runId, 'work', state);
    const left = tsflow.executor.running.find(({ taskId }) => taskId === 'other');
    if (other === 'success') tsflow.executor.finish(left!, done);
    await tsflow.taskIs('etl', runId, 'other', other);
    await tsflow.runIs('etl', runId, other);
    expect((await delivered(tsflow)).map(named)).toEqual(called);
    expect(tsflow.executor.granted.filter(({ kind }) => kind === 'on_kill')).toHaveLength(onKill ? 1 : 0);
    const attempt = await tsflow.store.turns.attempt(attemptId!);
    expect(attempt!.state).toBe(state);
    expect(JSON.parse(attempt!.error ?? 'null')?.code).toBe(state === 'failed' ? 'wait_failed' : undefined);
  });

  it.each<[string, (runId: string) => Intent, 'success' | 'failed']>([
    ['a run marked failed', (runId) => ({ kind: 'mark_run', payload: { runId, state: 'failed' } }), 'failed'],
    [
      'a run marked success',
      (runId) => ({ kind: 'mark_run', payload: { runId, state: 'success' } }),
      'success',
    ],
    ['a run that was killed', (runId) => ({ kind: 'kill', payload: { runId } }), 'failed'],
  ])('are not called for %s by hand', async (_name, intent, state) => {
    const dag = serializedDag('etl', { work }, told);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await tsflow.trigger('etl');
    await tsflow.taskIs('etl', runId, 'work', 'running');
    await tsflow.ask('etl', intent(runId));
    await tsflow.runIs('etl', runId, state);
    expect(await outbox(tsflow)).toEqual([]);
  });

  it('are not called for a task marked by hand, but for the run that ends by it', async () => {
    const dag = serializedDag('etl', { work }, told);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await tsflow.trigger('etl');
    await tsflow.taskIs('etl', runId, 'work', 'running');
    await tsflow.ask('etl', { kind: 'mark_tasks', payload: { runId, taskIds: ['work'], state: 'success' } });
    await tsflow.runIs('etl', runId, 'success');
    expect((await outbox(tsflow)).map(named)).toEqual([':onSuccess']);
  });

  it('are called again for a run that was cleared, which then has recovered', async () => {
    let broken = true;
    const dag = serializedDag('etl', { work }, told);
    const script: Script = ({ kind }) => (kind === 'callback' || !broken ? done : fail('no'));
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, 'failed');
    broken = false;
    await tsflow.ask('etl', { kind: 'clear', payload: { runId } });
    await tsflow.runIs('etl', runId, 'success');
    const next = await tsflow.trigger('etl');
    await tsflow.runIs('etl', next, 'success');
    const said = (await delivered(tsflow)).map((row) => [named(row), JSON.parse(row.facts).recovered]);
    expect(said).toEqual([
      ['work:onFailure', false],
      [':onFailure', false],
      ['work:onSuccess', true],
      [':onSuccess', true],
      ['work:onSuccess', false],
      [':onSuccess', false],
    ]);
  });

  it.each<[string, (runId: string) => Intent]>([
    ['cleared', (runId) => ({ kind: 'clear', payload: { runId, onlyFailed: true } })],
    [
      'run again, that task alone',
      (runId) => ({ kind: 'run_task', payload: { runId, taskId: 'work', sameVersion: true } }),
    ],
  ])('are not needed for the alert that a run has recovered: what failed was %s', async (_name, again) => {
    let broken = true;
    const script: Script = () => (broken ? fail('no') : done);
    const alerts = JSON.stringify([{ to: 'slack', on: ['run_failure', 'run_recovered'] }]);
    const dag = serializedDag('etl', { work: {} });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script, (store) => store, systemClock, {
      alerts,
    });
    const said = async () =>
      (await tsflow.store.db.selectFrom('alert').select('kind').orderBy('createdAt').execute()).map(
        ({ kind }) => kind,
      );
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, 'failed');
    broken = false;
    await tsflow.ask('etl', again(runId));
    await tsflow.runIs('etl', runId, 'success');
    expect(await said()).toEqual(['run_failure', 'run_recovered']);
    // A run that had succeeded has nothing to recover from.
    await tsflow.ask('etl', { kind: 'clear', payload: { runId } });
    await tsflow.runIs('etl', runId, 'success');
    expect(await said()).toHaveLength(2);
  });

  it('name the instances of a mapped task that failed', async () => {
    const shops = new DAG({ dagId: 'shops', onFailure: () => {} }, () => {
      task('work', (_context, { shop }) => shop, { shop: expand(['tokyo', 'osaka', 'nagoya']) });
    });
    const script: Script = ({ kind, mapPath }) =>
      kind === 'callback' || mapPath === '1' ? done : fail('no');
    await using tsflow = await SchedulerHarness.start(dialect, [serializeDag(shops)], script);
    await tsflow.runIs('shops', await tsflow.trigger('shops'), 'failed');
    const [row] = await delivered(tsflow);
    expect(JSON.parse(row!.facts).failedTasks).toEqual(['work [0]', 'work [2]']);
  });

  it('change nothing when they throw, and the failure is among the events', async () => {
    const dag = serializedDag('etl', { work }, told);
    const script: Script = ({ kind }) => (kind === 'callback' ? fail('the webhook is down', false) : done);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, 'success');
    const rows = await delivered(tsflow);
    expect(rows.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(JSON.parse(rows[0]!.error!)).toMatchObject({ message: 'the webhook is down' });
    expect((await tsflow.run('etl', runId))!.state).toBe('success');
    const events = (await tsflow.events()).filter(({ type }) => type === 'callback_failed');
    expect(events.map(({ data }) => JSON.parse(data!).message)).toEqual([
      'the webhook is down',
      'the webhook is down',
    ]);
  });

  it('are handed out again when their runner is lost, under the same id, up to the cap', async () => {
    const dag = serializedDag('etl', { work });
    const script: Script = ({ kind }) => (kind === 'callback' ? null : done);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.trigger('etl');
    for (let grant = 1; grant <= 4; grant++) {
      const call = await until(`grant ${grant}`, async () =>
        tsflow.executor.granted.find((w) => w.kind === 'callback' && w.grantNumber === grant),
      );
      tsflow.executor.lose(call, 'killed by signal 9');
    }
    const [row] = await delivered(tsflow);
    expect(row).toMatchObject({ state: 'failed', grantNumber: 4 });
    expect(JSON.parse(row!.error!).message).toBe(
      'killed by signal 9; lost 4 times, and is handed out again at most 3 times',
    );
  });

  it('are delivered by the next scheduler when this one goes before them', async () => {
    let patient = true;
    const dag = serializedDag('etl', { work });
    const script: Script = ({ kind }) => (kind === 'callback' && patient ? null : done);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.trigger('etl');
    const first = await until('it is granted', () =>
      tsflow.executor.running.find(({ kind }) => kind === 'callback'),
    );
    patient = false;
    await tsflow.restart();
    const [row] = await delivered(tsflow);
    expect(row).toMatchObject({ key: first.attemptId, state: 'success', grantNumber: 2 });
  });
});
