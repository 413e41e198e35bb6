import { BashOperator, branch, type ConfOf, DAG, expand } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { runDag, startDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

/** Airflow's params: a form with types and defaults; checked when a run is asked for; read by functions, templates, branches, lists. */

const schema = z.object({
  table: z.string().min(1).default('orders').meta({ title: 'Table', description: 'What is loaded' }),
  mode: z.enum(['all', 'day']).default('day'),
  days: z.number().int().min(1).max(31).default(1),
  since: z.iso.date().default('2026-01-01'),
  regions: z.array(z.string()).default(['eu', 'us']),
  options: z
    .object({ dryRun: z.boolean().default(false), limit: z.number().nullable().default(null) })
    .prefault({}),
});

const dag = new DAG({ dagId: 'form', params: schema }, ({ task, params }) => {
  task('by_context', (context) => context.params);
  task('by_input', (_context, { days, since }) => `${days} days since ${since}`, {
    days: params.days,
    since: params.since,
  });
  new BashOperator({
    taskId: 'by_template',
    command: 'echo "{{ params.table }} {{ params.options.dryRun }}"',
  });
  task('by_list', (_context, { region }) => region, { region: expand(params.regions) });
  branch(
    'by_branch',
    (_context, { mode }) => mode,
    { all: task('all', () => 1), day: task('day', () => 2) },
    { mode: params.mode },
  );
});

const DEFAULTS = {
  table: 'orders',
  mode: 'day',
  days: 1,
  since: '2026-01-01',
  regions: ['eu', 'us'],
  options: { dryRun: false, limit: null },
};

// biome-ignore format: a table
test.each<[ConfOf<typeof schema>, object, string, string[], string]>([
  // given                                          differs from the defaults           template          the list         the branch
  [{},                                              {},                                 'orders false',   ['eu', 'us'],    'day'],
  [{ table: 'users', mode: 'all' },                 { table: 'users', mode: 'all' },    'users false',    ['eu', 'us'],    'all'],
  [{ days: 7, regions: ['jp'] },                    { days: 7, regions: ['jp'] },       'orders false',   ['jp'],          'day'],
  [{ options: { dryRun: true } },                   { options: { dryRun: true, limit: null } },  'orders true',  ['eu', 'us'],  'day'],
  [{ options: { limit: 3 } },                       { options: { dryRun: false, limit: 3 } },    'orders false', ['eu', 'us'],  'day'],
])('given %j', async (conf, changes, template, regions, mode) => {
  const run = (await runDag(dag, { conf })).assertSucceeded();
  const params = { ...DEFAULTS, ...changes };
  expect(run.output('by_context')).toEqual(params);
  expect(run.output('by_input')).toBe(`${params.days} days since ${params.since}`);
  expect(run.output('by_template')).toBe(template);
  expect(run.output('by_list')).toEqual(regions);
  run.assertStates({ [mode]: 'success', [mode === 'all' ? 'day' : 'all']: 'skipped' });
});

// biome-ignore format: a table
test.each([
  // given                          what it says
  [{ table: '' },                   /table/],
  [{ mode: 'week' },                /mode/],
  [{ days: 0 },                     /days/],
  [{ days: 32 },                    /days/],
  [{ days: 1.5 },                   /days/],
  [{ days: '3' },                   /days/],          // text is no number
  [{ since: 'yesterday' },          /since/],
  [{ regions: 'eu' },               /regions/],
  [{ regions: [1] },                /regions/],
  [{ options: { dryRun: 1 } },      /options.*dryRun/],
])('%j is refused when the run is asked for', async (conf, message) => {
  // The types refuse it too: it stands for what comes through the CLI and REST.
  await expect(runDag(dag, { conf: conf as never })).rejects.toThrow(message);
});

describe('a name that is none', () => {
  const form = { table: z.string().default('orders') };
  const read = (params: z.ZodObject) =>
    new DAG({ dagId: 'names', params }, ({ task }) => void task('read', (context) => context.params));
  const conf = { tables: 'users' };

  test('is left out by z.object', async () => {
    expect((await runDag(read(z.object(form)), { conf })).output('read')).toEqual({ table: 'orders' });
  });

  test('is refused by z.strictObject', async () => {
    await expect(runDag(read(z.strictObject(form)), { conf })).rejects.toThrow(
      'The params of names do not fit: there is no tables (did you mean table?).',
    );
  });
});

describe('a param without a default', () => {
  const required = () =>
    new DAG({ dagId: 'required', params: z.object({ day: z.string() }) }, ({ task }) => {
      task('read', ({ params }) => params.day);
    });

  test('has to be given', async () => {
    // @ts-expect-error day is missing
    await expect(runDag(required(), { conf: {} })).rejects.toThrow(/day/);
    expect((await runDag(required(), { conf: { day: 'monday' } })).output('read')).toBe('monday');
  });

  test('cannot be in a DAG with a schedule, which has nothing to give', () => {
    const scheduled = () =>
      serializeDag(
        new DAG(
          { dagId: 'daily', schedule: '@daily', params: z.object({ day: z.string() }) },
          () => undefined,
        ),
      );
    expect(scheduled).toThrow(
      /DAG "daily": params\.day has no default, and a run of its schedule is given none/,
    );
  });
});

test('a scheduled run has the defaults', async () => {
  const daily = new DAG(
    { dagId: 'daily', schedule: '@daily', startDate: '2026-01-01', params: schema },
    ({ task }) => {
      task('read', (context) => context.params);
    },
  );
  await using running = await startDag(daily, { now: '2026-01-01T12:00:00Z', schedule: true });
  await running.advance('1s');
  expect((await running.runs()).map((run) => run.output('read'))).toEqual([DEFAULTS]);
});

test('a clear may change them, and the next run has its own', async () => {
  await using running = await startDag(dag);
  const runId = await running.trigger({ conf: { days: 2 } });
  await running.finished(runId);
  await running.ask({ kind: 'clear', payload: { runId, taskIds: ['by_input'], conf: { days: 9 } } });
  expect((await running.finished(runId)).output('by_input')).toBe('9 days since 2026-01-01');
  const next = await running.trigger();
  expect((await running.finished(next)).output('by_input')).toBe('1 days since 2026-01-01');
});

test('a DAG without a form takes any conf as it is', async () => {
  const any = new DAG({ dagId: 'any' }, ({ task }) => void task('read', ({ params }) => params));
  const conf = { whatever: [1, { deep: null }] };
  expect((await runDag(any, { conf })).output('read')).toEqual(conf);
});
