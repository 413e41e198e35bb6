/**
 * What must compile when a DAG is written, and what must not. Never run: `npm run typecheck` compiles it, and each
 * `@ts-expect-error` fails it when the line below has become legal.
 */
import {
  Asset,
  AssetSensor,
  all,
  any,
  BashOperator,
  branch,
  chain,
  DAG,
  EmptyOperator,
  EnsureDagRunOperator,
  group,
  include,
  match,
  Operator,
  shortCircuit,
  type TaskContext,
  type TaskOutput,
  TriggerDagRunOperator,
  task,
  Variable,
  when,
} from '@tsflow/core';
import { runDag } from '@tsflow/testing';
import { z } from 'zod';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Equal<A, B>): void {}
const outputIs =
  <T>() =>
  <O extends TaskOutput<unknown>>(_output: O, _proof: Equal<O, TaskOutput<T>>): void => {};

interface Row {
  readonly day: Date;
  readonly rain: number | null;
}

export const outputs = new DAG({ dagId: 'outputs' }, () => {
  const extract = task('extract', async (): Promise<Row[]> => []);
  outputIs<{ readonly day: string; readonly rain: number | null }[]>()(extract.output, true);
  outputIs<null>()(task('nothing', () => undefined).output, true);
  outputIs<{ n: number }>()(task('object', () => ({ n: 1, f: () => 1 })).output, true);
  outputIs<string | null>()(new BashOperator({ taskId: 'bash', command: 'date' }).output, true);

  task('count', (_context, { rows }) => rows.length, { rows: extract.output });
  task(
    'literals',
    (_context, inputs) => {
      same<typeof inputs.n, number>(true);
      same<typeof inputs.parts, readonly { readonly day: string; readonly rain: number | null }[][]>(true);
      return inputs.limit + inputs.n;
    },
    { n: 3, parts: [extract.output], limit: Variable.number('limit', { default: 1 }) },
  );

  // @ts-expect-error a Date has become a string on its way
  task('date', (_context, { rows }) => rows[0]?.day.getTime(), { rows: extract.output });
  // @ts-expect-error rows are no numbers
  task('wrong', (_context, { rows }: { rows: number[] }) => rows, { rows: extract.output });
  // @ts-expect-error the input is missing
  task('missing', (_context, { rows }: { rows: number[] }) => rows.length);
  // @ts-expect-error nor is there an input to take apart
  task('unannotated', (_context, { rows }) => rows);
  // @ts-expect-error a branch gets no inputs that it did not ask for
  branch('inputless', (_context, { n }: { n: number }) => (n > 1 ? 'extract' : null), { extract });
  // @ts-expect-error the input has another name
  task('renamed', (_context, { rows }) => rows, { row: extract.output });
  outputIs<never>()(task('bigint', () => 1n).output, true);
  // @ts-expect-error options are checked
  task('options', () => 1, {}, { retrys: 3 });
  // @ts-expect-error no such trigger rule
  task('rule', () => 1, {}, { triggerRule: 'all_don' });
});

export const params = new DAG(
  {
    dagId: 'params',
    params: z.object({ mode: z.enum(['all', 'incremental']).default('all'), days: z.number() }),
  },
  ({ task: typed, params: given }) => {
    typed('context', ({ params: values }) => {
      same<typeof values.mode, 'all' | 'incremental'>(true);
      same<typeof values.days, number>(true);
      // @ts-expect-error no such param
      return values.mod;
    });
    typed('input', (_context, { mode }) => mode === 'all', { mode: given.mode });
    // @ts-expect-error no such param
    typed('unknown', (_context, { mode }) => mode, { mode: given.mod });
    // @ts-expect-error 'some' is no mode
    typed('compare', (_context, { mode }) => mode === 'some', { mode: given.mode });
    // @ts-expect-error a number is no text
    new BashOperator({ taskId: 'bash', command: given.days });
    new BashOperator({
      taskId: 'env',
      command: 'x',
      env: { DAYS: given.days, MODE: given.mode, DAY: ({ ds }) => ds },
    });
    // @ts-expect-error outside of a DAG's own task the params are unknown
    task('untyped', ({ params: values }) => values.days + 1);
  },
);

Variable.number('a', { default: 1 });
Variable.json<{ a: string[] }>('b', { default: { a: [] } });
// @ts-expect-error the default is no number
Variable.number('c', { default: '1' });
// @ts-expect-error there has to be a default
Variable.string('d');

