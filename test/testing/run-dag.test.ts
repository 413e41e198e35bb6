import {
  BashOperator,
  branch,
  chain,
  DAG,
  EmptyOperator,
  expand,
  group,
  TaskRescheduled,
  task,
  Variable,
} from '@tsflow/core';
import { fails, failsForGood, RunStuckError, returns, runDag, skips, startDag, takes } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const limit = Variable.number('limit', { default: 2 });

const sales = new DAG(
  {
    dagId: 'sales',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    params: z.object({ mode: z.enum(['all', 'day']).default('day') }),
    defaultArgs: { retries: 2, retryDelay: '10m' },
  },
  ({ task: typed }) => {
    const extract = typed('extract', async ({ params, log, connections }) => {
      const { host } = await connections.get('shop');
      log.info(`reading ${params.mode} from ${host}`);
      return [{ id: 1, amount: 5 }];
    });
    const load = task('load', async ({ variables }, { rows }) => rows.slice(0, await variables.get(limit)), {
      rows: extract.output,
    });
    const report = new BashOperator({
      taskId: 'report',
      command: 'echo "$DAY"',
      env: { DAY: ({ ds }) => ds },
    });
    chain(load, report);
    return { extract, load, report };
  },
);

const shop = { connections: { shop: { host: 'shop.example', password: 'hunter22' } } };

