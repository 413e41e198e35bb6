import { chain, DAG, group, task } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { whyTask } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { DATABASES } from '../support/store.ts';

/** before -> g (a -> b, c) -> after */
const etl = (retries: number, retryDelay: number) =>
  serializeDag(
    new DAG({ dagId: 'etl' }, () => {
      const g = group(
        'g',
        () => {
          const a = task('a', () => 1);
          chain(a, [task('b', () => 1), task('c', () => 1)]);
        },
        { retries, retryDelay },
      );
      chain(
        task('before', () => 1),
        g,
        task('after', () => 1),
      );
    }),
  );

const no = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true } as const;
const yes = { kind: 'success', xcoms: {} } as const;

/** b fails in its first tries. */
const failing =
  (times: number): Script =>
  ({ taskId, tryNumber }) =>
    taskId === 'g.b' && tryNumber <= times ? no : yes;

describe.each(DATABASES)('a group that begins again, on %s', (dialect) => {
  it('says so in its attempts, its events and why', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl(2, 0.4)], failing(1));
    const runId = await tsflow.trigger('etl');
    await tsflow.taskIs('etl', runId, 'g.b', 'up_for_retry');
    const waits = await whyTask(tsflow.store, 'etl', runId, 'g.b');
    expect(waits.find(({ name }) => name === 'group_retry')?.reason).toMatch(
      /^Its group g begins again .*: g\.b failed in try 1 of 3\.$/,
    );
    await tsflow.runIs('etl', runId, 'success');
    const attempts = await tsflow.store.db
      .selectFrom('attempt')
      .select(['taskId', 'tryNumber', 'groupTries'])
      .where('taskId', '!=', 'g.c')
      .orderBy('taskId')
      .orderBy('attemptId')
      .execute();
    expect(attempts).toEqual([
      { taskId: 'after', tryNumber: 1, groupTries: null },
      { taskId: 'before', tryNumber: 1, groupTries: null },
      { taskId: 'g.a', tryNumber: 1, groupTries: null },
      { taskId: 'g.a', tryNumber: 2, groupTries: '{"g":2}' },
      { taskId: 'g.b', tryNumber: 1, groupTries: null },
      { taskId: 'g.b', tryNumber: 2, groupTries: '{"g":2}' },
    ]);
    const events = (await tsflow.events()).map(({ type }) => type);
    expect(events.filter((type) => type.startsWith('group_'))).toEqual(['group_retry', 'group_restarted']);
    const why = await whyTask(tsflow.store, 'etl', runId, 'g.b');
    expect(why.find(({ name }) => name === 'group_retry')?.reason).toBe('Its group g is in its try 2 of 3.');
  });

  it('does so under another scheduler, which finds in the database what it needs', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl(1, 1)], failing(1));
    const runId = await tsflow.trigger('etl');
    await tsflow.taskIs('etl', runId, 'g.b', 'up_for_retry');
    await tsflow.restart();
    await tsflow.runIs('etl', runId, 'success');
    expect((await tsflow.tasks('etl', runId))['g.a']?.tryNumber).toBe(2);
  });

  it('has as many tries as it has, whoever counts them', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl(1, 0.5)], failing(9));
    const runId = await tsflow.trigger('etl');
    await tsflow.taskIs('etl', runId, 'g.b', 'up_for_retry');
    await tsflow.restart();
    await tsflow.runIs('etl', runId, 'failed');
    expect((await tsflow.tasks('etl', runId))['g.b']?.tryNumber).toBe(2);
    await tsflow.restart();
    await tsflow.ask('etl', { kind: 'clear', payload: { runId, taskIds: ['g'], downstream: true } });
    await tsflow.taskIs('etl', runId, 'g.b', 'up_for_retry');
    await tsflow.runIs('etl', runId, 'failed');
    expect((await tsflow.tasks('etl', runId))['g.b']?.tryNumber).toBe(4);
  });

  it('ends a running task of it, whose attempt was killed and not failed', async () => {
    const script: Script = (workload) =>
      workload.taskId === 'g.c' && workload.tryNumber === 1 ? null : failing(1)(workload);
    await using tsflow = await SchedulerHarness.start(dialect, [etl(1, 0)], script);
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, 'success');
    const attempts = await tsflow.store.db
      .selectFrom('attempt')
      .select(['tryNumber', 'state'])
      .where('taskId', '=', 'g.c')
      .orderBy('attemptId')
      .execute();
    expect(attempts).toEqual([
      { tryNumber: 1, state: 'killed' },
      { tryNumber: 2, state: 'success' },
    ]);
    const { 'g.a': a, after } = await tsflow.tasks('etl', runId);
    expect([a?.tryNumber, after?.tryNumber]).toEqual([2, 1]);
  });
});
