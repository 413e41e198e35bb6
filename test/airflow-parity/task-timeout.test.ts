import { DAG, type Duration, Sensor, TaskDeferred, TaskRescheduled, task } from '@tsflow/core';
import { runDag, takes } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** `executionTimeout` counts in each try from its start, waiting included; a sensor's `timeout` counts over all of its looks. */

const minutes = (from: Date | null, to: Date | null) => (to!.getTime() - from!.getTime()) / 60_000;

// biome-ignore format: a table
test.each([
  // takes   limit   retries  state       tries  each took (minutes)
  ['50m',    '1h',   0,       'success',  1,     [50]],
  ['60m',    '61m',  0,       'success',  1,     [60]],
  ['2h',     '1h',   0,       'failed',   1,     [60]],
  ['2h',     '1h',   2,       'failed',   3,     [60, 60, 60]],   // each try has all of it
  ['2h',     null,   0,       'success',  1,     [120]],
] as const)('a task of %s with a limit of %s and %i retries is %s', async (long, executionTimeout, retries, state, tries, took) => {
  const options = { retries, retryDelay: '5m', ...(executionTimeout === null ? {} : { executionTimeout }) };
  const dag = new DAG({ dagId: 'slow' }, () => void task('work', () => 1, {}, options));
  const run = await runDag(dag, { tasks: { work: takes(long) } });
  run.assertStates({ work: state });
  expect(run.tries.work).toBe(tries);
  expect(run.attempts.map(({ startDate, endDate }) => minutes(startDate, endDate))).toEqual(took);
});

const INSTANT = { kind: 'instant', at: '2026-01-01T02:00:00.000Z' } as const;

// biome-ignore format: a table
test.each([
  // how it waits until two o'clock                                                limit   state
  ['deferred',     () => { throw new TaskDeferred(INSTANT); },                     '1h',   'failed'],
  ['deferred',     () => { throw new TaskDeferred(INSTANT); },                     '3h',   'success'],
  ['rescheduled',  () => { throw new TaskRescheduled(new Date(INSTANT.at)); },     '1h',   'failed'],
  ['rescheduled',  () => { throw new TaskRescheduled(new Date(INSTANT.at)); },     '3h',   'success'],
] as const)('waiting %s counts as well: at most %s is %s', async (_how, wait, executionTimeout, state) => {
  const dag = new DAG({ dagId: 'waits' }, () => {
    task('work', ({ calls }) => (calls === 0 ? wait() : undefined), {}, { executionTimeout });
  });
  const run = await runDag(dag, { now: '2026-01-01T00:00:00Z' });
  run.assertStates({ work: state });
  if (state === 'failed') expect(run.reasons.work).toMatch(/longer than its executionTimeout of 1h/);
});

describe('the timeout of a sensor', () => {
  let looks = 0;
  class Never extends Sensor {
    static override readonly fields = Sensor.fields;
    poke(): boolean {
      looks += 1;
      if (looks === 2 && this.taskId === 'throws_once') throw new Error('the line is bad');
      return false;
    }
  }
  const sensor = (taskId: string, more: object = {}) =>
    new DAG({ dagId: 'waits' }, () => {
      const never = new Never({ taskId, timeout: '1h', pokeInterval: '10m', mode: 'reschedule', ...more });
      never.before(task('after', () => 1));
    });

  // biome-ignore format: a table
  test.each([
    // what                                    task           options                                            state      after              tries
    ['fails for good, whatever retries',       'never',       { retries: 3 },                                    'failed',  'upstream_failed', 1],
    ['skips, when told so',                    'never',       { retries: 3, onTimeout: 'skip' },                 'skipped', 'skipped',         1],
    ['goes on, when told so',                  'never',       { retries: 3, onTimeout: 'continue' },             'success', 'success',         1],
    ['counts over retries',                    'throws_once', { retries: 3, retryDelay: '10m' },                 'failed',  'upstream_failed', 2],
    ['the same in the mode poke',              'never',       { mode: 'poke' },                                  'failed',  'upstream_failed', 1],
    ['the same in the mode defer',             'never',       { mode: 'defer' },                                 'failed',  'upstream_failed', 1],
  ] as const)('%s', async (_what, taskId, options, state, after, tries) => {
    looks = 0;
    const run = await runDag(sensor(taskId, options), { now: '2026-01-01T00:00:00Z' });
    run.assertStates({ [taskId]: state, after });
    expect(run.tries[taskId]).toBe(tries);
    const { startDate } = run.attempts.find((one) => one.taskId === taskId)!;
    const { endDate } = run.attempts.findLast((one) => one.taskId === taskId)!;
    expect(minutes(startDate, endDate)).toBe(60);
  });

  // biome-ignore format: a table
  test.each<[Duration, object, number]>([
    ['10m', {},                                                      7],   // at 0, 10 … 50, and once more at its end
    ['25m', {},                                                      4],   // 0, 25, 50, 60
    ['5m',  { exponentialBackoff: true },                            5],   // 0, 5, 15, 35, 60
    ['5m',  { exponentialBackoff: true, maxPokeInterval: '10m' },    8],   // 0, 5, 15, 25 … 55, 60
  ])('looks every %s with %o: %i times', async (pokeInterval, options, expected) => {
    looks = 0;
    await runDag(sensor('never', { pokeInterval, ...options }));
    expect(looks).toBe(expected);
  });
});
