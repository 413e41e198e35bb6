import type { SerializedDag } from '@tsflow/core/serialization';
import { whyTask } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Limits on what may be active at once (semantics, section 8): which tasks have a slot, and what changing a limit does. */

const names = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);
const tasks = (count: number, spec: (index: number) => TaskSpec) =>
  Object.fromEntries(names(count).map((name, i) => [name, spec(i)]));

/** Tasks that run until the test ends them. */
const endless = () => null;
const success = { kind: 'success', xcoms: {} } as const;

const running = (tsflow: SchedulerHarness) =>
  tsflow.executor.running.map(({ dagId, taskId }) => `${dagId}.${taskId}`).sort();

/** Waits until exactly `count` run, and shows that no more come: everything that was triggered has been decided by then. */
async function runningIs(tsflow: SchedulerHarness, count: number): Promise<readonly string[]> {
  await until(`${count} tasks run`, async () => tsflow.executor.running.length === count);
  await tsflow.setVariable('nothing', Math.random());
  await until('the change was seen', async () => (await tsflow.store.variables.get('nothing')) !== null);
  expect(tsflow.executor.running.length).toBe(count);
  return running(tsflow);
}

function endOne(tsflow: SchedulerHarness): void {
  tsflow.executor.finish(tsflow.executor.running[0]!, success);
}

const wide = (dagId: string, specs: Record<string, TaskSpec>, dag: Partial<SerializedDag> = {}) =>
  serializedDag(dagId, specs, { maxActiveTasks: 100, ...dag });

interface Row {
  readonly name: string;
  readonly dags: readonly SerializedDag[];
  readonly pools?: Record<string, number>;
  readonly runs?: number;
  readonly expected: number;
  /** Something of it never gets a slot. */
  readonly waits?: boolean;
}

const ROWS: readonly Row[] = [
  {
    name: 'a pool of two',
    dags: [
      wide(
        'a',
        tasks(6, () => ({ pool: 'db' })),
      ),
    ],
    pools: { db: 2 },
    expected: 2,
  },
  {
    name: 'tasks of two slots',
    dags: [
      wide(
        'a',
        tasks(6, () => ({ pool: 'db', poolSlots: 2 })),
      ),
    ],
    pools: { db: 5 },
    expected: 2,
  },
  {
    name: 'one pool, two DAGs',
    dags: ['a', 'b'].map((id) =>
      wide(
        id,
        tasks(4, () => ({ pool: 'db' })),
      ),
    ),
    pools: { db: 3 },
    expected: 3,
  },
  {
    name: 'a pool without a limit',
    dags: [
      wide(
        'a',
        tasks(6, () => ({ pool: 'db' })),
      ),
    ],
    pools: { db: -1 },
    expected: 6,
  },
  {
    name: 'a pool of nothing',
    waits: true,
    dags: [wide('a', { t: { pool: 'db' }, u: {} })],
    pools: { db: 0 },
    expected: 1,
  },
  {
    name: 'a task too large blocks nobody else',
    waits: true,
    dags: [wide('a', { big: { pool: 'db', poolSlots: 3, priorityWeight: 99 }, small: { pool: 'db' } })],
    pools: { db: 2 },
    expected: 1,
  },
  {
    name: 'a pool that nobody made',
    waits: true,
    dags: [wide('a', { t: { pool: 'gone' }, u: {} })],
    expected: 1,
  },
  {
    name: 'maxActiveTasks of the DAG, over its runs',
    dags: [
      wide(
        'a',
        tasks(3, () => ({})),
        { maxActiveTasks: 4 },
      ),
    ],
    runs: 3,
    expected: 4,
  },
  {
    name: 'maxActiveTisPerDag, over its runs',
    dags: [wide('a', { t: { maxActiveTisPerDag: 2 }, u: {} })],
    runs: 3,
    expected: 5,
  },
  {
    name: 'maxActiveTisPerDagrun, in each run',
    dags: [wide('a', { t: { maxActiveTisPerDagrun: 1 } })],
    runs: 3,
    expected: 3,
  },
  { name: 'maxActiveRuns', dags: [wide('a', { t: {} }, { maxActiveRuns: 2 })], runs: 5, expected: 2 },
  {
    name: 'a concurrency key, over DAGs',
    dags: ['a', 'b', 'c'].map((id) => wide(id, { t: { concurrency: { key: 'crm', limit: 1 } } })),
    expected: 1,
  },
  {
    name: 'n at a time under a key',
    dags: ['a', 'b'].map((id) =>
      wide(
        id,
        tasks(4, () => ({ concurrency: { key: 'crm', limit: 3 } })),
      ),
    ),
    expected: 3,
  },
  {
    name: 'different keys do not meet',
    dags: [
      wide(
        'a',
        tasks(4, (i) => ({ concurrency: { key: `k${i}`, limit: 1 } })),
      ),
    ],
    expected: 4,
  },
];

