import { expect, test } from 'vitest';
import { z } from 'zod';
import { canonicalJson } from '../json.ts';
import { BashOperator } from '../operators/bash-operator.ts';
import { branch } from '../operators/branch-operator.ts';
import { EmptyOperator } from '../operators/empty-operator.ts';
import { shortCircuit } from '../operators/short-circuit-operator.ts';
import { serializeDag } from '../serialization/serialize-dag.ts';
import type { TaskContext } from './context.ts';
import { type AnyDag, DAG, type DagBody } from './dag.ts';
import type { DagOptions } from './dag-options.ts';
import { chain, crossDownstream } from './edges.ts';
import { Operator } from './operator.ts';
import { task } from './task.ts';
import { group } from './task-group.ts';
import { Variable } from './variable.ts';

const empty = (taskId: string) => new EmptyOperator({ taskId });
const edgesOf = (dag: AnyDag) =>
  [...dag.downstream].flatMap(([id, after]) => after.map((other) => `${id}>${other}`)).sort();
const build = (body: (dag: DagBody<unknown>) => void, options: Partial<DagOptions> = {}) =>
  new DAG({ dagId: 'd', ...options }, body as () => void);

function dailyWeather() {
  return new DAG(
    {
      dagId: 'daily_weather',
      schedule: '0 3 * * *',
      timezone: 'Asia/Tokyo',
      startDate: '2026-01-01',
      catchup: true,
      params: z.object({ mode: z.enum(['all', 'incremental']).default('incremental') }),
      maxActiveTasks: Variable.number('daily_weather_parallelism', { default: 4 }),
      defaultArgs: { retries: 2, retryDelay: '10m' },
      deadlines: [{ name: 'published', task: 'publish', by: '10:00' }],
    },
    () => {
      const extract = task('extract', async ({ dataInterval }) => [{ day: dataInterval.start, rain: 1.5 }]);
      const load = new BashOperator({
        taskId: 'load',
        command: './load.sh "$DAY"',
        env: { DAY: ({ dataInterval }) => dataInterval.start.toISOString().slice(0, 10) },
      });
      const report = task('report', async (_context, { rows }) => rows.length, { rows: extract.output });
      chain(extract, [load, report], new EmptyOperator({ taskId: 'publish' }));
    },
  );
}

test('the DAG of the design serializes to the same text each time', () => {
  const first = canonicalJson(serializeDag(dailyWeather()));
  expect(canonicalJson(serializeDag(dailyWeather()))).toBe(first);
  expect(JSON.parse(first)).toMatchObject({
    dagId: 'daily_weather',
    startDate: '2025-12-31T15:00:00.000Z',
    maxActiveTasks: { $variable: { name: 'daily_weather_parallelism', type: 'number', default: 4 } },
    paramsDefaults: { mode: 'incremental' },
    tasks: [
      { taskId: 'extract', upstream: [], retries: 2, retryDelayMs: 600_000 },
      { taskId: 'load', upstream: ['extract'], templateFields: ['command', 'env'] },
      { taskId: 'report', upstream: ['extract'], inputs: [{ taskId: 'extract', key: 'return_value' }] },
      { taskId: 'publish', upstream: ['load', 'report'], nothingToDo: true },
    ],
  });
});

test('chain joins one with all, and lists pair by pair, as in Airflow', () => {
  const dag = build(() => chain(empty('a'), [empty('b'), empty('c')], [empty('d'), empty('e')], empty('f')));
  expect(edgesOf(dag)).toEqual(['a>b', 'a>c', 'b>d', 'c>e', 'd>f', 'e>f']);
});

test('crossDownstream joins all with all', () => {
  const dag = build(() => crossDownstream([empty('a'), empty('b')], [empty('c'), empty('d')]));
  expect(edgesOf(dag)).toEqual(['a>c', 'a>d', 'b>c', 'b>d']);
});

test('before and after wire from either side', () => {
  const dag = build(() => {
    empty('b')
      .after(empty('a'))
      .before(empty('c'), [empty('d')]);
  });
  expect(edgesOf(dag)).toEqual(['a>b', 'b>c', 'b>d']);
});

