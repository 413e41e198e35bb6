/** What must compile when something is mapped, and what must not. See `authoring.ts`. */
import {
  BashOperator,
  concat,
  DAG,
  DeltaSensor,
  DurableOperator,
  EmailOperator,
  EnsureDagRunOperator,
  ExternalTaskSensor,
  expand,
  expandGroup,
  FileSensor,
  forEach,
  group,
  HttpOperator,
  HttpSensor,
  loop,
  Operator,
  type OperatorOptions,
  type OutputBy,
  repeat,
  Sensor,
  SlackOperator,
  SqlCheckOperator,
  SqlOperator,
  SqlSensor,
  type TaskContext,
  type TaskOutput,
  TaskSkipped,
  type Templated,
  TriggerDagRunOperator,
  task,
  Variable,
  zip,
} from '@tsflow/core';
import { z } from 'zod';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Equal<A, B>): void {}
const outputIs =
  <T>() =>
  <O extends TaskOutput<unknown>>(_output: O, _proof: Equal<O, TaskOutput<T>>): void => {};

interface Row {
  readonly id: number;
  readonly day: Date;
}

export const mapped = new DAG(
  { dagId: 'mapped', params: z.object({ cities: z.array(z.string()), limit: z.number() }) },
  ({ task: typed, params }) => {
    const rows = task('rows', (): Row[] => []);
    const byName = task('by_name', (): Record<string, number> => ({}));
    const one = task('one', () => 1);

    const ids = task(
      'ids',
      (_context, { row, table }) => {
        same<typeof row, { readonly id: number; readonly day: string }>(true);
        same<typeof table, string>(true);
        return row.id;
      },
      { row: expand(rows.output), table: 'weather' },
    );
    outputIs<number[]>()(ids.output, true);
    task('reduce', (_context, { all }) => all.reduce((sum, id) => sum + id, 0), { all: ids.output });
    outputIs<number[]>()(
      task('some', (_context, { row }) => (row.id > 1 ? row.id : null), { row: expand(rows.output) }).output,
      true,
    );
    task('entries', (_context, { entry: [name, count] }) => name.length + count, {
      entry: expand(byName.output),
    });
    task('literal', (_context, { n, s }) => same<[typeof n, typeof s], [1 | 2, 'a']>(true), {
      n: expand([1, 2]),
      s: expand(['a']),
    });
    task('zipped', (_context, { pair: [row, word] }) => row.id + word.length, {
      pair: expand(zip(rows.output, ['a', 'b'])),
    });
    task('joined', (_context, { n }) => n.toFixed(), { n: expand(concat([1], ids.output)) });
    task('made', (_context, { day }) => day.length, { day: expand(rows.output.map(({ day }) => day)) });
    task('kept', (_context, { row }) => row.id, { row: expand(rows.output.filter(({ id }) => id > 1)) });
    task('whole', (_context, { days }) => days.join(), { days: rows.output.map(({ day }) => day) });
    typed('param', (_context, { city }) => city.length, { city: expand(params.cities) });
    task('variable', (_context, { city }) => city.length, {
      city: expand(Variable.json<string[]>('cities', { default: [] })),
    });

    // @ts-expect-error a number is no list
    expand(one.output);
    // @ts-expect-error nor is one that is made of it
    one.output.map((n: number) => n);
    // @ts-expect-error a param that is no list
    expand(params.limit);
    // @ts-expect-error rows have no such member
    task('wrong', (_context, { row }) => row.name, { row: expand(rows.output) });
    // @ts-expect-error the elements are rows, not numbers
    task('wrong_type', (_context, { row }: { row: number }) => row, { row: expand(rows.output) });
    // @ts-expect-error the output of a mapped task is a list
    task('not_one', (_context, { id }) => id.toFixed(), { id: ids.output });
    // @ts-expect-error of rows, `filter` sees rows
    rows.output.filter((row) => row.name === '');
    // @ts-expect-error outside of partial(), an operator that takes an element would have an output of the wrong type
    new BashOperator({ taskId: 'bash', command: expand(['a', 'b']) });
  },
);

