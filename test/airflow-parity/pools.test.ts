import { whyTask } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import type { TaskSpec } from '../support/serialized-dag.ts';
import {
  endless,
  endOne,
  type LimitRow,
  playLimit,
  runningIs,
  setPool,
  tasks,
  wide,
} from '../support/slots.ts';
import { DATABASES } from '../support/store.ts';

/** Pools: slots that tasks of all DAGs share (semantics, section 8), also while they are deferred, and what changing one does. */

const ROWS: readonly LimitRow[] = [
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
];

describe.each(DATABASES)('pools on %s', (dialect) => {
  it.each(ROWS)('$name: $expected at once, and everything gets its turn', (row) => playLimit(dialect, row));

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