describe('a run', () => {
  test('tells states, order, values with their types, rendered fields and logs', async () => {
    const run = await runDag(sales, { ...shop, logicalDate: '2026-02-28T18:00:00Z', conf: { mode: 'all' } });
    run.assertSucceeded().assertStates({ extract: 'success', load: 'success', report: 'success' });
    expect(run.order).toEqual(['extract', 'load', 'report']);
    const rows: { id: number; amount: number }[] = run.output(sales.exports.load);
    expect(rows).toEqual([{ id: 1, amount: 5 }]);
    expect(run.output(sales.exports.report)).toBe('2026-03-01');
    expect(run.output('extract')).toEqual(rows);
    expect(run.rendered('report')).toMatchObject({ env: { DAY: '2026-03-01' } });
    expect(run.logs('extract')).toEqual(['reading all from shop.example']);
    expect(run.dataInterval.start).toEqual(new Date('2026-02-27T18:00:00Z'));
  });

  test('takes values for tasks, Variables and Connections from the test alone', async () => {
    const run = await runDag(sales, {
      variables: { limit: 1 },
      tasks: {
        extract: returns([
          { id: 1, amount: 5 },
          { id: 2, amount: 6 },
        ]),
        report: returns('done'),
      },
    });
    expect(run.assertSucceeded().output(sales.exports.load)).toHaveLength(1);
    const missing = await runDag(sales, { tasks: { report: returns(null) } });
    expect(missing.attempts[0]!.error!.message).toMatch(/"shop".*connections: \{ "shop"/);
  });

  test('refuses conf that does not fit, and names of tasks that do not exist', async () => {
    // @ts-expect-error 'week' is no mode
    await expect(runDag(sales, { conf: { mode: 'week' } })).rejects.toThrow(/mode/);
    await expect(runDag(sales, { tasks: { extrakt: returns(1) } })).rejects.toThrow(/Did you mean "extract"/);
    const run = await runDag(sales, shop);
    expect(() => run.output('loads')).toThrow(/Did you mean "load"/);
  });
});

describe('time', () => {
  test('retries wait on the virtual clock alone', async () => {
    const run = await runDag(sales, {
      ...shop,
      logicalDate: '2026-01-01',
      tasks: { extract: fails(2, { afterwards: returns([]) }), report: returns(null) },
    });
    run.assertSucceeded();
    expect(run.order).toEqual(['extract', 'extract', 'extract', 'load', 'report']);
    expect(run.tries.extract).toBe(3);
    expect(run.attempts.slice(0, 3).map(({ startDate }) => startDate!.toISOString())).toEqual([
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:10:00.000Z',
      '2026-01-01T00:20:00.000Z',
    ]);
  });

  test('Date tells virtual time in a task, and a task that asks to be called again is', async () => {
    const seen: string[] = [];
    const waiting = new DAG({ dagId: 'waiting' }, () => {
      task('wait', ({ dataInterval }) => {
        seen.push(new Date().toISOString());
        if (Date.now() < dataInterval.end.getTime() + 7_200_000) throw new TaskRescheduled('1h');
        return dataInterval.end;
      });
    });
    const run = await runDag(waiting, { logicalDate: '2030-06-01' });
    run.assertSucceeded();
    expect(seen).toEqual([
      '2030-06-01T00:00:00.000Z',
      '2030-06-01T01:00:00.000Z',
      '2030-06-01T02:00:00.000Z',
    ]);
    expect(run.tries.wait).toBe(1);
    expect(new Date().getFullYear()).toBeLessThan(2030);
  });

  test('fakes take virtual time: tasks overlap, limits of time are met', async () => {
    const dag = new DAG({ dagId: 'long' }, () => {
      const fast = new EmptyOperator({ taskId: 'start' });
      const a = task('a', () => 1, {}, { executionTimeout: '1h' });
      const b = task('b', () => 2);
      chain(fast, [a, b]);
    });
    const run = await runDag(dag, { tasks: { a: takes('2h'), b: takes('90m') } });
    run.assertFailed().assertStates({ a: 'failed', b: 'success' });
    const took = (id: string) => {
      const { startDate, endDate } = run.attempts.find(({ taskId }) => taskId === id)!;
      return (endDate!.getTime() - startDate!.getTime()) / 60_000;
    };
    expect([took('a'), took('b')]).toEqual([60, 90]);
    expect(run.attempts.find(({ taskId }) => taskId === 'a')!.error!.message).toMatch(
      /executionTimeout of 1h/,
    );
  });

  test('a schedule plays while the clock moves', async () => {
    await using test = await startDag(sales, {
      now: '2026-03-01T00:00:00Z',
      schedule: true,
      tasks: { extract: returns([]), report: returns(null) },
    });
    await test.advanceTo('2026-03-03T18:00:00Z');
    const runs = await test.runs();
    expect(runs.map(({ runId, state }) => `${runId} ${state}`)).toEqual([
      'scheduled__2026-03-01T18:00:00Z success',
      'scheduled__2026-03-02T18:00:00Z success',
      'scheduled__2026-03-03T18:00:00Z success',
    ]);
  });

  test('a run that can never end is given up in words', async () => {
    const forever = new DAG({ dagId: 'forever' }, () => {
      task('poll', () => {
        throw new TaskRescheduled('1d');
      });
    });
    const stuck = await runDag(forever, { timeLimit: '5d' }).catch((error: unknown) => error);
    expect(stuck).toBeInstanceOf(RunStuckError);
    expect((stuck as RunStuckError).message).toMatch(
      /has not ended within 5d.*\n\n.*running\n {2}poll {2}up_for_reschedule/,
    );
  });
});

describe('what people do', () => {
  test('clear, with the code as it is', async () => {
    await using test = await startDag(sales, {
      ...shop,
      tasks: { load: fails(3, { afterwards: returns([]) }) },
    });
    const runId = await test.trigger();
    (await test.finished(runId)).assertFailed().assertStates({ load: 'failed', report: 'upstream_failed' });
    await test.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
    const again = (await test.finished(runId)).assertSucceeded();
    expect(again.tries).toEqual({ extract: 1, load: 4, report: 1 });
    await expect(test.ask({ kind: 'clear', payload: { runId: 'nope' } })).rejects.toThrow(/nope/);
  });

  test('kill while tasks run', async () => {
    await using test = await startDag(sales, { ...shop, tasks: { load: takes('3h') } });
    const runId = await test.trigger();
    await test.advance('1h');
    expect((await test.report(runId)).states.load).toBe('running');
    await test.ask({ kind: 'kill', payload: { runId } });
    (await test.finished(runId)).assertFailed();
  });

  test('change a Variable while it runs', async () => {
    await using test = await startDag(sales, { variables: { parallelism: 0 }, ...shop });
    const runId = await test.trigger();
    await expect(test.finished(runId)).rejects.toThrow(/Nothing can move the run/);
    await test.setVariable('parallelism', 1);
    (await test.finished(runId)).assertSucceeded();
  });
});

test('branches, groups and skips are decided as in production', async () => {
  const dag = new DAG({ dagId: 'shapes' }, () => {
    const stage = group('stage', () => ({ inner: task('inner', () => 1) }));
    const other = task('other', () => 2);
    const join = new EmptyOperator({ taskId: 'join', triggerRule: 'none_failed_min_one_success' });
    branch('pick', () => 'stage', { stage, other });
    chain([stage, other], join);
  });
  const run = await runDag(dag);
  run.assertSucceeded().assertStates({ 'stage.inner': 'success', other: 'skipped', join: 'success' });
  const fakedChoice = await runDag(dag, { tasks: { pick: returns('other') } });
  fakedChoice.assertStates({ 'stage.inner': 'skipped', other: 'success' });
  const none = await runDag(dag, {
    tasks: { pick: returns(['stage', 'other']), 'stage.inner': skips(), other: failsForGood() },
  });
  none.assertFailed().assertStates({ 'stage.inner': 'skipped', other: 'failed', join: 'upstream_failed' });
});

test('a failed expectation tells the whole story', async () => {
  const dag = new DAG({ dagId: 'story', defaultArgs: { retries: 1 } }, () => {
    const load = task('load', ({ log }) => {
      log.info('read 3 rows');
      throw new RangeError('row 2 has no amount');
    });
    chain(
      load,
      task('report', () => 1),
    );
  });
  const run = await runDag(dag);
  expect(() => run.assertSucceeded()).toThrow(
    /^The run is failed, expected success\.\n\nRun manual__.*: failed\n {2}load {4}failed after 2 tries: row 2 has no amount\n {2}report {2}upstream_failed: load is failed\n\nload, try 2, failed.*:\n {2}RangeError: row 2 has no amount\n.*run-dag\.test\.ts[\s\S]*last lines of its log:\n {4}info read 3 rows/,
  );
  expect(() => run.assertStates({ report: 'success' })).toThrow(
    /^report is upstream_failed, expected success/,
  );
});

test('runs at the same time have clocks of their own', async () => {
  const dag = new DAG({ dagId: 'dates' }, () => {
    task('year', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return new Date().getFullYear();
    });
  });
  const years = [2001, 2002, 2003];
  const runs = await Promise.all(years.map((year) => runDag(dag, { logicalDate: `${year}-06-01` })));
  expect(runs.map((run) => run.output('year'))).toEqual(years);
});

