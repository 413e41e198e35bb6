import { systemClock } from '@tsflow/core/clock';
import type { Intent } from '@tsflow/core/intents';
import type { Workload } from '@tsflow/scheduler/executors';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const succeed: Script = ({ taskId }) => ({
  kind: 'success',
  xcoms: { return_value: `${taskId} says hello` },
});
const fail = (message: string) =>
  ({ kind: 'failed', error: { name: 'Error', message }, retryable: true }) as const;

const chain = serializedDag('chain', {
  a: {},
  b: { upstream: ['a'], inputs: [{ taskId: 'a', key: 'return_value' }] },
  c: { upstream: ['b'] },
});

describe.each(DATABASES)('the scheduler on %s', (dialect) => {
  it('hands out later what the lease kept back after its commit', async () => {
    const dag = serializedDag('kept_back', { first: {}, second: { upstream: ['first'] } });
    // Jumps between the commit that admits `second` and its grant: by then the last beat is an hour old.
    let accepted = (): number => 0;
    const clock = { ...systemClock, now: () => Date.now() + (accepted() > 0 ? 3_600_000 : 0) };
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed, undefined, clock);
    accepted = () => tsflow.executor.accepted.length;
    const runId = await tsflow.trigger('kept_back');
    await tsflow.runIs('kept_back', runId, 'success');
  });

  it('refuses what no database keeps in the words of its request, and does everything else', async () => {
    const dag = serializedDag('noted', { only: {} });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    const note = 'before\0after';
    const [refused, ...fine] = await Promise.allSettled([
      tsflow.ask('noted', { kind: 'trigger', payload: { conf: {}, note } }),
      ...Array.from({ length: 5 }, () => tsflow.trigger('noted')),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { message: /NUL character/ } });
    for (const trigger of fine) {
      if (trigger.status === 'rejected') throw trigger.reason;
      const run = await tsflow.runIs('noted', trigger.value as string, 'success', 'failed');
      expect(run.state).toBe('success');
    }
  });

  it('runs a chain and hands outputs down inside the grant', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [chain], succeed);
    const runId = await tsflow.trigger('chain');
    await tsflow.runIs('chain', runId, 'success');
    expect(tsflow.executor.granted.map(({ taskId }) => taskId)).toEqual(['a', 'b', 'c']);
    expect(tsflow.executor.granted[1]!.inputs).toEqual({ 'a/return_value': 'a says hello' });
    expect(tsflow.executor.accepted).toHaveLength(3);
  });

  it('fails what is below a failed task, and the run', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [chain], (w) =>
      w.taskId === 'b' ? fail('no') : succeed(w),
    );
    const runId = await tsflow.trigger('chain');
    await tsflow.runIs('chain', runId, 'failed');
    expect(await tsflow.states('chain', runId)).toEqual({ a: 'success', b: 'failed', c: 'upstream_failed' });
  });

  it('retries after the delay, and counts tries', async () => {
    const dag = serializedDag('flaky', { only: { retries: 2, retryDelayMs: 30 } });
    const script: Script = (w) => (w.tryNumber < 3 ? fail(`try ${w.tryNumber}`) : succeed(w));
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('flaky');
    await tsflow.runIs('flaky', runId, 'success');
    expect(tsflow.executor.granted.map(({ tryNumber }) => tryNumber)).toEqual([1, 2, 3]);
    const attempts = await tsflow.store.db.selectFrom('attempt').selectAll().orderBy('attemptId').execute();
    expect(attempts.map(({ state }) => state)).toEqual(['failed', 'failed', 'success']);
    expect(attempts[1]!.queuedAt - attempts[0]!.endDate!).toBeGreaterThanOrEqual(30);
  });

  it('clears a failed task and what is below it, on the newest version', async () => {
    let broken = true;
    await using tsflow = await SchedulerHarness.start(dialect, [chain], (w) =>
      w.taskId === 'b' && broken ? fail('no') : succeed(w),
    );
    const runId = await tsflow.trigger('chain');
    await tsflow.runIs('chain', runId, 'failed');
    broken = false;
    const result = await tsflow.ask('chain', { kind: 'clear', payload: { runId, onlyFailed: true } });
    expect((result.tasks as { taskId: string }[]).map(({ taskId }) => taskId)).toEqual(['b', 'c']);
    await tsflow.runIs('chain', runId, 'success');
    expect(tsflow.executor.granted.map(({ taskId }) => taskId)).toEqual(['a', 'b', 'b', 'c']);
    expect((await tsflow.tasks('chain', runId)).b).toMatchObject({ tryNumber: 2, maxTries: 1 });
  });

  it('clears a running task: ends it first, then runs it again', async () => {
    let patient = true;
    await using tsflow = await SchedulerHarness.start(dialect, [chain], (w) =>
      w.taskId === 'a' && patient ? null : succeed(w),
    );
    const runId = await tsflow.trigger('chain');
    await tsflow.taskIs('chain', runId, 'a', 'running');
    const [first] = tsflow.executor.running as [Workload];
    patient = false;
    await tsflow.ask('chain', { kind: 'clear', payload: { runId, taskIds: ['a'] } });
    await tsflow.runIs('chain', runId, 'success');
    tsflow.executor.finish(first, { kind: 'success', xcoms: { return_value: 'too late' } });
    await until(
      'the late report is refused',
      async () => tsflow.executor.fenced.length + tsflow.executor.accepted.length > 3,
    );
    const values = await tsflow.store.db.selectFrom('xcom').select('value').execute();
    expect(values.map(({ value }) => value)).not.toContain('"too late"');
  });

  it('takes a start and several process groups of one attempt in one turn', async () => {
    const dag = serializedDag('shell', { only: {} });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await tsflow.trigger('shell');
    const granted = await until('it is granted', async () => tsflow.executor.granted[0]);
    tsflow.executor.group(granted, 4711);
    tsflow.executor.group(granted, 4712);
    await tsflow.taskIs('shell', runId, 'only', 'running');
    tsflow.executor.finish(granted, { kind: 'success', xcoms: {} });
    await tsflow.runIs('shell', runId, 'success');
    const { processGroups } = await tsflow.store.db
      .selectFrom('attempt')
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(processGroups).toBe('[4711,4712]');
  });

  it('kills one task and leaves its sibling alone', async () => {
    const dag = serializedDag('pair', { left: {}, right: {} });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await tsflow.trigger('pair');
    await tsflow.taskIs('pair', runId, 'right', 'running');
    await tsflow.ask('pair', { kind: 'kill', payload: { runId, taskIds: ['left'] } });
    await tsflow.taskIs('pair', runId, 'left', 'failed');
    expect((await tsflow.states('pair', runId)).right).toBe('running');
  });

  it('starts what one turn queues in a DAG and unpauses, whether it is new or cleared', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [chain], succeed);
    const old = await tsflow.trigger('chain');
    await tsflow.runIs('chain', old, 'success');
    const askAtOnce = async (...intents: readonly Intent[]) => {
      for (const { kind, payload } of intents) {
        const request = { dagId: 'chain', kind, payload: JSON.stringify(payload), actor: 'ann' };
        await tsflow.store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
      }
      tsflow.scheduler.ping('intents');
    };
    const pause = (isPaused: boolean): Intent => ({ kind: 'pause', payload: { isPaused } });
    await tsflow.ask('chain', pause(true));
    await askAtOnce({ kind: 'trigger', payload: { conf: {}, runId: 'new' } }, pause(false));
    await tsflow.runIs('chain', 'new', 'success');
    await tsflow.ask('chain', pause(true));
    await askAtOnce({ kind: 'clear', payload: { runId: old } }, pause(false));
    const cleared = async () => (await tsflow.tasks('chain', old)).c?.tryNumber === 2;
    await until('the cleared run has begun again', cleared);
    await tsflow.runIs('chain', old, 'success');
  });

  it('starts nothing while more run than the Variable parallelism allows, and 0 pauses', async () => {
    const dag = serializedDag('wide', Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`t${i}`, {}])));
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    await tsflow.setVariable('parallelism', 4);
    await tsflow.trigger('wide');
    await until('four run', async () => tsflow.executor.running.length === 4);
    await tsflow.setVariable('parallelism', 1);
    await until('the executor was told', async () => tsflow.executor.concurrency === 1);
    const finishOne = () =>
      tsflow.executor.finish(tsflow.executor.running[0]!, { kind: 'success', xcoms: {} });
    for (let left = 4; left > 1; left--) {
      finishOne();
      await until('its end is committed', async () => tsflow.executor.accepted.length === 5 - left);
      expect(tsflow.executor.granted).toHaveLength(4);
    }
    finishOne();
    await until('the next one starts', async () => tsflow.executor.granted.length === 5);
    await tsflow.setVariable('parallelism', 0);
    await until('the executor was told', async () => tsflow.executor.concurrency === 0);
    finishOne();
    await until('its end is committed', async () => tsflow.executor.accepted.length === 5);
    expect(tsflow.executor.granted).toHaveLength(5);
    await tsflow.setVariable('parallelism', 16);
    await until('the rest starts', async () => tsflow.executor.granted.length === 8);
  });

  it('holds a triggered run while the DAG is paused, and starts it when it is not', async () => {
    const dag = serializedDag('sleeper', { only: {} }, { pausedUponCreation: true });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    const result = await tsflow.ask('sleeper', { kind: 'trigger', payload: { conf: {} } });
    expect(result).toMatchObject({ state: 'queued', isPaused: true });
    await tsflow.ask('sleeper', { kind: 'pause', payload: { isPaused: false } });
    await tsflow.runIs('sleeper', result.runId as string, 'success');
  });

  it.each([
    ['x', true],
    ['é', false],
  ])('sends 40,000 times %s along with a grant: %s', async (letter, isSent) => {
    const value = letter.repeat(40_000);
    await using tsflow = await SchedulerHarness.start(dialect, [chain], () => ({
      kind: 'success',
      xcoms: { return_value: value },
    }));
    await tsflow.runIs('chain', await tsflow.trigger('chain'), 'success');
    const b = tsflow.executor.granted.find(({ taskId }) => taskId === 'b')!;
    expect(Object.values(b.inputs)).toEqual(isSent ? [value] : []);
  });

  it('counts a lost runner apart from tries, up to the cap', async () => {
    const dag = serializedDag('poison', { only: {} });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await tsflow.trigger('poison');
    for (let loss = 1; loss <= 4; loss++) {
      await until(
        'it runs',
        async () => tsflow.executor.granted.length === loss && tsflow.executor.running.length === 1,
      );
      tsflow.executor.lose(tsflow.executor.running[0]!, 'killed by signal 11');
    }
    await tsflow.runIs('poison', runId, 'failed');
    expect((await tsflow.tasks('poison', runId)).only).toMatchObject({ tryNumber: 1, infraNumber: 4 });
  });

  it('backfills a range once, and says of the second time that all exist', async () => {
    const daily = { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' };
    const dag = serializedDag('daily', { a: {}, b: { upstream: ['a'] } }, { timetable: daily });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    const payload = {
      start: '2012-01-01T00:00:00Z',
      end: '2012-02-29T00:00:00Z',
      reprocess: 'none',
      reverse: false,
      maxActiveRuns: 5,
      conf: {},
    } as const;
    const backfill = async () => {
      const { backfillKey } = await tsflow.ask('daily', { kind: 'backfill', payload });
      return until('it ends', async () => {
        const row = await tsflow.store.db
          .selectFrom('backfill')
          .selectAll()
          .where('key', '=', backfillKey as number)
          .executeTakeFirst();
        return row?.endDate == null ? null : row;
      });
    };
    expect(await backfill()).toMatchObject({
      state: 'success',
      total: 60,
      created: 60,
      succeeded: 60,
      existing: 0,
    });
    const granted = tsflow.executor.granted.length;
    expect(granted).toBe(120);
    expect(await backfill()).toMatchObject({ state: 'success', created: 0, existing: 60 });
    expect(tsflow.executor.granted).toHaveLength(granted);
  });

  it('ends a run that never began, and goes on with the others', async () => {
    const dag = serializedDag('narrow', { only: {} }, { maxActiveRuns: 1 });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], (w) =>
      w.runId === 'first' ? null : succeed(w),
    );
    for (const runId of ['first', 'second', 'third']) {
      await tsflow.ask('narrow', { kind: 'trigger', payload: { conf: {}, runId } });
    }
    await tsflow.runIs('narrow', 'first', 'running');
    const clear = tsflow.ask('narrow', { kind: 'clear', payload: { runId: 'second' } });
    await expect(clear).rejects.toThrow('Run second of narrow has not begun');
    const partly = tsflow.ask('narrow', { kind: 'kill', payload: { runId: 'third', taskIds: ['nobody'] } });
    await expect(partly).rejects.toThrow('Run third of narrow has not begun');
    await tsflow.ask('narrow', { kind: 'kill', payload: { runId: 'second' } });
    await tsflow.runIs('narrow', 'second', 'failed');
    await until('the first runs', async () => tsflow.executor.running.length === 1);
    tsflow.executor.finish(tsflow.executor.running[0]!, { kind: 'success', xcoms: {} });
    await tsflow.runIs('narrow', 'third', 'success');
  });

  it('counts a run once that is cleared twice while it waits for room', async () => {
    const dag = serializedDag('narrow', { only: {} }, { maxActiveRuns: 1 });
    let patient = false;
    await using tsflow = await SchedulerHarness.start(dialect, [dag], (w) => (patient ? null : succeed(w)));
    await tsflow.ask('narrow', { kind: 'trigger', payload: { conf: {}, runId: 'old' } });
    await tsflow.runIs('narrow', 'old', 'success');
    patient = true;
    await tsflow.ask('narrow', { kind: 'trigger', payload: { conf: {}, runId: 'busy' } });
    await until('it runs', async () => tsflow.executor.running.length === 1);
    patient = false;
    await tsflow.ask('narrow', { kind: 'clear', payload: { runId: 'old' } });
    await tsflow.ask('narrow', { kind: 'clear', payload: { runId: 'old' } });
    tsflow.executor.finish(tsflow.executor.running[0]!, { kind: 'success', xcoms: {} });
    await tsflow.runIs('narrow', 'old', 'success');
    await tsflow.ask('narrow', { kind: 'trigger', payload: { conf: {}, runId: 'last' } });
    await tsflow.runIs('narrow', 'last', 'success');
  });

  it('refuses in words what cannot be done', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [chain], succeed);
    const clear = (taskIds: string[]) =>
      tsflow.ask('chain', { kind: 'clear', payload: { runId: 'r1', taskIds } });
    await expect(clear(['a'])).rejects.toThrow('Run of chain "r1" does not exist');
    await tsflow.ask('chain', { kind: 'trigger', payload: { conf: {}, runId: 'r1' } });
    await tsflow.runIs('chain', 'r1', 'success');
    await expect(clear(['bb'])).rejects.toThrow('Did you mean "b"?');
    const again = tsflow.ask('chain', { kind: 'trigger', payload: { conf: {}, runId: 'r1' } });
    await expect(again).rejects.toThrow('Run r1 of chain exists (success)');
    const imitation = tsflow.ask('chain', { kind: 'trigger', payload: { conf: {}, runId: 'scheduled__x' } });
    await expect(imitation).rejects.toThrow('ids that begin with "scheduled__" are given by tsflow');
  });
});
