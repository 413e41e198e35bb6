import {
  Asset,
  AssetSensor,
  DAG,
  DeltaSensor,
  EnsureDagRunOperator,
  ExternalRunSensor,
  ExternalTaskSensor,
  expand,
  TimeSensor,
  TriggerDagRunOperator,
  task,
} from '@tsflow/core';
import {
  buildDagGraph,
  type SimulatedDag,
  type SimulatedLimits,
  type Simulation,
  simulate,
} from '@tsflow/core/rules';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';
import { timetableFromSchedule } from '@tsflow/core/timetables';
import { describe, expect, test } from 'vitest';
import { parseTasks } from '../support/played-dag.ts';
import { serializedDag } from '../support/serialized-dag.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-01-01T00:00:00Z');

function dag(
  dagId: string,
  schedule: string,
  tasks: string,
  minutes: Readonly<Record<string, number>>,
  options: Partial<SerializedDag> = {},
): SimulatedDag {
  const graph = buildDagGraph(serializedDag(dagId, parseTasks(tasks), options), 'v1');
  const timetable = timetableFromSchedule(schedule, { timezone: options.timezone ?? 'UTC', startDate: null });
  return { graph, timetable, durationMs: (taskId) => (minutes[taskId] ?? 1) * MINUTE };
}

const limits = (parallelism: number): SimulatedLimits => ({
  parallelism: () => parallelism,
  poolSlots: (pool) => (pool.startsWith('one') ? 1 : -1),
  countsDeferred: (pool) => pool === 'one with deferred',
  read: (limit) => Number(limit),
});

function play(dags: readonly SimulatedDag[], hours: number, parallelism = 16): Simulation {
  return simulate({ dags, limits: limits(parallelism), start: START, end: START + hours * 60 * MINUTE });
}

/** `etl 60..62`: a run with the minutes at which it began and ended. */
const runs = ({ runs: all }: Simulation) =>
  all.map(
    ({ dagId, startDate, endDate }) =>
      `${dagId} ${(startDate - START) / MINUTE}..${(endDate - START) / MINUTE}`,
  );

describe('what fires when', () => {
  test('every tick of the time, both ends included, tasks one after the other', () => {
    expect(runs(play([dag('etl', '0 * * * *', 'a -> b', { a: 5, b: 2 })], 2))).toEqual([
      'etl 0..7',
      'etl 60..67',
      'etl 120..127',
    ]);
  });

  test('zones, and runs that begin before the end and end after it', () => {
    const tokyo = dag('tokyo', '0 10 * * *', 'a', { a: 90 }, { timezone: 'Asia/Tokyo' });
    expect(runs(play([tokyo], 1))).toEqual(['tokyo 60..150']);
  });

  test('a branch goes every way, an empty task takes no slot and no time', () => {
    const simulation = play([dag('b', '@daily', 'start empty -> pick branch -> a, b -> join empty', {})], 1);
    expect(simulation.runs[0]!.tasks.map(({ taskId }) => taskId)).toEqual([
      'start',
      'pick',
      'a',
      'b',
      'join',
    ]);
    expect(Math.max(...simulation.slots.map(({ used }) => used))).toBe(2);
  });
});

test('what is mapped over an output is one instance, over a list as many as it has', () => {
  const mapped = new DAG({ dagId: 'mapped', schedule: '@daily' }, () => {
    const list = task('list', () => [1, 2, 3]);
    task('each', (_context, { n }) => n, { n: expand(list.output) });
    task('letters', (_context, { letter }) => letter, { letter: expand(['x', 'y']) });
  });
  const graph = buildDagGraph(serializeDag(mapped), 'v1');
  const [run] = play([{ graph, timetable: mapped.timetable, durationMs: () => MINUTE }], 1).runs;
  expect(run!.tasks.map(({ taskId }) => taskId)).toEqual(['list', 'each', 'letters', 'letters']);
});

