import { chain, DAG, task } from '@tsflow/core';
import { fails, returns, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

const etl = new DAG({ dagId: 'etl' }, () => {
  chain(
    task('extract', () => 'rows'),
    task('load', () => 'loaded'),
    task('publish', ({ conf }) => conf.channel ?? 'web'),
  );
});

test('what failed runs again, and what waited for it; what succeeded does not', async () => {
  await using played = await startDag(etl, { tasks: { load: fails(1, { afterwards: returns('loaded') }) } });
  const runId = await played.trigger();
  (await played.finished(runId)).assertFailed();
  await played.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
  const run = (await played.finished(runId)).assertSucceeded();
  expect(run.order).toEqual(['extract', 'load', 'load', 'publish']);
});

test('from a task on, with other params', async () => {
  await using played = await startDag(etl);
  const runId = await played.trigger();
  await played.finished(runId);
  await played.ask({ kind: 'clear', payload: { runId, from: 'load', conf: { channel: 'mail' } } });
  const run = (await played.finished(runId)).assertSucceeded();
  expect(run.order).toEqual(['extract', 'load', 'publish', 'load', 'publish']);
  expect(run.output('publish')).toBe('mail');
});

test('mended by hand: the task counts as succeeded, and what waited for it runs', async () => {
  await using played = await startDag(etl, { tasks: { load: fails() } });
  const runId = await played.trigger();
  await played.finished(runId);
  await played.ask({ kind: 'mark_tasks', payload: { runId, taskIds: ['load'], state: 'success' } });
  await played.ask({ kind: 'clear', payload: { runId, taskIds: ['publish'] } });
  (await played.finished(runId)).assertSucceeded().assertStates({ load: 'success', publish: 'success' });
});