class Load extends Operator<number, { table: string; rows: number[] }> {
  static override readonly fields = { table: 'input', rows: 'input' } as const;
  execute(_context: TaskContext, { rows }: { rows: number[] }) {
    return rows.length;
  }
}

export const operators = new DAG({ dagId: 'operators' }, () => {
  const tables = task('tables', () => ['a', 'b']);
  const loads = Load.partial({ taskId: 'load', rows: [1], retries: 2 }).expand({ table: tables.output });
  outputIs<number[]>()(loads.output, true);
  loads.after(tables);
  Load.partial({ taskId: 'both' }).expand({ table: ['a'], rows: [[1], [2]] });
  BashOperator.partial({ taskId: 'bash', command: 'date' }).expand({
    env: [{ A: '1' }, { A: ({ ds }) => ds }],
  });

  const lines = BashOperator.partial({ taskId: 'lines' }).expand({ command: ['date', 'uptime'] });
  outputIs<string[]>()(lines.output, true);
  const counts = BashOperator.partial({ taskId: 'counts', outputProcessor: (line) => line.length }).expand({
    command: ['date'],
  });
  outputIs<number[]>()(counts.output, true);
  const pages = HttpOperator.partial({ taskId: 'pages', parse: ({ status }) => status }).expand({
    url: ['https://a.example', 'https://b.example'],
  });
  outputIs<number[]>()(pages.output, true);
  // @ts-expect-error no such option
  BashOperator.partial({ taskId: 'misspelt', comand: 'date' });
  // @ts-expect-error the rows are still missing
  Load.partial({ taskId: 'missing' }).expand({ table: tables.output });
  // @ts-expect-error a table is a text
  Load.partial({ taskId: 'wrong', rows: [1] }).expand({ table: [1, 2] });
  // @ts-expect-error what is given already is not mapped
  Load.partial({ taskId: 'twice', rows: [1], table: 'a' }).expand({ table: tables.output });
  // @ts-expect-error no such option
  Load.partial({ taskId: 'unknown', tabel: 'a' });
  // @ts-expect-error a task has an id
  Load.partial({ rows: [1] });
});

export const groups = new DAG({ dagId: 'groups' }, () => {
  const rows = task('rows', (): Row[] => []);
  const each = expandGroup('each', { row: rows.output, unit: ['mm', 'in'] }, ({ row, unit }) => {
    const read = task(
      'read',
      (_context, inputs) => {
        same<typeof inputs.id, number>(true);
        same<typeof inputs.unit, 'mm' | 'in'>(true);
        return inputs.id;
      },
      { id: row.map(({ id }) => id), unit },
    );
    outputIs<number>()(read.output, true);
    new BashOperator({
      taskId: 'bash',
      command: 'date',
      env: { DAY: row.map(({ day }) => day), UNIT: unit },
    });
    // @ts-expect-error a row is no text
    new BashOperator({ taskId: 'wrong', command: row });
    return { read, days: read.output };
  });
  outputIs<number[]>()(each.exports.days, true);
  outputIs<number[]>()(each.exports.read.output, true);
});

export const looped = new DAG(
  { dagId: 'looped', params: z.object({ times: z.number(), days: z.array(z.string()) }) },
  ({ params }) => {
    const polling = loop(
      'polling',
      ({ index }) => {
        const status = task('status', (_context, { i }) => (i > 1 ? 'done' : 'waiting'), { i: index });
        return status;
      },
      { until: (status) => same<typeof status, 'done' | 'waiting'>(true) === undefined },
    );
    // The value of the last iteration.
    outputIs<'done' | 'waiting'>()(polling.exports.output, true);
    const squares = repeat('squares', params.times, ({ index }) =>
      task('square', (_context, { n }) => n * n, { n: index }),
    );
    outputIs<number[]>()(squares.exports.output, true);
    const loads = forEach('loads', params.days, ({ item }) =>
      task('load', (_context, { day }) => ({ day }), { day: item }),
    );
    outputIs<{ day: string }[]>()(loads.exports.output, true);
    // @ts-expect-error a count is a number
    repeat('days', params.days, () => undefined);
    // @ts-expect-error a loop needs to know when it is done
    loop('endless', () => task('a', () => 1), {});
    // @ts-expect-error the result is a text
    loop('typed', () => task('b', () => 'x'), { until: (result) => result > 1 });
  },
);