describe('what waits', () => {
  test('for slots: the heavier first', () => {
    const light = dag('light', '@daily', 'a', { a: 10 });
    const heavy = dag('heavy', '@daily', 'a weight=9', { a: 10 });
    const simulation = play([light, heavy], 1, 1);
    expect(
      simulation.runs.map(
        ({ dagId, tasks: [task] }) => `${dagId} ${(task!.startDate - task!.scheduledAt) / MINUTE}`,
      ),
    ).toEqual(['heavy 0', 'light 10']);
    expect(simulation.slots.map(({ used, waiting }) => [used, waiting])).toEqual([
      [1, 1],
      [1, 0],
      [0, 0],
    ]);
  });

  test('for a pool', () => {
    const pooled = dag('pooled', '@daily', 'a, b, c', {});
    for (const task of pooled.graph.tasks) Object.assign(task.spec, { pool: 'one' });
    const simulation = play([pooled], 1);
    expect(runs(simulation)).toEqual(['pooled 0..3']);
    expect(simulation.pools.get('one')).toBe(1);
  });

  test('for the run before, under maxActiveRuns, and a queue that grows', () => {
    const slow = dag('slow', '0 * * * *', 'a', { a: 90 }, { maxActiveRuns: 1, catchup: true });
    expect(runs(play([slow], 3))).toEqual(['slow 0..90', 'slow 90..180', 'slow 180..270', 'slow 270..360']);
  });

  test('… where a DAG that does not catch up takes the newest tick alone', () => {
    const slow = dag('slow', '0 * * * *', 'a', { a: 150 }, { maxActiveRuns: 1 });
    const simulation = play([slow], 3);
    expect(runs(simulation)).toEqual(['slow 0..150', 'slow 150..300']);
    expect(simulation.passed.map(({ dueAt, reason }) => [(dueAt - START) / MINUTE, reason])).toEqual([
      [60, 'superseded'],
    ]);
  });

  test('… unless it is late: then its run waits in the queue, one at a time, as the scheduler has it', () => {
    const deadlines = [
      { name: 'soon', taskId: null, by: null, withinMs: 10 * MINUTE, callback: false },
      { name: 'later', taskId: null, by: null, withinMs: 20 * MINUTE, callback: false },
    ];
    const slow = dag('slow', '0 * * * *', 'a', { a: 150 }, { maxActiveRuns: 1, deadlines });
    const simulation = play([slow], 2);
    expect(runs(simulation)).toEqual(['slow 0..150', 'slow 150..300', 'slow 300..450']);
    expect(simulation.runs.map(({ dueAt }) => (dueAt - START) / MINUTE)).toEqual([0, 60, 120]);
    expect(simulation.runs.map(({ missed }) => missed.map(({ name }) => name))).toEqual([
      ['soon', 'later'],
      ['soon', 'later'],
      ['soon', 'later'],
    ]);
    expect(simulation.passed).toEqual([]);
  });

  test('… and is not late where there is room in time', () => {
    const deadlines = [{ name: 'soon', taskId: null, by: null, withinMs: 40 * MINUTE, callback: false }];
    const slow = dag('slow', '0 * * * *', 'a', { a: 70 }, { maxActiveRuns: 1, deadlines });
    const simulation = play([slow], 2);
    expect(runs(simulation)).toEqual(['slow 0..70', 'slow 70..140', 'slow 140..210']);
    expect(simulation.runs.map(({ missed }) => missed.length)).toEqual([1, 1, 1]);
    expect(simulation.passed).toEqual([]);
  });

  test('unless ticks without room are passed over', () => {
    const slow = dag('slow', '0 * * * *', 'a', { a: 90 }, { maxActiveRuns: 1, onOverlap: 'skip' });
    const simulation = play([slow], 4);
    expect(runs(simulation)).toEqual(['slow 0..90', 'slow 120..210', 'slow 240..330']);
    expect(simulation.passed.map(({ dueAt, reason }) => [(dueAt - START) / MINUTE, reason])).toEqual([
      [60, 'overlap'],
      [180, 'overlap'],
    ]);
  });

  test('for the task of the run before, which depends on its past', () => {
    const past = dag('past', '0 * * * *', 'a past', { a: 90 });
    expect(play([past], 2).runs.map(({ tasks: [task] }) => (task!.startDate - START) / MINUTE)).toEqual([
      0, 90, 180,
    ]);
  });
});