test('an edge of a group starts at its leaves and ends at its roots, also through nested groups', () => {
  const dag = build(() => {
    const outer = group('outer', () => {
      const inner = group('inner', () => {
        chain(empty('r'), [empty('x'), empty('y')]);
      });
      const second = group('second', () => {
        empty('s');
      });
      // Declared before the edge that makes `second` the only leaf of `outer`.
      return { inner, second };
    });
    chain(empty('start'), outer, empty('end'));
    outer.exports.inner.before(outer.exports.second);
  });
  expect(edgesOf(dag)).toEqual([
    'outer.inner.r>outer.inner.x',
    'outer.inner.r>outer.inner.y',
    'outer.inner.x>outer.second.s',
    'outer.inner.y>outer.second.s',
    'outer.second.s>end',
    'start>outer.inner.r',
  ]);
});

test('a teardown is no leaf of its group, and a setup stands before it', () => {
  const dag = build(() => {
    const cluster = group('cluster', () => {
      const create = empty('create');
      const work = empty('work');
      chain(create, work, empty('delete').asTeardown({ setups: create }));
    });
    cluster.before(empty('after'));
  });
  expect(edgesOf(dag)).toEqual([
    'cluster.create>cluster.delete',
    'cluster.create>cluster.work',
    'cluster.work>after',
    'cluster.work>cluster.delete',
  ]);
  expect(serializeDag(dag).tasks.map((t) => [t.taskId, t.isSetup, t.isTeardown, t.triggerRule])).toEqual([
    ['cluster.create', true, false, 'all_success'],
    ['cluster.work', false, false, 'all_success'],
    ['cluster.delete', false, true, 'all_done_setup_success'],
    ['after', false, false, 'all_success'],
  ]);
});

test('defaultArgs: the task over its group over the DAG', () => {
  const dag = build(
    () => {
      empty('plain');
      group(
        'g',
        () => {
          empty('grouped');
          new EmptyOperator({ taskId: 'own', retries: 3 });
          group('deep', () => empty('deep'));
        },
        { defaultArgs: { retries: 2 } },
      );
    },
    { defaultArgs: { retries: 1, pool: 'p' } },
  );
  const settings = [...dag.tasks.values()].map(({ taskId, settings: s }) => [taskId, s.retries, s.pool]);
  expect(settings).toEqual([
    ['plain', 1, 'p'],
    ['g.grouped', 2, 'p'],
    ['g.own', 3, 'p'],
    ['g.deep.deep', 2, 'p'],
  ]);
});

test('defaultArgs reach the fields of operators that declare them', () => {
  class Query extends Operator<null, { database: string; sql: string }> {
    static override readonly fields = { database: 'template', sql: 'template' } as const;
    execute() {
      return null;
    }
  }
  const dag = build(
    () => {
      new Query({ taskId: 'q', sql: 'select 1' } as never);
      empty('e');
    },
    { defaultArgs: { database: 'sales' } as never },
  );
  expect(dag.tasks.get('q')!.fields).toEqual({ database: 'sales', sql: 'select 1' });
});