/** `partial` of each class of the product has the types of its options, and the output that they make. */
export const every = new DAG({ dagId: 'every' }, () => {
  const day = task('day', (): { readonly id: string; readonly rows: number }[] => []);
  const ids = day.output.map(({ id }) => id);
  const rows = day.output.map((each) => each.rows);

  outputIs<string[]>()(FileSensor.partial({ taskId: 'file' }).expand({ path: ids }).output, true);
  HttpSensor.partial({ taskId: 'http_sensor', method: 'HEAD' }).expand({ url: ids });
  SqlOperator.partial({ taskId: 'sql', connectionId: 'db' }).expand({ sql: ids });
  SqlSensor.partial({ taskId: 'sql_sensor', connectionId: 'db' }).expand({ sql: ids });
  SqlCheckOperator.partial({ taskId: 'check', connectionId: 'db' }).expand({ sql: ids });
  TriggerDagRunOperator.partial({ taskId: 'trigger' }).expand({ dagId: ids });
  EnsureDagRunOperator.partial({ taskId: 'ensure' }).expand({ dagId: ids });
  ExternalTaskSensor.partial({ taskId: 'other', dagId: 'etl' }).expand({ externalTaskId: ids });
  DeltaSensor.partial({ taskId: 'later' }).expand({ delta: rows });
  EmailOperator.partial({ taskId: 'mail', subject: 'late', text: 'Where is it?' }).expand({ to: ids });
  SlackOperator.partial({ taskId: 'slack', connectionId: 'team' }).expand({ text: ids });
  // @ts-expect-error rows are numbers
  FileSensor.partial({ taskId: 'number' }).expand({ path: rows });
  // @ts-expect-error a list of what it maps over, not one
  FileSensor.partial({ taskId: 'one' }).expand({ path: 'a.csv' });
  // @ts-expect-error SqlOperator needs a connection
  SqlOperator.partial({ taskId: 'no_connection' }).expand({ sql: ids });
  // @ts-expect-error given already
  SqlOperator.partial({ taskId: 'again', connectionId: 'db', sql: 'select 1' }).expand({ sql: ids });
  // @ts-expect-error no such option
  SlackOperator.partial({ taskId: 'slak', conectionId: 'team' });
  // @ts-expect-error nor in expand
  BashOperator.partial({ taskId: 'lists' }).expand({ comand: ids });
  // @ts-expect-error retries are common to all instances
  BashOperator.partial({ taskId: 'common', command: 'date' }).expand({ retries: [1, 2] });
  // @ts-expect-error the last line is a text
  BashOperator.partial({ taskId: 'line', outputProcessor: (line) => line.rows });
  // @ts-expect-error an abstract class makes no tasks
  Sensor.partial({ taskId: 'abstract' });
});

interface FetchOptions<Output> extends OperatorOptions {
  readonly id: Templated<string>;
  readonly read?: ((text: string) => Output | Promise<Output>) | undefined;
}

/** An author's own class that is generic in its output. */
class Fetch<Output = string> extends Operator<
  Output,
  { readonly id: string; readonly read?: (text: string) => Output | Promise<Output> },
  FetchOptions<Output>
> {
  static override readonly fields = { id: 'input', read: 'value' } as const;
  declare static readonly outputBy: OutputBy<'read', string>;
  execute(
    _context: TaskContext,
    { id, read }: { id: string; read?: (text: string) => Output | Promise<Output> },
  ) {
    if (read === undefined) throw new TaskSkipped(id);
    return read(id);
  }
}

