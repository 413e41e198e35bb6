import { DAG, DeltaSensor, TimeSensor, task, WaitUntil } from '@tsflow/core';
import type { Wait } from '@tsflow/core/dag';
import { runDag } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Waiting for a time of day, an instant, or so long after something. What is late is passed at once. */

const NOW = '2026-03-10T04:00:00Z';

// biome-ignore format: a table
test.each([
  // what                                                the DAG's zone   the sensor                                                                                         passed at
  ['a time of day that comes',                           'UTC',           () => new TimeSensor({ taskId: 'wait', time: '06:00' }),                                           '2026-03-10T06:00:00Z'],
  ['with seconds',                                       'UTC',           () => new TimeSensor({ taskId: 'wait', time: '04:00:30' }),                                        '2026-03-10T04:00:30Z'],
  ['one that has passed today',                          'UTC',           () => new TimeSensor({ taskId: 'wait', time: '03:59' }),                                           NOW],
  ['in the zone of the DAG',                             'Asia/Tokyo',    () => new TimeSensor({ taskId: 'wait', time: '14:00' }),                                           '2026-03-10T05:00:00Z'],
  ['… whose day is another one',                         'Pacific/Auckland', () => new TimeSensor({ taskId: 'wait', time: '18:00' }),                                        '2026-03-10T05:00:00Z'],   // 17:00 of the 10th there
  ['… which may be tomorrow in UTC',                      'America/New_York', () => new TimeSensor({ taskId: 'wait', time: '23:30' }),                                        '2026-03-11T03:30:00Z'],   // 00:00 of the 10th there
  ['in a zone of its own',                               'UTC',           () => new TimeSensor({ taskId: 'wait', time: '14:00', timezone: 'Asia/Tokyo' }),                   '2026-03-10T05:00:00Z'],
  ['an instant',                                         'UTC',           () => new WaitUntil({ taskId: 'wait', until: new Date('2026-03-10T04:30:00Z') }),                  '2026-03-10T04:30:00Z'],
  ['an instant that has passed',                         'UTC',           () => new WaitUntil({ taskId: 'wait', until: '2020-01-01T00:00:00Z' }),                            NOW],
  ['text without an offset: in the zone of the DAG',     'Asia/Tokyo',    () => new WaitUntil({ taskId: 'wait', until: '2026-03-10T13:30' }),                                '2026-03-10T04:30:00Z'],
  ['a template',                                         'UTC',           () => new WaitUntil({ taskId: 'wait', until: '{{ ds }}T05:15:00Z' }),                              '2026-03-10T05:15:00Z'],
  ['a function of the context',                          'UTC',           () => new WaitUntil({ taskId: 'wait', until: ({ logicalDate }) => new Date(+logicalDate + 60_000) }), '2026-03-10T04:01:00Z'],
  ['so long after the end of the data interval',         'UTC',           () => new DeltaSensor({ taskId: 'wait', delta: '2h' }),                                            '2026-03-10T06:00:00Z'],
  ['so long after the start of the run',                 'UTC',           () => new DeltaSensor({ taskId: 'wait', delta: '90m', from: 'runStart' }),                         '2026-03-10T05:30:00Z'],
  ['a number is seconds',                                'UTC',           () => new DeltaSensor({ taskId: 'wait', delta: 45, from: 'runStart' }),                            '2026-03-10T04:00:45Z'],
] as const)('%s', async (_what, timezone, sensor, passed) => {
  const dag = new DAG({ dagId: 'waits', timezone }, () => {
    sensor().before(task('after', () => new Date().toISOString()));
  });
  const run = (await runDag(dag, { now: NOW })).assertSucceeded();
  expect(Date.parse(String(run.output('after')))).toBe(Date.parse(passed));
});

describe.each(DATABASES)('on %s', (dialect) => {
  const soon = (ms = 300) => ({ kind: 'instant', at: new Date(Date.now() + ms).toISOString() }) as const;
  const late: Wait = { kind: 'instant', at: '2020-01-01T00:00:00.000Z' };

  it.each<[string, () => Wait]>([
    ['an instant that has passed', () => late],
    ['an instant that comes', soon],
    ['a time of day that has passed', () => ({ kind: 'time', time: '00:00', timezone: 'UTC' })],
    ['a delta from the end of the interval', () => ({ kind: 'delta', ms: 1, from: 'dataIntervalEnd' })],
    ['a delta from the start of the run', () => ({ kind: 'delta', ms: 200, from: 'runStart' })],
  ])('%s passes without a process', async (_name, wait) => {
    await using harness = await SchedulerHarness.start(
      dialect,
      [serializedDag('etl', { wait: { wait: wait() } })],
      () => null,
    );
    const runId = await harness.trigger('etl');
    await harness.runIs('etl', runId, 'success');
    expect(harness.executor.granted).toEqual([]);
    const { wait: task } = await harness.tasks('etl', runId);
    expect(task).toMatchObject({ state: 'success', tryNumber: 1 });
    expect(await harness.store.turns.attempt(task!.attemptId!)).toMatchObject({ state: 'success' });
  });
});
