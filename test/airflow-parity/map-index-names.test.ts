import {
  BashOperator,
  DAG,
  expand,
  expandGroup,
  forEach,
  group,
  loop,
  repeat,
  task,
  zip,
} from '@tsflow/core';
import { returns, runDag, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

/** How people call the indexes of what is mapped: Airflow's `map_index_template`, over inputs by name. */
const CITIES = [
  { name: 'Tokyo', code: 13 },
  { name: 'Osaka', code: 27 },
];

type Names = Readonly<Record<string, string | null>>;

const of = (row: { readonly name: string }) => row.name;

// biome-ignore format: a table
const CASES: readonly [what: string, body: () => unknown, names: Names][] = [
  ['no template',            () => task('load', (_c, { n }) => n, { n: expand([1, 2]) }),                                              { 'load[0]': null, 'load[1]': null }],
  ['a text over an input',   () => task('load', (_c, { city }) => of(city), { city: expand(CITIES) }, { mapIndexTemplate: '{{ city.name }}' }),
                                                                                                                                     { 'load[0]': 'Tokyo', 'load[1]': 'Osaka' }],
  ['what templates know',    () => task('load', (_c, { n }) => n, { n: expand([7]) }, { mapIndexTemplate: '{{ ds }} {{ mapIndex }} {{ n }}' }),
                                                                                                                                     { 'load[0]': '2026-03-01 0 7' }],
  ['a function of inputs',   () => task('load', (_c, { city, unit }) => of(city) + unit, { city: expand(CITIES), unit: 'mm' },
                                     { mapIndexTemplate: ({ city, unit }) => `${city.code} ${unit}` }),                               { 'load[0]': '13 mm', 'load[1]': '27 mm' }],
  ['an async function',      () => task('load', (_c, { n }) => n, { n: expand([7]) }, { mapIndexTemplate: async ({ n }) => `n${n}` }),  { 'load[0]': 'n7' }],
  ['an output',              () => task('load', (_c, { city }) => of(city), { city: expand(task('list', () => CITIES).output) }, { mapIndexTemplate: '{{ city.name }}' }),
                                                                                                                                     { 'load[0]': 'Tokyo', 'load[1]': 'Osaka' }],
  ['pairs',                  () => task('load', (_c, { pair }) => pair, { pair: expand(zip(CITIES, ['a', 'b'])) }, { mapIndexTemplate: '{{ pair[0].name }}-{{ pair[1] }}' }),
                                                                                                                                     { 'load[0]': 'Tokyo-a', 'load[1]': 'Osaka-b' }],
  ['an operator',            () => BashOperator.partial({ taskId: 'load', command: 'echo', mapIndexTemplate: '{{ env.CITY }}' })
                                     .expand({ env: [{ CITY: 'Tokyo' }, { CITY: 'Osaka' }] }),                                        { 'load[0]': 'Tokyo', 'load[1]': 'Osaka' }],
  ['its rendered field',     () => BashOperator.partial({ taskId: 'load', mapIndexTemplate: '{{ command }}' })
                                     .expand({ command: ['a {{ ds }}', ({ runType }) => runType] }),                                  { 'load[0]': 'a 2026-03-01', 'load[1]': 'manual' }],
  ['a group',                () => expandGroup('g', { city: CITIES }, ({ city }) => { task('a', () => 1).before(task('b', (_c, { c }) => of(c), { c: city })); },
                                     { mapIndexTemplate: '{{ city.name }}' }),
                             { 'g.a[0]': 'Tokyo', 'g.a[1]': 'Osaka', 'g.b[0]': 'Tokyo', 'g.b[1]': 'Osaka' }],
  ['a function of a group',  () => expandGroup('g', { city: CITIES, n: [1] }, () => task('a', () => 1), { mapIndexTemplate: ({ city, n }) => `${city.code}/${n}` }),
                                                                                                                                     { 'g.a[0]': '13/1', 'g.a[1]': '27/1' }],
  ['a task of a group',      () => expandGroup('g', { city: CITIES }, ({ city }) => task('a', (_c, { c }) => of(c), { c: city }, { mapIndexTemplate: 'own {{ c.code }}' }),
                                     { mapIndexTemplate: '{{ city.name }}' }),                                                        { 'g.a[0]': 'own 13', 'g.a[1]': 'own 27' }],
  ['nested, each level',     () => expandGroup('g', { city: CITIES }, () => expandGroup('h', { n: [1] }, () => task('a', (_c, { m }) => m, { m: expand(['x']) }, { mapIndexTemplate: '{{ m }}' }),
                                     { mapIndexTemplate: 'n{{ n }}' }), { mapIndexTemplate: '{{ city.name }}' }),                      { 'g.h.a[0.0.0]': 'Tokyo / n1 / x', 'g.h.a[1.0.0]': 'Osaka / n1 / x' }],
  ['nested, one level',      () => expandGroup('g', { city: CITIES }, () => task('a', (_c, { m }) => m, { m: expand(['x', 'y']) }), { mapIndexTemplate: '{{ city.name }}' }),
                             { 'g.a[0.0]': 'Tokyo / 0', 'g.a[0.1]': 'Tokyo / 1', 'g.a[1.0]': 'Osaka / 0', 'g.a[1.1]': 'Osaka / 1' }],
  ['a group in a group',     () => expandGroup('g', { city: CITIES }, () => group('in', () => task('a', () => 1)), { mapIndexTemplate: '{{ city.name }}' }),
                                                                                                                                     { 'g.in.a[0]': 'Tokyo', 'g.in.a[1]': 'Osaka' }],
  ['for each',               () => forEach('day', ['mon', 'tue'], ({ item }) => task('a', (_c, { d }) => d, { d: item }), { mapIndexTemplate: '{{ item }}' }),
                                                                                                                                     { 'day.a[0]': 'mon', 'day.a[1]': 'tue' }],
  ['repeat',                 () => repeat('page', 2, () => task('a', () => 1), { mapIndexTemplate: ({ index }) => `page ${index + 1}` }), { 'page.a[0]': 'page 1', 'page.a[1]': 'page 2' }],
  ['loop',                   () => loop('poll', () => task('a', ({ mapIndex }) => mapIndex), { until: (n) => n === 1, mapIndexTemplate: 'look {{ index }}' }),
                             { 'poll.a[0]': 'look 0', 'poll.a[1]': 'look 1', 'poll.until[0]': 'look 0', 'poll.until[1]': 'look 1' }],
  ['several lines',          () => task('load', (_c, { s }) => s, { s: expand(['a\n\tb \u0000 c']) }, { mapIndexTemplate: ' {{ s }} ' }), { 'load[0]': 'a b c' }],
  ['nothing',                () => task('load', (_c, { s }) => s, { s: expand([' ', 'b']) }, { mapIndexTemplate: '{{ s }}' }),           { 'load[0]': '0', 'load[1]': 'b' }],
  ['a long text',            () => task('load', (_c, { s }) => s.length, { s: expand(['x'.repeat(300)]) }, { mapIndexTemplate: '{{ s }}' }), { 'load[0]': `${'x'.repeat(249)}…` }],
  ['an empty list',          () => task('load', (_c, { s }) => s, { s: expand([] as string[]) }, { mapIndexTemplate: '{{ s }}' }),       { load: null }],
];

test.each(CASES)('%s', async (_what, body, names) => {
  const dag = new DAG({ dagId: 'named' }, () => void body());
  const isShell = dag.tasks.get('load') instanceof BashOperator;
  const run = await runDag(dag, { logicalDate: '2026-03-01', tasks: isShell ? { load: returns('') } : {} });
  run.assertSucceeded();
  const given = Object.fromEntries(Object.keys(names).map((name) => [name, run.renderedMapIndexes[name]]));
  expect(given).toEqual(names);
});

// biome-ignore format: a table
test.each([
  ['a text over what is not there', '{{ town.name }}',                              '"town" is undefined'],
  ['a text that is malformed',      '{{ city.name',                                 'mapIndexTemplate'],
  ['a function that throws',        () => { throw new Error('no name today'); },    'no name today'],
])('%s: a warning in the log, the number as ever, and the task does its work', async (_what, mapIndexTemplate, problem) => {
  const dag = new DAG({ dagId: 'unnamed' }, () => void task('load', (_context, { city }) => of(city), { city: expand(CITIES) }, { mapIndexTemplate }));
  const run = (await runDag(dag)).assertSucceeded();
  expect(run.renderedMapIndexes['load[0]']).toBe(null);
  const warnings = run.attempts[0]!.logs.filter(({ level }) => level === 'warn').map(({ message }) => message);
  expect(warnings[0]).toMatch(/^The map index could not be named: /);
  expect(warnings[0]).toContain(problem);
});

test('a list that changes: cleared, its instances are called by what they are about now', async () => {
  const list = returns(({ call }) => (call === 1 ? ['a', 'b'] : ['c', 'b']));
  const dag = new DAG({ dagId: 'renamed' }, () => {
    const names = task('list', (): string[] => []);
    task(
      'load',
      (_context, { name }) => name,
      { name: expand(names.output) },
      { mapIndexTemplate: '{{ name }}' },
    );
  });
  await using played = await startDag(dag, { tasks: { list } });
  const runId = await played.trigger();
  const before = await played.finished(runId);
  await played.ask({ kind: 'clear', payload: { runId } });
  const after = await played.finished(runId);
  expect(
    [before, after].map(({ renderedMapIndexes: names }) => [names['load[0]'], names['load[1]']]),
  ).toEqual([
    ['a', 'b'],
    ['c', 'b'],
  ]);
  expect(after.story()).toContain('load[0: c]');
});

// biome-ignore format: a table
test.each<[what: string, body: () => unknown, problem: RegExp]>([
  ['a task that is not mapped',  () => task('load', () => 1, {}, { mapIndexTemplate: 'a' }),                                     /"load" has a mapIndexTemplate, and is neither mapped nor in a mapped group/],
  ['a group that is not mapped', () => group('g', () => task('a', () => 1), { mapIndexTemplate: 'a' } as object),                /Group "g", which is not mapped, has no option "mapIndexTemplate"/],
  ['an empty text',              () => task('load', () => 1, { n: expand([1]) }, { mapIndexTemplate: '' }),                      /mapIndexTemplate expects a text such as "\{\{ city \}\}" or a function, got ""/],
  ['a number',                   () => expandGroup('g', { n: [1] }, () => task('a', () => 1), { mapIndexTemplate: 7 } as object), /Group "g": mapIndexTemplate expects a text/],
  ['a default for all tasks',    () => group('g', () => task('a', () => 1), { defaultArgs: { mapIndexTemplate: 'a' } as object }), /mapIndexTemplate/],
])('%s is refused while the file is loaded', (_what, body, problem) => {
  expect(() => new DAG({ dagId: 'refused' }, () => void body())).toThrow(problem);
});