test('deadlines that are missed, by the clock and by duration', () => {
  const deadlines = [
    { name: 'by half past', taskId: null, by: '00:30', withinMs: null, callback: false },
    { name: 'a in ten minutes', taskId: 'a', by: null, withinMs: 10 * MINUTE, callback: false },
    { name: 'all in 35 minutes', taskId: null, by: null, withinMs: 35 * MINUTE, callback: false },
    { name: 'b in an hour', taskId: 'b', by: null, withinMs: 60 * MINUTE, callback: false },
  ];
  const late = dag('late', '@daily', 'a -> b', { a: 20, b: 15 }, { deadlines });
  const [run] = play([late], 1).runs;
  expect(run!.missed.map(({ name }) => name)).toEqual(['by half past', 'a in ten minutes']);
});

// A month of them is four times as much, and no more: what a run costs does not grow with their number.
test('a week of a hundred hourly DAGs takes seconds, and always the same ones', () => {
  const dags = Array.from({ length: 100 }, (_, i) =>
    dag(`d${i}`, `${i % 60} * * * *`, 'a -> b, c -> d', { a: 1 + (i % 5), b: 2 }),
  );
  const began = performance.now();
  const simulation = simulate({
    dags,
    limits: limits(32),
    start: START,
    end: START + 7 * 24 * 60 * MINUTE - 1,
  });
  expect(simulation.runs).toHaveLength(100 * 7 * 24);
  expect(Math.max(...simulation.slots.map(({ used }) => used))).toBeLessThanOrEqual(32);
  expect(performance.now() - began).toBeLessThan(30_000);
  console.info(`a week of 100 hourly DAGs: ${Math.round(performance.now() - began)} ms`);
});

