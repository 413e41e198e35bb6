import { DAG, task } from '@tsflow/core';
import { fails, failsForGood, returns, startDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

/** `digdag retry --latest-revision --resume`: what succeeded keeps its result, what failed and what waited for it runs. */
// biome-ignore format: a table
describe.each([
  // what                          dag                                    failed            runs again      kept
  ['the failed task alone',        'a -> b',                              'b:failed',       'b',            'a'],
  ['and all that waited for it',   'a -> b -> c -> d',                    'b:failed',       'b c d',        'a'],
  ['branches beside it are kept',  'a -> b, c -> d',                      'c:failed',       'c d',          'a b'],
  ['several failures at once',     'a, b, c -> d',                        'a:failed c:failed', 'a c d',     'b'],
  ['every root',                   'a, b',                                'a:failed b:failed', 'a b',       ''],
])('resume runs %s', (_what, dag, ends, again, kept) => {
  test(`${dag} after [${ends}]`, () => {
    const played = new PlayedDag(dag);
    const run = played.run().play(ends);
    expect(run.state).toBe('failed');
    const before = played.admitted.length;
    run.clear({ onlyFailed: true }).play();
    expect(run.state).toBe('success');
    expect(played.admitted.slice(before).sort().join(' ')).toBe(again);
    for (const id of kept.split(' ').filter(Boolean)) expect(run.instance(id).tryNumber, id).toBe(1);
  });
});

const dag = new DAG({ dagId: 'resume' }, () => {
  const extract = task('extract', () => ({ rows: 3 }));
  const load = task('load', (_context, { from }) => from.rows, { from: extract.output });
  return { extract, load };
});

describe('an attempt is a record that never changes', () => {
  test('the failed attempt stays as it was, beside the one that succeeded', async () => {
    await using played = await startDag(dag, { tasks: { load: fails(1, { message: 'disk full' }) } });
    const runId = await played.trigger();
    const before = (await played.finished(runId)).assertFailed();
    await played.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
    const after = (await played.finished(runId)).assertSucceeded();
    const loads = after.attempts.filter(({ taskId }) => taskId === 'load');
    expect(loads.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([
      [1, 'failed'],
      [2, 'success'],
    ]);
    expect(loads[0]).toEqual(before.attempts.find(({ taskId }) => taskId === 'load'));
  });

  test('what succeeded before hands its stored value on: it is not computed again', async () => {
    let calls = 0;
    const counted = returns(() => ({ rows: ++calls }));
    await using played = await startDag(dag, { tasks: { extract: counted, load: fails(1) } });
    const runId = await played.trigger();
    await played.finished(runId);
    await played.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
    const run = (await played.finished(runId)).assertSucceeded();
    expect([calls, run.output(dag.exports.load)]).toEqual([1, 1]);
  });

  test('`--all`: everything runs again, in the same run', async () => {
    await using played = await startDag(dag, { tasks: { load: failsForGood() } });
    const runId = await played.trigger();
    await played.finished(runId);
    await played.ask({ kind: 'clear', payload: { runId } });
    expect((await played.finished(runId)).tries).toEqual({ extract: 2, load: 2 });
    expect(await played.runs()).toHaveLength(1);
  });

  test('`--resume-from`: from one task on', async () => {
    await using played = await startDag(dag);
    const runId = await played.trigger();
    await played.finished(runId);
    await played.ask({ kind: 'clear', payload: { runId, taskIds: ['load'], downstream: true } });
    expect((await played.finished(runId)).tries).toEqual({ extract: 1, load: 2 });
  });
});
