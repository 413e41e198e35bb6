import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { InstalledProject, until } from '../support/installed-project.ts';

/** What the tasks of mapped DAGs get and give, through the real loader, scheduler and runners: the last task returns all it was handed. */
const FILE = `
import { BashOperator, concat, DAG, expand, expandGroup, zip } from '@tsflow/core';
import { z } from 'zod';

export default new DAG({ dagId: 'values', params: z.object({ cities: z.array(z.string()).default(['Kyoto', 'Nara']) }) }, ({ task, params }) => {
  const rows = task('rows', () => [{ id: 1, rain: 0 }, { id: 2, rain: 5 }, { id: 3, rain: 9 }]);
  const table = task('table', () => ({ a: 1, b: 2 }));
  const big = task('big', () => Array.from({ length: 20 }, (_, i) => String.fromCharCode(65 + i).repeat(10_000)));

  const ids = task('ids', (_context, { row }) => row.id, { row: expand(rows.output) }, { mapIndexTemplate: 'row {{ row.id }}' });
  const entries = task('entries', (_context, { entry: [key, value] }) => key + value, { entry: expand(table.output) });
  const cross = task('cross', ({ mapIndex }, { n, s, all }) => mapIndex + ':' + n + s + all, { n: expand([1, 2]), s: expand(['x', 'y']), all: '!' });
  const zipped = task('zipped', (_context, { pair: [row, word] }) => word + row.id, { pair: expand(zip(rows.output, ['p', 'q'])) });
  const joined = task('joined', (_context, { n }) => n, { n: expand(concat([0], ids.output, [9])) });
  const doubled = task('doubled', (_context, { n }) => n * 2, { n: expand(rows.output.map(({ id }) => id + 10)) });
  const rainy = task('rainy', (_context, { row }) => row.id, { row: expand(rows.output.filter(({ rain }) => rain > 0)) });
  const cities = task('cities', (_context, { city }) => city.toUpperCase(), { city: expand(params.cities) });
  const some = task('some', (_context, { id }) => (id === 2 ? undefined : id), { id: expand(ids.output) });
  const large = task('large', (_context, { text }) => text.length + text[0], { text: expand(big.output) });
  const shell = BashOperator.partial({ taskId: 'shell', command: 'echo "$WORD"' }).expand({ env: rows.output.map(({ id }) => ({ WORD: 'w' + id })) });
  const units = expandGroup('g', { row: rows.output, unit: ['mm', 'in'] }, ({ row, unit }) => {
    const read = task('read', (_context, { id }) => id, { id: row.map(({ id }) => id) });
    return task('write', (_context, { id, unit }) => id + unit, { id: read.output, unit });
  });
  const sums = expandGroup('h', { n: [1, 2] }, ({ n }) => {
    const list = task('list', (_context, { n }) => Array.from({ length: n }, (_, i) => n * 10 + i), { n });
    const one = task('one', (_context, { m }) => m + 1, { m: expand(list.output) });
    return task('sum', (_context, { all }) => all.reduce((a, b) => a + b, 0), { all: one.output });
  });
  task('end', (_context, inputs) => inputs, {
    ids: ids.output, entries: entries.output, cross: cross.output, zipped: zipped.output, joined: joined.output, doubled: doubled.output,
    rainy: rainy.output, cities: cities.output, some: some.output, large: large.output, shell: shell.output, units: units.exports.output,
    sums: sums.exports.output, whole: rows.output.filter(({ rain }) => rain > 0).map(({ id }) => id),
  });
});
`;

interface Listed {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly mapPath: string;
  readonly renderedMapIndex: string | null;
  readonly state: string;
  readonly tryNumber: number;
}

let project: InstalledProject;
let values: Record<string, unknown>;

beforeAll(async () => {
  project = new InstalledProject({ 'values.ts': FILE });
  project.start('standalone', '--port', String(await freePort()));
  const store = await project.store();
  await until(
    'the DAG is known',
    async () => (await store.db.selectFrom('dag').select('dagId').execute()).length > 0,
    60_000,
  );
  const ran = await project.run(['dags', 'trigger', 'values', '--wait']);
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ code: 0 });
  const end = await store.db
    .selectFrom('xcom')
    .innerJoin('attempt', 'attempt.attemptId', 'xcom.attemptId')
    .select('xcom.value')
    .where('attempt.taskId', '=', 'end')
    .executeTakeFirstOrThrow();
  values = JSON.parse(end.value) as Record<string, unknown>;
}, 120_000);
afterAll(() => project[Symbol.asyncDispose]());

