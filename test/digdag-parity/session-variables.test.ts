import { BashOperator, DAG } from '@tsflow/core';
import { runDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** Digdag's variables of a session, `${…}` there, and what stands for each of them in templates. The session: midnight of March 1st in Tokyo. */
const SESSION = '2026-02-28T15:00:00Z';

// biome-ignore format: a table
const VARIABLES: readonly (readonly [string, string, string])[] = [
  // Digdag                            here                                                              value
  ['session_time',                     `{{ logicalDate | format("yyyy-MM-dd'T'HH:mm:ssXXX") }}`,         '2026-03-01T00:00:00+09:00'],
  ['session_date',                     '{{ ds }}',                                                       '2026-03-01'],
  ['session_date_compact',             '{{ ds | ds_nodash }}',                                           '20260301'],
  ['session_local_time',               "{{ logicalDate | format('yyyy-MM-dd HH:mm:ss') }}",              '2026-03-01 00:00:00'],
  ['session_tz_offset',                "{{ logicalDate | format('xx') }}",                               '+0900'],
  ['session_unixtime',                 "{{ logicalDate | format('t') }}",                                '1772290800'],
  ['last_session_date',                "{{ dataIntervalStart | format('yyyy-MM-dd') }}",                 '2026-02-28'],
  ['timezone',                         '{{ timezone }}',                                                 'Asia/Tokyo'],
  ['task_name',                        '{{ taskId }}',                                                   'say'],
  ['moment(session_time).add(1,…)',    '{{ ds | ds_add(1) }}',                                           '2026-03-02'],
  ['moment(session_time).subtract',    '{{ macros.ds_add(ds, -1) }}',                                    '2026-02-28'],
  ['in SQL of another zone',           "{{ logicalDate | format('yyyy-MM-dd HH:mm', 'UTC') }}",          '2026-02-28 15:00'],
];

const say = (VALUE: string) =>
  new DAG({ dagId: 'variables', schedule: '0 0 * * *', timezone: 'Asia/Tokyo' }, () => {
    new BashOperator({ taskId: 'say', command: 'echo "$VALUE"', env: { VALUE } });
  });

describe.each(VARIABLES)('%s', (_digdag, here, value) => {
  test(`is ${here}`, async () => {
    expect((await runDag(say(here), { logicalDate: SESSION })).assertSucceeded().output('say')).toBe(value);
  });
});

// biome-ignore format: a table
test.each([
  // day            next day      the same day, compact
  ['2024-02-28',    '2024-02-29', '20240228'],
  ['2024-02-29',    '2024-03-01', '20240229'],
  ['2026-12-31',    '2027-01-01', '20261231'],
])('the day after %s is %s', async (ds, next, compact) => {
  const run = await runDag(say('{{ ds | ds_add(1) }} {{ ds | ds_nodash }}'), { logicalDate: `${ds}T00:00:00+09:00` });
  expect(run.output('say')).toBe(`${next} ${compact}`);
});

test('a name that is none fails the task and says which was meant', async () => {
  const run = await runDag(say('{{ session_date }}'));
  expect(run.assertFailed().attempts[0]!.error!.message).toMatch(/session_date/);
});
