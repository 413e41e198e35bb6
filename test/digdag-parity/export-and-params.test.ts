import { DAG, group, task } from '@tsflow/core';
import { fails, runDag } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

/** `_export:` of a workflow, of a group, of a task: the nearest wins. `defaultArgs` does that for the options that tasks share. */
describe('defaults', () => {
  // biome-ignore format: a table
  test.each([
    // DAG   outer group  inner group  task   tries
    [3,      undefined,   undefined,   undefined, 4],
    [3,      2,           undefined,   undefined, 3],
    [3,      2,           1,           undefined, 2],
    [3,      2,           1,           0,         1],
    [3,      undefined,   1,           undefined, 2],
    [undefined, undefined, undefined,  undefined, 1],
    [0,      2,           undefined,   4,         5],
  ])('retries of DAG %s, group %s, group inside %s, task %s', async (dagRetries, outer, inner, own, tries) => {
    const given = (retries: number | undefined) => (retries === undefined ? {} : { retries });
    const dag = new DAG({ dagId: 'exported', defaultArgs: { retryDelay: '1s', ...given(dagRetries) } }, () => {
      group(
        'outer',
        () => {
          group('inner', () => task('work', () => 1, {}, given(own)), { defaultArgs: given(inner) });
        },
        { defaultArgs: given(outer) },
      );
    });
    const run = await runDag(dag, { tasks: { 'outer.inner.work': fails() } });
    expect(run.tries['outer.inner.work']).toBe(tries);
  });
});

describe('params', () => {
  const dag = new DAG(
    {
      dagId: 'params',
      params: z.object({ mode: z.enum(['all', 'day']).default('day'), days: z.number().int().default(1) }),
    },
    ({ task: typed }) => {
      typed('read', ({ params }) => `${params.mode} ${params.days}`);
    },
  );

  // biome-ignore format: a table
  test.each([
    // -p …                          what the task reads
    [{},                             'day 1'],
    [{ mode: 'all' },                'all 1'],
    [{ mode: 'all', days: 3 },       'all 3'],
  ] as const)('`digdag start -p` with %j', async (conf, read) => {
    expect((await runDag(dag, { conf })).output('read')).toBe(read);
  });

  // biome-ignore format: a table
  test.each([
    [{ mode: 'week' },  /mode/],
    [{ days: 1.5 },     /days/],
    [{ days: '3' },     /days/],
  ])('%j is refused when it is asked for, not when the task runs', async (conf, message) => {
    // The types refuse it too: it stands for what comes through the CLI and REST.
    await expect(runDag(dag, { conf: conf as never })).rejects.toThrow(message);
  });
});