export const limits = new DAG(
  {
    dagId: 'limits',
    maxActiveTasks: Variable.number('p', { default: 4 }),
    defaultArgs: { retries: 2, retryDelay: '10m' },
    // @ts-expect-error no such option
    shedule: '@daily',
  },
  () => {
    // @ts-expect-error no such option
    new EmptyOperator({ taskId: 'a', retrys: 1 });
    // @ts-expect-error an operator needs an id
    new EmptyOperator({});
    // @ts-expect-error an env value is no list
    new BashOperator({ taskId: 'b', command: 'x', env: { A: ['x'] } });
    new BashOperator({ taskId: 'c', command: include('./c.sh'), outputProcessor: (line) => Number(line) });
  },
);

// @ts-expect-error a text is no limit
new DAG({ dagId: 'text', maxActiveRuns: Variable.string('q', { default: '4' }) }, () => undefined);

export const branches = new DAG({ dagId: 'branches' }, () => {
  const all = new EmptyOperator({ taskId: 'all' });
  const day = task('day', () => 1);
  const stage = group('stage', () => ({ inner: new EmptyOperator({ taskId: 'inner' }) }));
  chain(all, [day, stage], stage.exports.inner);
  branch('pick', () => 'all', { all, day });
  branch(
    'several',
    async (_context, { n }) => (n > 1 ? ['all', 'stage'] : null),
    { all, stage },
    { n: day.output },
  );
  // @ts-expect-error 'week' is none of the targets
  branch('typo', () => 'week', { all, day });
  // @ts-expect-error neither is it in a list
  branch('list', () => ['all', 'week'], { all, day });
  // @ts-expect-error an output is no target
  branch('output', () => 'all', { all: day.output });
  shortCircuit(
    'gate',
    (_context, { n }) => n > 0,
    { n: day.output },
    { ignoreDownstreamTriggerRules: false },
  );
  // @ts-expect-error an output has no order of its own
  chain(all, day.output);
});

class Greet extends Operator<string, { name: string; times?: number }> {
  static override readonly fields = { name: 'template', times: 'template' } as const;
  execute(_context: TaskContext, { name, times = 1 }: { name: string; times?: number }): string {
    return `Hello, ${name}. `.repeat(times);
  }
}

export const operators = new DAG({ dagId: 'operators' }, () => {
  const greet = new Greet({
    taskId: 'greet',
    name: ({ ds }) => `people of ${ds}`,
    times: task('n', () => 2).output,
  });
  outputIs<string>()(greet.output, true);
  new Greet({ taskId: 'again', name: greet.output });
  // @ts-expect-error the name is missing
  new Greet({ taskId: 'nobody' });
  // @ts-expect-error the output is a text
  new Greet({ taskId: 'often', name: 'x', times: greet.output });
  // @ts-expect-error a function gives the field's type
  new Greet({ taskId: 'function', name: () => 3 });
});

const orders = new Asset('orders', { freshness: '1d' });
const prices = new Asset('prices');
new DAG({ dagId: 'one', schedule: orders }, () => {});
new DAG({ dagId: 'both', schedule: [orders, prices] }, () => {});
new DAG({ dagId: 'either', schedule: any(orders, all(prices, orders)) }, () => {});
new DAG({ dagId: 'methods', schedule: orders.or(prices.and(orders)) }, () => {});
new DAG({ dagId: 'time_too', schedule: { assets: [orders, prices], time: '@daily' } }, () => {});
// @ts-expect-error assets and crons do not mix in one list
new DAG({ dagId: 'mixed', schedule: [orders, '@daily'] }, () => {});
// @ts-expect-error the name of an asset is no schedule
new DAG({ dagId: 'named', schedule: { assets: 'orders', time: '@daily' } }, () => {});

export const assets = new DAG({ dagId: 'assets', schedule: orders }, () => {
  const first = task('first', async ({ assets, partition }) => {
    same<typeof partition, string | null>(true);
    assets.emit(prices, { extra: { rows: 1 }, partition: 'mon' });
    // @ts-expect-error a partition is a text
    assets.emit(prices, { partition: 1 });
    // @ts-expect-error extra is a JSON object
    assets.emit(prices, { extra: 3 });
    return (await assets.triggeredBy()).map(({ at, source }) => `${at.getTime()} ${source?.dagId}`);
  });
  const day = task('day', () => 'mon', {}, { outlets: [prices, { asset: orders, partition: '{{ ds }}' }] });
  task(
    'outlet',
    () => 1,
    {},
    { outlets: [{ asset: orders, partition: day.output, extra: { lines: first.output } }] },
  );
  // @ts-expect-error an outlet is an asset, not its name
  task('name', () => 1, {}, { outlets: ['orders'] });
  // @ts-expect-error the output is a list
  task('list', () => 1, {}, { outlets: [{ asset: orders, partition: first.output }] });
  const there = new AssetSensor({ taskId: 'there', asset: orders, partition: ({ ds }) => ds });
  task('use', (_context, { event }) => `${event.partition} ${event.at}`, { event: there.output });
});

