import { DAG, HttpOperator, task } from '@tsflow/core';
import { fakeHttp, type HttpAnswerOf, inTurn, runDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** `http>` with `store_content: true`, and `${http.last_content}` in the next task: the output of the operator, parsed. */
const dag = new DAG({ dagId: 'http', defaultArgs: { retries: 3, retryDelay: '10s' } }, () => {
  const ask = new HttpOperator({ taskId: 'ask', url: 'https://api.example.com/users' });
  task('next', (_context, { answer }) => JSON.stringify(answer), { answer: ask.output });
});

describe('what the next task gets', () => {
  // biome-ignore format: a table
  test.each<[string, HttpAnswerOf, string]>([
    ['JSON',              { users: [{ id: 1 }] },                                                                  '{"users":[{"id":1}]}'],
    ['a list',            [1, 2],                                                                                  '[1,2]'],
    ['text',              'plain',                                                                                 '"plain"'],
    ['problem+json',      () => new Response('{"a":1}', { headers: { 'content-type': 'application/hal+json' } }),   '{"a":1}'],
  ])('of %s', async (_what, answer, next) => {
    const run = await runDag(dag, { http: fakeHttp({ 'GET /users': answer }) });
    expect(run.assertSucceeded().output('next')).toBe(next);
  });
});

describe('what is asked again', () => {
  // biome-ignore format: a table
  test.each<[string, HttpAnswerOf, number, string]>([
    // answers                 one after the other                    requests  run
    ['503, 503, 200',          inTurn(503, 503, { ok: true }),        3,        'success'],
    ['429, 200',               inTurn(429, { ok: true }),             2,        'success'],
    ['408, 200',               inTurn(408, { ok: true }),             2,        'success'],
    ['no connection, 200',     inTurn(new Error('ECONNREFUSED'), {}), 2,        'success'],
    ['403',                    403,                                   1,        'failed'],
    ['404',                    404,                                   1,        'failed'],
    ['500 for ever',           500,                                   4,        'failed'],
  ])('%s', async (_what, answer, requests, state) => {
    const http = fakeHttp({ 'GET /users': answer });
    const run = await runDag(dag, { http });
    expect([http.requests.length, run.state]).toEqual([requests, state]);
  });
});
