import { DAG, task, webhook } from '@tsflow/core';
import { fakeHttp, returns, startDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';

/** `sla: {time: "10:00"}` and `{duration: 02:00:00}`: told of once while the run goes on; `fail: true` is `dagRunTimeout`. */
const tell = webhook({
  url: 'http://sla.example/missed',
  body: ({ deadline }) => ({ name: deadline!.name }),
});
const dag = (dagRunTimeout?: string) =>
  new DAG(
    {
      dagId: 'sla',
      schedule: '0 3 * * *',
      timezone: 'Asia/Tokyo',
      deadlines: [
        { name: 'table_a', task: 'a', by: '10:00', onMiss: tell },
        { name: 'export', task: 'b', by: '12:00', onMiss: tell },
        { name: 'whole', within: '12h', onMiss: tell },
      ],
      ...(dagRunTimeout === undefined ? {} : { dagRunTimeout }),
    },
    () => {
      task('a', () => 1).before(task('b', () => 2));
    },
  );

// biome-ignore format: a table
test.each([
  // a takes   b takes   time limit   told of, once each                  the run, by midnight
  ['1h',       '1h',     undefined,   [],                                 'success'],
  ['8h',       '30m',    undefined,   ['table_a'],                        'success'],
  ['1h',       '9h',     undefined,   ['export'],                         'success'],
  ['8h',       '2h',     undefined,   ['table_a', 'export'],              'success'],
  ['8h',       '8h',     undefined,   ['table_a', 'export', 'whole'],     'success'],
  ['8h',       '8h',     '10h',       ['table_a', 'export'],              'failed'],
])('a takes %s, b %s, at most %s', async (a, b, limit, told, state) => {
  const http = fakeHttp({ 'POST /missed': 'ok' });
  await using played = await startDag(dag(limit), {
    now: '2026-02-28T17:00:00Z',
    schedule: true,
    http,
    tasks: { a: takes(a, returns(1)), b: takes(b, returns(2)) },
  });
  await played.advanceTo('2026-03-01T15:00:00Z');
  expect(http.requests.map(({ body }) => (body as { name: string }).name)).toEqual(told);
  expect((await played.runs())[0]!.state).toBe(state);
});
