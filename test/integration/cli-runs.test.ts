import { once } from 'node:events';
import { createServer } from 'node:net';
import { taskApiSocketPath } from '@tsflow/scheduler/task-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstalledProject, until } from '../support/installed-project.ts';

const DAGS = {
  'dags/days.ts': `
import { DAG, task, TaskFailed, Variable } from '@tsflow/core';
const badDay = Variable.string('bad_day', { default: '' });
export default new DAG({ dagId: 'days', schedule: '0 0 * * *', timezone: 'Asia/Tokyo', startDate: '2026-01-01' }, () => {
  const day = task('day', async ({ logicalDate, variables, log }) => {
    log.info('working on ' + logicalDate.toISOString());
    if ((await variables.get(badDay)) === logicalDate.toISOString().slice(0, 10)) throw new TaskFailed('a bad day');
    return logicalDate.toISOString();
  });
  task('after', (_context, { day }) => day.length, { day: day.output });
});
`,
  'dags/pair.ts': `
import { DAG, task } from '@tsflow/core';
let running = 0;
export default new DAG({ dagId: 'pair', schedule: null }, () => {
  for (const name of ['one', 'two']) {
    task(name, async () => {
      if (++running > 1) throw new Error('not alone');
      for (let round = 0; round < 100; round++) await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    }, {}, { pool: 'nobody_made', poolSlots: 2 });
  }
});
`,
  'dags/flaky.ts': `
import { DAG, task } from '@tsflow/core';
export default new DAG({ dagId: 'flaky', schedule: null }, () => {
  task('flaky', ({ tryNumber }) => {
    if (tryNumber < 3) throw new Error('not yet: ' + tryNumber);
    return tryNumber;
  }, {}, { retries: 2, retryDelay: '1h' });
});
`,
};

let project: InstalledProject;
beforeAll(async () => {
  project = new InstalledProject();
  await project.write(DAGS);
});
afterAll(() => project[Symbol.asyncDispose]());

describe('a backfill without a server', () => {
  const range = ['--start', '2026-02-01', '--end', '2026-02-10'];

  it('brings its own scheduler, says so, and counts', async () => {
    await project.run(['variables', 'set', 'bad_day', '2026-02-04']);
    const result = await project.run(['backfill', 'days', ...range]);
    expect(result.stderr).toContain('No scheduler is running: this command brings its own');
    expect(result).toMatchObject({ code: 1, stdout: '10 runs: 9 succeeded, 1 failed\n' });
  });

  it('reads dates in the zone of the DAG, both ends included', async () => {
    const runs = await project.json<{ logicalDate: string; runType: string; state: string }[]>(
      'runs',
      'list',
      'days',
    );
    expect(runs).toHaveLength(10);
    expect(runs.at(-1)).toMatchObject({ logicalDate: '2026-01-31T15:00:00.000Z', runType: 'backfill' });
    expect(runs[0]?.logicalDate).toBe('2026-02-09T15:00:00.000Z');
  });

  it('plans without doing', async () => {
    const plan = await project.json(
      'backfill',
      'days',
      '--start',
      '2026-02-01',
      '--end',
      '2026-02-12',
      '--dry-run',
    );
    expect(plan).toMatchObject({ total: 12, toCreate: 2, existing: 10, toClear: 0 });
    expect(await project.json('runs', 'list', 'days')).toHaveLength(10);
  });

  it('runs some tasks alone, and names them beforehand', async () => {
    const one = ['--start', '2026-03-01', '--end', '2026-03-01'];
    const plan = await project.run(['backfill', 'days', ...one, '--tasks', 'day', '--dry-run']);
    expect(plan.stdout).toContain('Tasks of each: day.');
    expect(await project.run(['backfill', 'days', ...one, '--tasks', 'after'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('after reads what day returns'),
    });
    const result = await project.run(['backfill', 'days', ...one, '--tasks', 'day']);
    expect(result).toMatchObject({ code: 0, stdout: '1 run: 1 succeeded\n' });
    const tasks = await project.json<{ taskId: string }[]>('tasks', 'list', 'days', 'latest');
    expect(tasks.map(({ taskId }) => taskId)).toEqual(['day']);
  });

  it('lists backfills and shows one; what has ended takes no orders', async () => {
    const found = await project.json<{ backfillKey: number; state: string; total: number }[]>(
      'backfill',
      'list',
      'days',
    );
    expect(found.map(({ state, total }) => [state, total])).toEqual([
      ['success', 1],
      ['failed', 10],
    ]);
    const key = String(found[0]!.backfillKey);
    expect(await project.json('backfill', 'show', key)).toMatchObject({
      dagId: 'days',
      options: { taskIds: ['day'], reprocess: 'none' },
      succeeded: 1,
    });
    const unknown = await project.run(['backfill', 'show', 'x']);
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected its number, got "x".'),
    });
    expect((await project.run(['backfill', 'show', '999999'])).stderr).toContain('does not exist');
  });

  it('leaves alone what exists', async () => {
    const result = await project.run(['backfill', 'days', ...range]);
    expect(result).toMatchObject({ code: 0, stdout: '10 runs: 10 exist (untouched)\n' });
  });

  it('runs what failed again', async () => {
    await project.run(['variables', 'delete', 'bad_day']);
    const result = await project.run(['backfill', 'days', ...range, '--reprocess', 'failed']);
    expect(result.code).toBe(0);
    expect(await project.json('runs', 'list', 'days', '--state', 'failed')).toEqual([]);
  });

  it('refuses a range that ends before it begins', async () => {
    const result = await project.run(['backfill', 'days', '--start', '2026-02-02', '--end', '2026-02-01']);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('lies before --start') });
  });
});