describe.each(DATABASES)('limits on %s', (dialect) => {
  it.each(ROWS)(
    '$name: $expected at once, and everything gets its turn',
    async ({ dags, pools = {}, runs = 1, expected, waits = false }) => {
      let isHeld = true;
      await using tsflow = await SchedulerHarness.start(dialect, dags, () => (isHeld ? null : success));
      for (const [name, slots] of Object.entries(pools)) await setPool(tsflow, name, slots);
      const started: [string, string][] = [];
      for (const { dagId } of dags)
        for (let i = 0; i < runs; i++) started.push([dagId, await tsflow.trigger(dagId)]);
      await runningIs(tsflow, expected);
      isHeld = false;
      for (const workload of [...tsflow.executor.running]) tsflow.executor.finish(workload, success);
      if (waits) return;
      for (const [dagId, runId] of started) await tsflow.runIs(dagId, runId, 'success');
      expect((await tsflow.store.turns.counters()).get('parallelism')).toBe(0);
    },
  );

  it('a pool that grows and shrinks while tasks run: growing starts, shrinking drains', async () => {
    const dags = [
      wide(
        'a',
        tasks(8, () => ({ pool: 'db' })),
      ),
    ];
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    await setPool(tsflow, 'db', 1);
    await tsflow.trigger('a');
    await runningIs(tsflow, 1);
    await setPool(tsflow, 'db', 4);
    await runningIs(tsflow, 4);
    await setPool(tsflow, 'db', 2);
    endOne(tsflow);
    await runningIs(tsflow, 3);
    endOne(tsflow);
    await runningIs(tsflow, 2);
    endOne(tsflow);
    await runningIs(tsflow, 2);
  });

  it('a task larger than its pool says so, and starts once the pool has grown', async () => {
    const dags = [wide('a', { big: { pool: 'db', poolSlots: 3 } })];
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    await setPool(tsflow, 'db', 2);
    const runId = await tsflow.trigger('a');
    await tsflow.taskIs('a', runId, 'big', 'scheduled');
    const why = (await whyTask(tsflow.store, 'a', runId, 'big')).find(({ name }) => name === 'pool');
    expect(why).toEqual({
      name: 'pool',
      passed: false,
      reason: 'It needs 3 slots and pool db has only 2 in all: make the pool larger.',
    });
    await until('it warns', async () =>
      tsflow.warnings.some((text) => /big of a wants 3 and pool db has only 2 slots in all/.test(text)),
    );
    await setPool(tsflow, 'db', 3);
    await tsflow.taskIs('a', runId, 'big', 'running');
  });

  it('default_pool has 128 slots, can be set and cannot be deleted', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [], endless);
    const { pools } = tsflow.store;
    expect(await pools.list(Date.now())).toMatchObject([
      { name: 'default_pool', slots: 128, used: 0, waiting: 0 },
    ]);
    await expect(pools.delete('default_pool', 'ann', 1)).rejects.toThrow(/cannot be deleted/);
    await setPool(tsflow, 'default_pool', 3);
    expect(await pools.list(Date.now())).toMatchObject([{ name: 'default_pool', slots: 3 }]);
    expect(await pools.delete('gone', 'ann', 1)).toBe(false);
    await expect(setPool(tsflow, 'db', -2)).rejects.toThrow(/from 0, or -1 for no limit, got -2/);
    await expect(setPool(tsflow, 'a b', 1)).rejects.toThrow(/expected a name/);
  });

  it('pools tell what is in use and what waits', async () => {
    const dags = [
      wide(
        'a',
        tasks(5, () => ({ pool: 'db', poolSlots: 2 })),
      ),
    ];
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    await setPool(tsflow, 'db', 4);
    await tsflow.trigger('a');
    await runningIs(tsflow, 2);
    expect(await tsflow.store.pools.list(Date.now())).toMatchObject([
      { name: 'db', slots: 4, used: 4, waiting: 6 },
      { name: 'default_pool', used: 0, waiting: 0 },
    ]);
  });

  it('a slot is given back as it was taken when a new version names another pool meanwhile', async () => {
    const before = wide('a', {
      t: { pool: 'one', concurrency: { key: 'crm', limit: 1 } },
      u: { upstream: ['t'] },
    });
    await using tsflow = await SchedulerHarness.start(dialect, [before], endless);
    await setPool(tsflow, 'one', 1);
    await setPool(tsflow, 'two', 1);
    const runId = await tsflow.trigger('a');
    await tsflow.taskIs('a', runId, 't', 'running');
    await tsflow.record(wide('a', { t: { pool: 'two' }, u: { upstream: ['t'] } }));
    // Clearing moves the run to the new version while t still has its slot of the old one.
    await tsflow.ask('a', { kind: 'clear', payload: { runId, taskIds: ['t'] } });
    await until('it runs again', async () => tsflow.executor.granted.length === 2);
    expect(Object.fromEntries(await tsflow.store.turns.counters())).toMatchObject({
      'pool:one': 0,
      'pool:two': 1,
      'key:crm': 0,
    });
  });

  it('a limit that is a daily plan follows the clock without anybody touching it', async () => {
    const live = { $variable: { name: 'live_limit', type: 'number', default: 4 } } as const;
    const dags = [
      wide(
        'file',
        tasks(4, () => ({})),
      ),
      wide(
        'live',
        tasks(4, () => ({})),
        { maxActiveTasks: live },
      ),
    ];
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    const now = new Date();
    const cron = `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    // Nothing from this minute on, and three at once from a moment to come.
    const opensAt = now.getTime() + 2_500;
    const length = `${(now.getTime() % 60_000) + 2_500}ms`;
    const plan = { default: 3, windows: [{ cron, for: length, value: 0 }], timezone: 'UTC' };
    await tsflow.setVariable('live_limit', plan);
    await tsflow.record(
      wide(
        'file',
        tasks(4, () => ({})),
        { maxActiveTasks: { $plan: plan } },
      ),
    );
    for (const { dagId } of dags) await tsflow.taskIs(dagId, await tsflow.trigger(dagId), 't0', 'scheduled');
    expect(running(tsflow)).toEqual([]);
    await runningIs(tsflow, 6);
    expect(Date.now()).toBeGreaterThanOrEqual(opensAt);
  });

  it('counts what is in use again after a restart', async () => {
    const dags = ['a', 'b'].map((id) =>
      wide(id, { t: { pool: 'db', concurrency: { key: 'crm', limit: 1 }, maxActiveTisPerDagrun: 1 } }),
    );
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    await setPool(tsflow, 'db', 5);
    await tsflow.taskIs('a', await tsflow.trigger('a'), 't', 'running');
    await tsflow.restart();
    const runId = await tsflow.trigger('b');
    const waiting = await tsflow.taskIs('b', runId, 't', 'scheduled', 'running');
    expect(Object.fromEntries(await tsflow.store.turns.counters())['key:crm']).toBe(1);
    expect(waiting.concurrencyKey).toBe('crm');
  });
});

describe.each(DATABASES)('priorities on %s', (dialect) => {
  const inOrder = (tsflow: SchedulerHarness) => tsflow.executor.granted.map(({ taskId }) => taskId);

  it('the highest weight first, over all DAGs', async () => {
    const weights = { low: 1, high: 9, middle: 5 };
    const dags = Object.entries(weights).map(([name, priorityWeight]) =>
      wide(`of_${name}`, { [name]: { priorityWeight } }),
    );
    await using tsflow = await SchedulerHarness.start(dialect, dags, () => success);
    await tsflow.setVariable('parallelism', 0);
    await until('nothing may start', async () => tsflow.executor.concurrency === 0);
    for (const { dagId } of dags) await tsflow.trigger(dagId);
    await tsflow.setVariable('parallelism', 1);
    await until('all ran', async () => inOrder(tsflow).length === 3);
    expect(inOrder(tsflow)).toEqual(['high', 'middle', 'low']);
  });

  it('a weight that is changed while tasks wait changes their order', async () => {
    const dags = [
      wide(
        'a',
        tasks(3, (i) => ({ priorityWeight: 9 - i })),
      ),
      wide('b', { late: {} }),
    ];
    await using tsflow = await SchedulerHarness.start(dialect, dags, () => success);
    await tsflow.setVariable('parallelism', 0);
    await until('nothing may start', async () => tsflow.executor.concurrency === 0);
    const first = await tsflow.trigger('a');
    const second = await tsflow.trigger('b');
    const prioritize = (
      dagId: string,
      payload: { runId: string; taskIds?: string[]; priorityWeight: number | null },
    ) => tsflow.ask(dagId, { kind: 'prioritize', payload });
    expect(await prioritize('b', { runId: second, priorityWeight: 50 })).toEqual({
      runId: second,
      tasks: ['late'],
    });
    await prioritize('a', { runId: first, taskIds: ['t2'], priorityWeight: 40 });
    await prioritize('a', { runId: first, taskIds: ['t0'], priorityWeight: -1 });
    expect(await prioritize('a', { runId: first, taskIds: ['t1'], priorityWeight: 8 })).toMatchObject({
      tasks: [],
    });
    await expect(prioritize('a', { runId: first, priorityWeight: 1.5 })).rejects.toThrow(/whole number/);
    // It is remembered, not only in memory.
    await tsflow.restart();
    await tsflow.setVariable('parallelism', 1);
    await until('all ran', async () => inOrder(tsflow).length === 4);
    expect(inOrder(tsflow)).toEqual(['late', 't2', 't1', 't0']);
  });
});

/** Each task waits for a trigger that never fires. */
const defers: Script = ({ kind }) =>
  kind === 'trigger'
    ? null
    : {
        kind: 'defer',
        savedState: null,
        deferral: {
          on: { kind: 'trigger', type: 'Never', args: {} },
          timeoutAt: null,
          onTimeout: 'fail',
          after: 'end',
        },
      };

describe.each(DATABASES)('a pool that counts deferred tasks, on %s', (dialect) => {
  const inPool = (spec: TaskSpec = {}): TaskSpec => ({ pool: 'jobs', ...spec });
  const dag = wide('jobs', {
    ...tasks(3, (i) => inPool({ poolSlots: i === 0 ? 2 : 1 })),
  });
  const use = async ({ store }: SchedulerHarness) =>
    (await store.pools.list(Date.now())).find(({ name }) => name === 'jobs');

  it.each<[includeDeferred: boolean, deferred: number, used: number]>([
    [true, 2, 3], // 2 + 1 of 3 slots: the third waits for one of them to end
    [false, 3, 0],
  ])('includeDeferred %s: %i are deferred, %i slots in use', async (includeDeferred, deferred, used) => {
    await using tsflow = await SchedulerHarness.start(dialect, [dag], defers);
    await setPool(tsflow, 'jobs', 3, includeDeferred);
    const runId = await tsflow.trigger('jobs');
    const inState = async (state: string) =>
      Object.values(await tsflow.states('jobs', runId)).filter((one) => one === state).length;
    await until(`${deferred} are deferred`, async () => (await inState('deferred')) === deferred);
    expect(await use(tsflow)).toMatchObject({ used, includeDeferred });
    expect(await inState('scheduled')).toBe(3 - deferred);
    expect(await tsflow.store.turns.auditCounters()).toEqual([]);
    // Also for another life of the scheduler, which finds them deferred.
    await tsflow.restart();
    expect(await use(tsflow)).toMatchObject({ used });
  });

  it('may begin and cease to count them while they wait', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [dag], defers);
    await setPool(tsflow, 'jobs', 3, true);
    const runId = await tsflow.trigger('jobs');
    const waiting = () =>
      until('one waits for the pool', async () => {
        const states = await tsflow.states('jobs', runId);
        return states.t0 === 'deferred' && states.t1 === 'deferred' && states.t2 === 'scheduled';
      });
    await waiting();
    const why = await whyTask(tsflow.store, 'jobs', runId, 't2');
    expect(JSON.stringify(why)).toContain('3 of 3 slots of pool jobs are in use; it needs 1.');
    await setPool(tsflow, 'jobs', 3, false);
    await tsflow.taskIs('jobs', runId, 't2', 'deferred');
    await setPool(tsflow, 'jobs', 3, true);
    const second = await tsflow.trigger('jobs');
    await until('nothing more begins', async () => {
      const states = Object.values(await tsflow.states('jobs', second));
      return states.length === 3 && states.every((state) => state === 'scheduled');
    });
    expect(await use(tsflow)).toMatchObject({ used: 4, slots: 3 });
    // One that is killed gives its slots back: of the four that were in use two are left.
    await tsflow.ask('jobs', { kind: 'kill', payload: { runId, taskIds: ['t0'] } });
    await until('one more has begun', async () =>
      Object.values(await tsflow.states('jobs', second)).includes('deferred'),
    );
    expect(await tsflow.store.turns.auditCounters()).toEqual([]);
  });

  it('counts waits that never had a process, and holds none of them up', async () => {
    const wait: TaskSpec = { pool: 'jobs', wait: { kind: 'delta', ms: 3_600_000, from: 'runStart' } };
    const waits = wide('jobs', { w0: wait, w1: wait, work: inPool() });
    await using tsflow = await SchedulerHarness.start(dialect, [waits], endless);
    await setPool(tsflow, 'jobs', 1, true);
    const runId = await tsflow.trigger('jobs');
    await until('both wait', async () => {
      const states = await tsflow.states('jobs', runId);
      return states.w0 === 'deferred' && states.w1 === 'deferred' && states.work === 'scheduled';
    });
    expect(await use(tsflow)).toMatchObject({ used: 2, slots: 1 });
    await setPool(tsflow, 'jobs', 1, false);
    await tsflow.taskIs('jobs', runId, 'work', 'running');
  });
});

function setPool(
  { store, scheduler }: SchedulerHarness,
  name: string,
  slots: number,
  includeDeferred = false,
): Promise<void> {
  return store.pools
    .set({ name, slots, includeDeferred, actor: 'ann', at: Date.now() })
    .then(() => scheduler.ping('variables'));
}

// SQLite has one scheduler.
it('what another scheduler gave back is seen within the poll', async () => {
  const dag = wide('a', { t: { concurrency: { key: 'crm', limit: 1 } } });
  await using tsflow = await SchedulerHarness.start('postgres', [dag], endless);
  const others = (used: number) =>
    tsflow.store.db
      .insertInto('counter')
      .values({ name: 'key:crm', used })
      .onConflict((on) => on.column('name').doUpdateSet({ used }))
      .execute();
  await others(1);
  const runId = await tsflow.trigger('a');
  await until(
    'it was refused the place',
    async () => (await tsflow.taskIs('a', runId, 't', 'scheduled')) !== null,
  );
  expect(running(tsflow)).toEqual([]);
  await others(0);
  await tsflow.taskIs('a', runId, 't', 'running');
});