describe('values of mapped tasks', () => {
  it.each<readonly [name: string, expected: unknown, what: string]>([
    ['ids', [1, 2, 3], 'one instance for each element, their values in index order'],
    ['entries', ['a1', 'b2'], 'an object gives its entries'],
    [
      'cross',
      ['0:1x!', '1:1y!', '2:2x!', '3:2y!'],
      'several lists: every combination, the last varies fastest',
    ],
    ['zipped', ['p1', 'q2'], 'zip: as long as the shortest'],
    ['joined', [0, 1, 2, 3, 9], 'concat, with what a mapped task returned'],
    ['doubled', [22, 24, 26], 'map changes elements'],
    ['rainy', [2, 3], 'filter changes their number'],
    ['cities', ['KYOTO', 'NARA'], 'a param'],
    ['some', [1, 3], 'without nulls'],
    [
      'large',
      Array.from({ length: 20 }, (_, i) => `10000${String.fromCharCode(65 + i)}`),
      'a list that does not fit a grant',
    ],
    ['shell', ['w1', 'w2', 'w3'], 'operators are mapped over their options'],
    ['units', ['1mm', '1in', '2mm', '2in', '3mm', '3in'], 'a group over two lists'],
    ['sums', [11, 43], 'a mapped task in a mapped group: the list of its own index'],
    ['whole', [2, 3], 'as an input that is not expanded: the whole list'],
  ])('%s is %j: %s', (name, expected) => {
    expect(values[name]).toEqual(expected);
  });

  it('lists instances with their index, and reads the log of one', async () => {
    const listed = await project.json<Listed[]>('tasks', 'list', 'values', 'latest');
    const of = (taskId: string) =>
      listed.filter((one) => one.taskId === taskId).map(({ mapPath, mapIndex }) => [mapPath, mapIndex]);
    expect(of('ids')).toEqual([
      ['0', 0],
      ['1', 1],
      ['2', 2],
    ]);
    expect(of('h.one')).toEqual([
      ['0.0', 0],
      ['1.0', 0],
      ['1.1', 1],
    ]);
    expect(of('rainy__row')).toEqual([['', -1]]);
    const log = await project.run(['tasks', 'logs', 'values', 'latest', 'h.one', '--map-path', '1.1']);
    expect(log.stdout).toContain('values.h.one [1.1]');
    expect(await project.json('tasks', 'state', 'values', 'latest', 'ids', '--map-path', '2')).toMatchObject({
      mapIndex: 2,
      state: 'success',
    });
  });

  it('shows how people call an index: in lists, in the answer of a clear, over REST', async () => {
    const listed = await project.json<Listed[]>('tasks', 'list', 'values', 'latest');
    const of = (taskId: string) =>
      listed.filter((one) => one.taskId === taskId).map(({ renderedMapIndex }) => renderedMapIndex);
    expect([of('ids'), of('cities')]).toEqual([
      ['row 1', 'row 2', 'row 3'],
      [null, null],
    ]);
    const table = (await project.run(['tasks', 'list', 'values', 'latest'])).stdout;
    expect(table).toMatch(/task +map +name +state/);
    expect(table).toMatch(/ids +0 +row 1 +success/);
    const preview = await project.run([
      'tasks',
      'clear',
      'values',
      'latest',
      'ids',
      '--map-path',
      '1',
      '--dry-run',
    ]);
    expect(preview.stdout).toContain('ids [1: row 2]');
  });

  it('clears one index, and refuses one that is not there', async () => {
    const refused = await project.run(['tasks', 'clear', 'values', 'latest', 'ids', '--map-path', '7']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Map index of ids') });
    const cleared = await project.run(['tasks', 'clear', 'values', 'latest', 'ids', '--map-path', '1']);
    expect(cleared).toMatchObject({ code: 0, stdout: expect.stringContaining('ids [1: row 2]') });
    await until(
      'it has run again',
      async () => {
        const tries = (await project.json<Listed[]>('tasks', 'list', 'values', 'latest')).filter(
          ({ taskId }) => taskId === 'ids',
        );
        return (
          tries.every(({ state }) => state === 'success') &&
          tries.map(({ tryNumber }) => tryNumber).join() === '1,2,1'
        );
      },
      60_000,
    );
  });
});