/** One that settles it. */
class FetchRows extends Fetch<number> {
  constructor({ id, ...options }: OperatorOptions & { readonly id: Templated<string> }) {
    super({ ...options, id, read: Number });
  }
}

class RowsThere extends Sensor<number, { readonly table: string }> {
  static override readonly fields = { ...Sensor.fields, table: 'input' } as const;
  poke() {
    return 7;
  }
}

class Copy extends DurableOperator<
  { readonly id: string },
  number,
  { readonly from: string; readonly to: string }
> {
  static override readonly fields = { ...DurableOperator.fields, from: 'input', to: 'input' } as const;
  name() {
    return { id: 'a' };
  }
  submit() {}
  poll() {
    return { done: 7 };
  }
  cancel() {}
}

export const own = new DAG({ dagId: 'own' }, () => {
  const ids = task('ids', () => ['a']);
  outputIs<string[]>()(Fetch.partial({ taskId: 'text' }).expand({ id: ids.output }).output, true);
  outputIs<number[]>()(
    Fetch.partial({ taskId: 'length', read: async (text) => text.length }).expand({ id: ids.output }).output,
    true,
  );
  outputIs<number[]>()(FetchRows.partial({ taskId: 'rows' }).expand({ id: ids.output }).output, true);
  // The output of a sensor may be nothing; a list has no holes.
  outputIs<number[]>()(
    RowsThere.partial({ taskId: 'there', timeout: '1h' }).expand({ table: ids.output }).output,
    true,
  );
  outputIs<number[]>()(Copy.partial({ taskId: 'copy', to: 'b' }).expand({ from: ids.output }).output, true);
  // @ts-expect-error where to?
  Copy.partial({ taskId: 'where' }).expand({ from: ids.output });
  // @ts-expect-error FetchRows has settled how it reads
  FetchRows.partial({ taskId: 'settled', read: Number });
  // @ts-expect-error a text has no such member
  Fetch.partial({ taskId: 'member', read: (text) => text.rows });
});

/** What names a map index has the types of what is mapped. */
export const named = new DAG({ dagId: 'named' }, () => {
  const rows = task('rows', (): Row[] => []);
  task(
    'load',
    (_context, { row }) => row.id,
    { row: expand(rows.output) },
    {
      mapIndexTemplate: ({ row }) => {
        same<typeof row, { readonly id: number; readonly day: string }>(true);
        return row.day;
      },
    },
  );
  task(
    'text',
    (_context, { row }) => row.id,
    { row: expand(rows.output) },
    { mapIndexTemplate: '{{ row.day }}' },
  );
  expandGroup('each', { row: rows.output, unit: ['mm', 'in'] }, () => task('a', () => 1), {
    mapIndexTemplate: ({ row, unit }) => {
      same<typeof unit, 'mm' | 'in'>(true);
      return `${row.day} ${unit}`;
    },
  });
  forEach('day', rows.output, () => task('b', () => 1), { mapIndexTemplate: ({ item }) => item.day });
  repeat('page', 3, () => task('c', () => 1), { mapIndexTemplate: ({ index }) => index.toFixed() });
  loop('poll', () => task('d', () => 1), {
    until: () => true,
    mapIndexTemplate: ({ index }) => index.toFixed(),
  });
  BashOperator.partial({ taskId: 'bash', mapIndexTemplate: '{{ command }}' }).expand({ command: ['date'] });
  // @ts-expect-error rows have no such member
  task('e', () => 1, { row: expand(rows.output) }, { mapIndexTemplate: ({ row }) => row.name });
  // @ts-expect-error no such input
  task('f', () => 1, { row: expand(rows.output) }, { mapIndexTemplate: ({ line }) => line.day });
  // @ts-expect-error a name is a text
  expandGroup('g', { row: rows.output }, () => task('a', () => 1), { mapIndexTemplate: ({ row }) => row.id });
  // @ts-expect-error a group that is not mapped has no indexes
  group('h', () => task('a', () => 1), { mapIndexTemplate: 'a' });
});