test.each<[string, string, RegExp, () => unknown]>([
  [
    'an unknown option',
    'unknown_option',
    /no option "retrys".*mean "retries"/,
    () => build(() => new EmptyOperator({ taskId: 'a', retrys: 1 } as never)),
  ],
  [
    'an unknown option of the operator',
    'unknown_option',
    /no option "comand".*mean "command"/,
    () => build(() => new BashOperator({ taskId: 'a', comand: 'x' } as never)),
  ],
  [
    'an unknown option of the DAG',
    'unknown_option',
    /no option "shedule".*mean "schedule"/,
    () => build(() => undefined, { shedule: '@daily' } as never),
  ],
  [
    'an unknown default',
    'unknown_option',
    /"retrys" of defaultArgs/,
    () => build(() => empty('a'), { defaultArgs: { retrys: 1 } as never }),
  ],
  [
    'an unknown default of a group',
    'unknown_option',
    /"retrys" of defaultArgs/,
    () => build(() => group('g', () => empty('a'), { defaultArgs: { retrys: 1 } as never })),
  ],
  [
    'an unknown param',
    'unknown_option',
    /no param "mod".*mean "mode"/,
    () =>
      new DAG(
        { dagId: 'd', params: z.object({ mode: z.string() }) },
        ({ params }) => void (params as never as { mod: 1 }).mod,
      ),
  ],
  ['two tasks of one id', 'duplicate_task_id', /two tasks "a"/, () => build(() => [empty('a'), empty('a')])],
  [
    'a task and a group of one id',
    'duplicate_group_id',
    /both called "a"/,
    () => build(() => [empty('a'), group('a', () => empty('b'))]),
  ],
  [
    'a cycle',
    'cycle',
    /a -> b -> c -> a/,
    () =>
      build(() => {
        const a = empty('a');
        chain(a, empty('b'), empty('c'), a);
      }),
  ],
  [
    'a task after itself',
    'cycle',
    /a -> a/,
    () =>
      build(() => {
        const a = empty('a');
        a.before(a);
      }),
  ],
  [
    'a cycle through a group',
    'cycle',
    /g\.x/,
    () =>
      build(() => {
        const a = empty('a');
        const g = group('g', () => empty('x'));
        chain(a, g, a);
      }),
  ],
  [
    'lists of unequal length',
    'invalid_edge',
    /one has 2 members and the next 1.*crossDownstream/,
    () => build(() => chain([empty('a'), empty('b')], [empty('c')])),
  ],
  [
    'an output in a chain',
    'invalid_edge',
    /not its output/,
    () => build(() => chain(task('a', () => 1).output as never, empty('b'))),
  ],
  [
    'an edge of an empty group',
    'invalid_edge',
    /has no tasks/,
    () =>
      build(() =>
        chain(
          group('g', () => undefined),
          empty('b'),
        ),
      ),
  ],
  [
    'a task for an input',
    'invalid_option',
    /Pass its output: \{ x: a\.output/,
    () =>
      build(() => {
        const a = task('a', () => 1);
        task('b', () => 1, { x: a });
      }),
  ],
  [
    'two continuous runs at once',
    'invalid_option',
    /DAG "d": maxActiveRuns expects 1, or nothing, with the schedule @continuous, got 2/,
    () => build(() => empty('a'), { schedule: '@continuous', maxActiveRuns: 2 }),
  ],
  ['a bad cron', 'invalid_schedule', /DAG "d"/, () => build(() => empty('a'), { schedule: '99 * * * *' })],
  [
    'a zone that does not exist',
    'invalid_option',
    /DAG "d": timezone: expected an IANA name such as "Asia\/Tokyo", got "Mars\/Base"/,
    () => build(() => empty('a'), { schedule: '@daily', timezone: 'Mars/Base' }),
  ],
  [
    'a zone that does not exist, without a schedule',
    'invalid_option',
    /Did you mean "Asia\/Tokyo"/,
    () => build(() => empty('a'), { timezone: 'Asia/Tokio' }),
  ],
  [
    'a date that does not exist',
    'invalid_option',
    /2026-02/,
    () => build(() => empty('a'), { startDate: '2026-02-30' }),
  ],
  [
    'an unknown trigger rule',
    'invalid_option',
    /all_done/,
    () => build(() => new EmptyOperator({ taskId: 'a', triggerRule: 'all_don' as never })),
  ],
  [
    'negative retries',
    'invalid_option',
    /Task "a": retries expects a whole number from 0, got -1/,
    () => build(() => new EmptyOperator({ taskId: 'a', retries: -1 })),
  ],
  [
    'a bad duration',
    'invalid_option',
    /retryDelay/,
    () => build(() => new EmptyOperator({ taskId: 'a', retryDelay: '10 parsecs' })),
  ],
  ['a slash in an id', 'invalid_id', /may hold only/, () => build(() => empty('a/b'))],
  [
    'a dagId that is too long',
    'invalid_id',
    /251 characters/,
    () => build(() => empty('a'), { dagId: 'x'.repeat(251) }),
  ],
  [
    'an id that is too long with its group',
    'invalid_id',
    /characters/,
    () => build(() => group('g'.repeat(200), () => empty('t'.repeat(60)))),
  ],
  ['no id', 'invalid_id', /expected a name/, () => build(() => new EmptyOperator({} as never))],
  ['an async body', 'misplaced', /async body/, () => build((async () => empty('a')) as never)],
  ['an edge outside of a body', 'misplaced', /inside the body/, () => empty('a').before(empty('b'))],
  [
    'a task of another DAG',
    'invalid_edge',
    /does not belong to DAG/,
    () => {
      let a!: EmptyOperator;
      build(() => {
        a = empty('a');
      });
      build(() => a.before(empty('b')));
    },
  ],
  [
    'fail-fast with another rule',
    'invalid_option',
    /failFast.*"a" has all_done/,
    () => build(() => new EmptyOperator({ taskId: 'a', triggerRule: 'all_done' }), { failFast: true }),
  ],
  [
    'a deadline for no task',
    'invalid_option',
    /"publsh".*mean "publish"/,
    () => build(() => empty('publish'), { deadlines: [{ name: 'x', task: 'publsh', by: '10:00' }] }),
  ],
  [
    'a deadline at no time',
    'invalid_option',
    /a time such as/,
    () => build(() => empty('a'), { deadlines: [{ name: 'x', by: '25:00' }] }),
  ],
  [
    'a param that is a date',
    'invalid_params',
    /params\.day cannot be asked for as JSON.*z\.iso\.date/s,
    () => serializeDag(new DAG({ dagId: 'd', params: z.object({ day: z.date() }) }, () => undefined)),
  ],
  [
    'a param with a transform',
    'invalid_params',
    /params\.n uses a transform/,
    () =>
      serializeDag(
        new DAG(
          { dagId: 'd', params: z.object({ n: z.string().transform(Number).optional() }) },
          () => undefined,
        ),
      ),
  ],
  [
    'params that are no zod object',
    'invalid_option',
    /zod object/,
    () => build(() => empty('a'), { params: { a: 1 } as never }),
  ],
  [
    'a missing file',
    'missing_file',
    /"\.\/nope\.sh" does not exist/,
    () => build(() => new BashOperator({ taskId: 'a', commandFile: './nope.sh' })),
  ],
  [
    'a pattern without files',
    'missing_file',
    /matches no file/,
    () => build(() => empty('a'), { files: ['./*.nothing'] }),
  ],
])('%s is refused', (_what, code, message, define) => {
  expect(define).toThrow(message);
  expect(define).toThrow(expect.objectContaining({ code }));
});

test('a cycle and a bad option lead to the line that declared them', () => {
  let line = 0;
  try {
    build(() => {
      const a = empty('a');
      const b = empty('b');
      a.before(b);
      line = Number(/dag\.test\.ts:(\d+)/.exec(new Error().stack!)![1]) + 1;
      b.before(a);
    });
    expect.unreachable();
  } catch (error) {
    expect((error as Error).stack).toMatch(
      new RegExp(`^DagDefinitionError: .*\\n(.*\\n)?.*dag\\.test\\.ts:${line}:`),
    );
  }
});

test('the output of a task cannot be put into a string by mistake', () => {
  expect(() => build(() => void `${task('a', () => 1).output}`)).toThrow(/does not exist yet/);
});

test('a long chain and a wide fan are built without recursion or quadratic work', () => {
  const dag = build(() => {
    const tasks = Array.from({ length: 20_000 }, (_, i) => empty(`t${i}`));
    chain(...tasks);
  });
  expect([...dag.tasks.keys()].at(-1)).toBe('t19999');
});

test('a branch is wired to its targets, and chooses them by their full ids', async () => {
  const dag = build(() => {
    group('g', () => {
      const a = empty('a');
      const b = group('b', () => chain(empty('first'), empty('second')));
      branch('pick', () => 'both', { both: [a, b], one: a });
      shortCircuit('gate', () => 0, undefined, { ignoreDownstreamTriggerRules: false }).before(a);
    });
  });
  expect(edgesOf(dag)).toEqual(['g.b.first>g.b.second', 'g.gate>g.a', 'g.pick>g.a', 'g.pick>g.b.first']);
  const pick = dag.tasks.get('g.pick')!;
  expect(await pick.execute({} as TaskContext, pick.fields)).toEqual(['g.a', 'g.b']);
  const decides = serializeDag(dag).tasks.map((t) => [t.taskId, t.decides, t.ignoreDownstreamTriggerRules]);
  expect(decides).toContainEqual(['g.pick', 'branch', false]);
  expect(decides).toContainEqual(['g.gate', 'short_circuit', false]);
});
