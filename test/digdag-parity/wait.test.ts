import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAG, DeltaSensor, FileSensor, type OnTimeout, task } from '@tsflow/core';
import { runDag, startDag, takes } from '@tsflow/testing';
import { afterAll, describe, expect, test } from 'vitest';

/** `wait>: 10m`: the next task begins so much later, and nobody holds a process or a slot for it. */
// biome-ignore format: a table
test.each([['10s', 10], ['90m', 5_400], [45, 45]] as const)('wait %s', async (delta, seconds) => {
  // One task at a time: the other one runs although the wait has begun, so that holds no slot.
  const dag = new DAG({ dagId: 'wait', maxActiveTasks: 1 }, () => {
    new DeltaSensor({ taskId: 'wait', delta, from: 'runStart' }).before(task('next', () => 1));
    task('beside', () => 1, {}, { priorityWeight: 0 });
  });
  const run = (await runDag(dag, { tasks: { beside: takes('5s') } })).assertSucceeded();
  expect(run.order).toEqual(['wait', 'beside', 'next']);
  const [, beside, next] = run.attempts.map(({ startDate }) => startDate!.getTime());
  expect((next! - beside!) / 1_000).toBe(seconds);
});

/** `s3_wait>` with `${session_date}` in the path: here the day is that of the DAG's zone, and every wait has a timeout. */
describe('a file of the day', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-wait-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const waiting = (timezone: string, onTimeout: OnTimeout = 'fail') =>
    new DAG({ dagId: 'arrival', timezone }, () => {
      const arrived = new FileSensor({
        taskId: 'arrived',
        path: `${folder}/{{ ds }}.done`,
        pokeInterval: '1m',
        timeout: '1h',
        onTimeout,
      });
      arrived.before(
        task('query', async ({ xcom }) => (await xcom.pull('arrived', 'timed_out')) ?? 'in time'),
      );
    });

  // biome-ignore format: a table
  test.each([
    // zone                instant                   the file that is waited for
    ['Asia/Tokyo',         '2026-02-28T20:00:00Z',   '2026-03-01.done'],
    ['UTC',                '2026-02-28T20:00:00Z',   '2026-02-28.done'],
    ['America/New_York',   '2026-03-02T03:00:00Z',   '2026-03-01.done'],
  ])('in %s at %s is %s', async (timezone, logicalDate, file) => {
    await using played = await startDag(waiting(timezone), { now: logicalDate });
    const runId = await played.trigger({ logicalDate });
    await played.advance('10m');
    expect((await played.report(runId)).states.query).toBe('none');
    writeFileSync(join(folder, file), '');
    const run = (await played.finished(runId)).assertSucceeded();
    expect([run.output('query'), run.output('arrived')]).toEqual(['in time', join(folder, file)]);
    rmSync(join(folder, file));
  });

  // biome-ignore format: a table
  test.each([
    // when it never comes   the wait    what follows        the run
    ['fail',                 'failed',   'upstream_failed',  'failed'],
    ['skip',                 'skipped',  'skipped',          'success'],
    ['continue',             'success',  'success',          'success'],
  ] as const)('%s after an hour', async (onTimeout, wait, query, state) => {
    const run = await runDag(waiting('UTC', onTimeout));
    expect([run.states.arrived, run.states.query, run.state]).toEqual([wait, query, state]);
    if (onTimeout === 'continue') expect(run.output('query')).toBe(true);
  });
});