describe('what waits without a process', () => {
  /** A DAG as a file has it; its tasks take the minutes of their names: `load_20`, or one. */
  const written = (made: DAG): SimulatedDag => ({
    graph: buildDagGraph(serializeDag(made), 'v1'),
    timetable: made.timetable,
    durationMs: (taskId) => Number(/_(\d+)$/.exec(taskId)?.[1] ?? 1) * MINUTE,
  });
  const orders = new Asset('orders');
  const prices = new Asset('prices');
  const daily = { schedule: '0 0 * * *' } as const;
  const none = { schedule: null } as const;
  const load = (minutes: number) =>
    written(new DAG({ dagId: 'load', ...daily }, () => void task(`load_${minutes}`, () => 1)));
  const waiting = (body: () => void, options: object = daily) =>
    written(new DAG({ dagId: 'waiting', ...options }, body));
  /** Waits five minutes, and works for one in the same pool. */
  const inPool = (pool: string) =>
    waiting(() => {
      new DeltaSensor({ taskId: 'w', delta: '5m', from: 'runStart', pool });
      task('t', () => 1, {}, { pool });
    });

  const cases: readonly (readonly [string, readonly SimulatedDag[], readonly string[]])[] = [
    [
      'for a time of the day',
      [waiting(() => new TimeSensor({ taskId: 'w', time: '01:00' }))],
      ['waiting 0..60'],
    ],
    [
      'for a time that has passed: not at all',
      [waiting(() => new TimeSensor({ taskId: 'w', time: '00:30' }), { schedule: '45 0 * * *' })],
      ['waiting 45..45'],
    ],
    [
      'so long after its start',
      [waiting(() => new DeltaSensor({ taskId: 'w', delta: '5m', from: 'runStart' }))],
      ['waiting 0..5'],
    ],
    [
      'for the run of another DAG that is played',
      [waiting(() => new ExternalRunSensor({ taskId: 'w', dagId: 'load' })), load(20)],
      ['waiting 0..20', 'load 0..20'],
    ],
    [
      'for a task of one',
      [
        waiting(() => new ExternalTaskSensor({ taskId: 'w', dagId: 'load', externalTaskId: 'load_20' })),
        load(20),
      ],
      ['waiting 0..20', 'load 0..20'],
    ],
    [
      'for one that is not played: as long as it usually takes',
      [waiting(() => new ExternalRunSensor({ taskId: 'w_30', dagId: 'load' }))],
      ['waiting 0..30'],
    ],
    [
      'no longer than it has patience, and fails',
      [waiting(() => new ExternalRunSensor({ taskId: 'w', dagId: 'load', timeout: '10m' })), load(20)],
      ['waiting 0..10 failed', 'load 0..20'],
    ],
    [
      'for a run that it asks for, of a DAG without a schedule',
      [
        waiting(() => new TriggerDagRunOperator({ taskId: 't', dagId: 'asked', waitForCompletion: true })),
        written(new DAG({ dagId: 'asked', ...none }, () => void task('a_7', () => 1))),
      ],
      ['waiting 0..7', 'asked 0..7'],
    ],
    [
      'not for a run that it only starts',
      [
        waiting(() => new TriggerDagRunOperator({ taskId: 't', dagId: 'asked' })),
        written(new DAG({ dagId: 'asked', ...none }, () => void task('a_7', () => 1))),
      ],
      ['waiting 0..0', 'asked 0..7'],
    ],
    [
      'for the run of a tick that is under way, and makes no second one',
      [waiting(() => new EnsureDagRunOperator({ taskId: 'e', dagId: 'load' })), load(9)],
      ['waiting 0..9', 'load 0..9'],
    ],
    ['and leaves the slots of its pool to others', [inPool('one')], ['waiting 0..5']],
    [
      'and keeps the slots of a pool that counts what is deferred',
      [inPool('one with deferred')],
      ['waiting 0..6'],
    ],
    [
      'for an asset',
      [
        waiting(() => new AssetSensor({ taskId: 'w', asset: orders })),
        written(
          new DAG({ dagId: 'write', ...daily }, () => void task('o_4', () => 1, {}, { outlets: [orders] })),
        ),
      ],
      ['waiting 0..4', 'write 0..4'],
    ],
    [
      'a DAG for both of its assets',
      [
        written(
          new DAG({ dagId: 'write', ...daily }, () => {
            task('o_4', () => 1, {}, { outlets: [orders] });
            task('p_6', () => 1, {}, { outlets: [prices] });
          }),
        ),
        waiting(() => void task('report_2', () => 1), { schedule: [orders, prices] }),
      ],
      ['write 0..6', 'waiting 6..8'],
    ],
    [
      'what its own limit leaves no room for',
      [
        written(
          new DAG({ dagId: 'ask', ...daily }, () => {
            for (const taskId of ['one', 'two']) new TriggerDagRunOperator({ taskId, dagId: 'asked' });
          }),
        ),
        written(new DAG({ dagId: 'asked', ...none, maxActiveRuns: 1 }, () => void task('a_7', () => 1))),
      ],
      ['ask 0..0', 'asked 0..7', 'asked 7..14'],
    ],
  ];

  test.each(cases)('%s', (_name, dags, expected) => {
    const simulation = play(dags, 1);
    const told = runs(simulation).map((run, i) =>
      simulation.runs[i]!.state === 'failed' ? `${run} failed` : run,
    );
    expect([...told].sort()).toEqual([...expected].sort());
    expect(Math.max(...simulation.slots.map(({ used }) => used))).toBeLessThanOrEqual(2);
  });

  test('for what never comes: says who, and for what', () => {
    const never = waiting(() => void new ExternalRunSensor({ taskId: 'w', dagId: 'load', timeout: '2h' }), {
      schedule: '30 0 * * *',
    });
    const simulation = play([never, load(20)], 1);
    expect(runs(simulation)).toEqual(['load 0..20', 'waiting 30..150']);
    expect(simulation.runs[1]).toMatchObject({
      state: 'failed',
      givenUp: [
        { taskId: 'w', reason: expect.stringContaining('the run of load, 2026-01-01T00:30:00.000Z') },
      ],
    });
  });
});