export const requests = new DAG({ dagId: 'requests' }, () => {
  const run = new TriggerDagRunOperator({
    taskId: 'run',
    dagId: 'load',
    conf: { day: ({ ds }: TaskContext) => ds },
  });
  outputIs<{
    readonly dagId: string;
    readonly runId: string;
    readonly state: 'queued' | 'running' | 'success' | 'failed';
  }>()(run.output, true);
  new EnsureDagRunOperator({ taskId: 'date', dagId: 'load', logicalDate: ({ logicalDate }) => logicalDate });
  // @ts-expect-error runs end as success or failed
  new TriggerDagRunOperator({ taskId: 'state', dagId: 'load', allowedStates: ['skipped'] });
  // @ts-expect-error what is ensured is waited for
  new EnsureDagRunOperator({ taskId: 'wait', dagId: 'load', waitForCompletion: false });
});

export const exported = new DAG({ dagId: 'exported', params: z.object({ n: z.number() }) }, () => {
  const one = task('one', () => 1);
  return { one };
});
outputIs<number>()(exported.exports.one.output, true);
// @ts-expect-error the body returned no such task
exported.exports.two;

export const tests = async (): Promise<void> => {
  const run = await runDag(exported, { conf: { n: 1 } });
  same<ReturnType<typeof run.output<number>>, number>(true);
  const one: number = run.output(exported.exports.one);
  // @ts-expect-error the task returns a number
  const text: string = run.output(exported.exports.one);
  // @ts-expect-error the param is a number
  await runDag(exported, { conf: { n: '1' } });
  // @ts-expect-error no such param
  await runDag(exported, { conf: { m: 1 } });
  // @ts-expect-error no such state
  run.assertStates({ one: 'succeeded' });
  void [one, text];
};

// Runs that functions ask for: the conf is what the params of the DAG take, by the DAG itself or by its type.
const asked = new DAG(
  { dagId: 'asked', params: z.object({ day: z.string(), size: z.number().default(1) }) },
  () => {},
);
new DAG({ dagId: 'asks' }, () => {
  task('make', async ({ dagRuns, assets, ds }) => {
    const { runId } = await dagRuns.trigger(asked, { conf: { day: ds } });
    same<string, typeof runId>(true);
    await dagRuns.trigger<typeof asked>('asked', { conf: { day: ds, size: 2 }, logicalDate: ds });
    await dagRuns.trigger('of_another_file', { conf: { whatever: [1, ds] } });
    // @ts-expect-error day is missing
    await dagRuns.trigger(asked, { conf: { size: 1 } });
    // @ts-expect-error size is a number
    await dagRuns.trigger<typeof asked>('asked', { conf: { day: ds, size: 'big' } });
    // @ts-expect-error it has no such param
    await dagRuns.trigger(asked, { conf: { day: ds, colour: 'red' } });
    const { eventId } = await assets.post(new Asset('orders'), { extra: { rows: 3 } });
    same<number, typeof eventId>(true);
  });
});

export const choices = new DAG(
  { dagId: 'choices', params: z.object({ full: z.boolean(), mode: z.enum(['all', 'day']) }) },
  ({ params }) => {
    const rows = task('rows', () => [1]);
    const either = when('either', params.full, {
      do: () => task('all', () => ({ rows: 3 })),
      else: () => task('day', () => 'nothing'),
    });
    outputIs<{ rows: number } | string>()(either.output, true);
    const only = when(
      'only',
      (_context, { all }) => all.length > 0,
      { do: () => rows.output },
      { all: rows.output },
    );
    outputIs<number[] | null>()(only.output, true);
    const chained = when('chained', params.full, {
      do: () => task('one', () => 1),
      else: () => when('inner', params.full, { do: () => task('two', () => 'two') }),
    });
    outputIs<number | string | null>()(chained.output, true);
    const sided = match(
      'sided',
      (_context, { mode }) => mode,
      { all: () => task('whole', () => 1), day: () => void task('part', () => 2) },
      { mode: params.mode },
    );
    outputIs<number | null>()(sided.output, true);
    // @ts-expect-error there is no such side
    match('wrong', () => 'month', { all: () => task('month', () => 1) });
    // @ts-expect-error the sides of an if are do and else
    when('sides', params.full, { do: () => rows, otherwise: () => rows });
    // @ts-expect-error a value that exists only when the run does
    when('now', (_context, { n }) => n.length > 1, { do: () => rows }, { n: 1 });
    task('use', (_context, { value }) => value, { value: either.output });
    // @ts-expect-error it may be a text
    task('number', (_context, { value }) => value.rows, { value: either.output });
    group('again', () => rows, { retries: 2, retryDelay: '1m' });
    // @ts-expect-error a number of tries
    group('often', () => rows, { retries: 'twice' });
  },
);