describe('a run without a server', () => {
  it('waits for it; what it says is in the log', async () => {
    const run = await project.json<{ runId: string; state: string }>('dags', 'trigger', 'days', '--wait');
    expect(run).toMatchObject({ state: 'success' });
    const { stdout } = await project.run(['tasks', 'logs', 'days', run.runId, 'day', '--follow']);
    expect(stdout).toContain('working on ');
    expect(await project.json('tasks', 'list', 'days', run.runId)).toMatchObject([
      { taskId: 'day', mapIndex: -1, state: 'success', tryNumber: 1, startDate: expect.any(String) },
      { taskId: 'after', state: 'success' },
    ]);
  });

  it('exits with 1 when it failed', async () => {
    await project.run(['variables', 'set', 'bad_day', '2026-03-01']);
    const failed = await project.run([
      'dags',
      'trigger',
      'days',
      '--wait',
      '--json',
      '--logical-date',
      '2026-03-01T09:00',
    ]);
    await project.run(['variables', 'delete', 'bad_day']);
    expect(failed.code).toBe(1);
    const { runId } = JSON.parse(failed.stdout) as { runId: string };
    const state = await project.json<{ attempts: unknown[] }>('tasks', 'state', 'days', runId, 'day');
    expect(state.attempts).toMatchObject([{ state: 'failed', error: { message: 'a bad day' } }]);
  });

  it('takes a request that it does not carry out itself, says that it waits, and exits with 3', async () => {
    const result = await project.run(['dags', 'pause', 'days']);
    expect(result).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('No scheduler is running: the request waits'),
    });
  });

  it('knows what it was not asked for', async () => {
    const result = await project.run(['dags', 'trigger', 'dayz', '--wait']);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "days"?') });
  });
});

describe('dags test', () => {
  it('runs a DAG in this process, retries without their delay, and records nothing', async () => {
    const before = await project.json<unknown[]>('runs', 'list');
    const result = await project.run(['dags', 'test', 'flaky']);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/flaky\s+success\s+3/) });
    expect(result.stderr).toContain('try 2 failed; the next one starts now');
    expect(await project.json('runs', 'list')).toEqual(before);
  });

  it('runs one task after the other, so that a debugger stops in one of them, whatever pools there are', async () => {
    expect(await project.run(['dags', 'test', 'pair'])).toMatchObject({ code: 0 });
  });

  it("reads the project's Variables, shows why a task failed, and exits with 1", async () => {
    await project.run(['variables', 'set', 'bad_day', '2026-01-04']);
    const result = await project.run(['dags', 'test', 'days', '2026-01-05']);
    await project.run(['variables', 'delete', 'bad_day']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('a bad day');
    expect(result.stdout).toMatch(/after\s+upstream_failed/);
    const twice = await project.run(['dags', 'test', 'days', '2026-01-05', '--logical-date', '2026-01-06']);
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('is given twice') });
  });
});

it('leaves its work to a scheduler that is just starting', async () => {
  await project.run(['dags', 'unpause', 'days']);
  const listening = createServer().listen(taskApiSocketPath(project.home));
  await once(listening, 'listening');
  const command = project.spawn(['dags', 'trigger', 'days', '--run-id', 'left-to-it', '--wait']);
  let said = '';
  command.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await until('it meets the other', async () => said.includes('is just starting: it does the work'));
  listening.close();
  await once(listening, 'close');
  project.start('scheduler');
  expect(await once(command, 'close')).toEqual([0, null]);
});