test('instances of a mapped task have names of their own, and a fake answers for each', async () => {
  const dag = new DAG({ dagId: 'mapped' }, () => {
    const list = task('list', () => [1, 2, 3]);
    const each = task('each', (_context, { n }) => n * 10, { n: expand(list.output) });
    const sum = task('sum', (_context, { all }) => all.reduce((a, b) => a + b, 0), { all: each.output });
    return { sum };
  });
  const run = await runDag(dag);
  run.assertSucceeded().assertStates({ 'each[0]': 'success', 'each[2]': 'success' });
  expect([run.output('each[1]'), run.output(dag.exports.sum)]).toEqual([20, 60]);
  const faked = await runDag(dag, {
    tasks: { each: returns(({ context, fields }) => context.mapIndex + (fields.inputs as { n: number }).n) },
  });
  expect(faked.output(dag.exports.sum)).toBe(9);
  const empty = await runDag(dag, { tasks: { list: returns([]) } });
  empty.assertStates({ each: 'skipped', sum: 'skipped' });
});

test('a group begins again under the virtual clock, without waiting', async () => {
  const dag = new DAG({ dagId: 'again' }, () => {
    const etl = group(
      'etl',
      () => {
        const extract = task('extract', () => [1, 2]);
        return task('load', (_context, { rows }) => rows.length, { rows: extract.output });
      },
      { retries: 2, retryDelay: '1h' },
    );
    etl.before(task('publish', () => 'done'));
  });
  const run = await runDag(dag, { tasks: { 'etl.load': fails(2) } });
  run.assertSucceeded();
  expect(run.order).toEqual([
    ...['etl.extract', 'etl.load', 'etl.extract', 'etl.load', 'etl.extract', 'etl.load'],
    'publish',
  ]);
});
