import { chain, DAG, EmptyOperator, group, slack, task } from '@tsflow/core';
import { fails, failsForGood, fakeHttp, returns, runDag, type TaskFake } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** `_error:` runs tasks when something failed: a task with the rule `one_failed`, or a callback. `_check:` runs when all went well. */
const dag = new DAG({ dagId: 'watched' }, () => {
  const work = group('work', () => {
    chain(
      new EmptyOperator({ taskId: 'first' }),
      task('second', () => 1),
      task('third', () => 1),
    );
  });
  chain(work, [
    task('check', () => 'all is well'),
    task('error', () => 'told', {}, { triggerRule: 'one_failed' }),
  ]);
});

// biome-ignore format: a table
test.each<[string, Record<string, TaskFake>, string, string, string]>([
  // what                        fakes                                     _check             _error     run
  ['all went well',              {},                                       'success',         'skipped', 'success'],
  ['the last of the group',      { 'work.third': fails() },                'upstream_failed', 'success', 'failed'],
  ['one in the middle',          { 'work.second': fails() },               'upstream_failed', 'success', 'failed'],
  ['for good',                   { 'work.second': failsForGood() },        'upstream_failed', 'success', 'failed'],
])('%s', async (_what, tasks, check, error, state) => {
  const run = await runDag(dag, { tasks });
  expect([run.states.check, run.states.error, run.state]).toEqual([check, error, state]);
});

describe('as callbacks', () => {
  const text = '{{ event }}: {{ taskId or dagId }}';
  const told = new DAG({ dagId: 'told', onFailure: slack({ text }), onSuccess: slack({ text }) }, () => {
    task('work', () => 1, {}, { retries: 1, retryDelay: '1m', onFailure: slack({ text }) });
  });

  // biome-ignore format: a table
  test.each<[string, TaskFake, readonly string[]]>([
    ['it succeeded',        returns(1), ['onSuccess: told']],
    ['a retry mended it',   fails(1),   ['onSuccess: told']],
    ['it failed for good',  fails(),    ['onFailure: told', 'onFailure: work']],
  ])('%s', async (_what, work, expected) => {
    const http = fakeHttp({ 'POST /hook': 'ok' });
    const connections = { slack_default: { password: 'http://slack.example/hook' } };
    await runDag(told, { http, connections, tasks: { work } });
    expect(http.requests.map(({ body }) => (body as { text: string }).text).sort()).toEqual(expected);
  });

  test('one that throws changes nothing', async () => {
    const http = fakeHttp({ 'POST /hook': 404 });
    const connections = { slack_default: { password: 'http://slack.example/hook' } };
    (await runDag(told, { http, connections })).assertSucceeded();
  });
});
