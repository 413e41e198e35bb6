import { DAG, task } from '@tsflow/core';
import { fails, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

/**
 * A session is a workflow at a session time: here a scheduled run, unique per DAG and logical date. An attempt is one go at it. Digdag refuses
 * a second session of one time whoever asks; here runs by hand are told apart by their ids, so several with different params stand side by side.
 */
const dag = new DAG({ dagId: 'session', schedule: '0 0 * * *' }, () => {
  task('work', ({ conf }) => conf.x ?? null);
});

test('a schedule makes one run of a time, however often it is asked', async () => {
  await using played = await startDag(dag, { now: '2026-03-01T12:00:00Z', schedule: true });
  await played.advanceTo('2026-03-02T00:00:00Z');
  const backfill = {
    start: '2026-03-02T00:00:00Z',
    end: '2026-03-02T00:00:00Z',
    reprocess: 'none',
    reverse: false,
    maxActiveRuns: 1,
    conf: {},
  } as const;
  await played.ask({ kind: 'backfill', payload: backfill });
  await played.advance('1m');
  expect((await played.runs()).map(({ runId }) => runId)).toEqual(['scheduled__2026-03-02T00:00:00Z']);
});

test('two runs by hand of one time, with different params, both run', async () => {
  await using played = await startDag(dag);
  const runs = [];
  for (const x of [1, 2]) runs.push(await played.trigger({ logicalDate: '2026-03-01', conf: { x } }));
  const outputs = [];
  for (const runId of runs) outputs.push((await played.finished(runId)).output('work'));
  expect(outputs).toEqual([1, 2]);
});

// biome-ignore format: a table
test.each([
  // the id that is asked for         refused because
  ['mine',                            /Run mine of session exists.*(clear|rerun)/is],
  ['scheduled__2026-03-01T00:00:00Z', /scheduled__/],
])('a run with the id %s is refused, and the refusal says what to do', async (runId, message) => {
  await using played = await startDag(dag);
  const ask = (id: string) => played.ask({ kind: 'trigger', payload: { conf: {}, runId: id } });
  await ask('mine');
  await expect(ask(runId)).rejects.toThrow(message);
});

test('a new attempt of a session keeps the time, the interval and the params', async () => {
  await using played = await startDag(dag, { tasks: { work: fails(1) } });
  const runId = await played.trigger({ logicalDate: '2026-03-01', conf: { x: 7 } });
  const first = (await played.finished(runId)).assertFailed();
  await played.advance('36h');
  await played.ask({ kind: 'clear', payload: { runId } });
  const second = (await played.finished(runId)).assertSucceeded();
  expect([second.logicalDate, second.dataInterval]).toEqual([first.logicalDate, first.dataInterval]);
  expect(second.output('work')).toBe(7);
});
