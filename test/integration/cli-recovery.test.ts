import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { InstalledProject, until } from '../support/installed-project.ts';

/** Operating by the command line, the real one, beside a running installation. */

const etlFile = `
import { BashOperator, chain, DAG, task } from '@tsflow/core';
export default new DAG({
  dagId: 'etl', schedule: '0 3 * * *', timezone: 'Asia/Tokyo', startDate: '2999-01-01', jitter: '10m', onOverlap: 'skip',
  maxActiveTasks: { default: 8, windows: [{ cron: '0 9 * * *', for: '8h', value: 2 }] },
}, () => {
  const extract = task('extract', ({ tryNumber }) => 'try ' + tryNumber, {}, { concurrencyKey: 'crm' });
  const load = new BashOperator({ taskId: 'load', command: 'echo {{ params.mode }}', pool: 'db', retries: 0 });
  const report = task('report', () => 1);
  chain(extract, load, report);
});
`;

let project: InstalledProject;
let runId: string;
beforeAll(async () => {
  project = new InstalledProject({ 'dags/etl.ts': etlFile });
  await project.run(['pools', 'set', 'db', '1']);
  const store = await project.store();
  project.start('standalone', '--port', String(await freePort()));
  const held = () => store.db.selectFrom('dag').select('holder').execute();
  await until('the scheduler holds the DAG', async () => Boolean((await held())[0]?.holder), 60_000);
  const run = await project.json<{ runId: string }>(
    'dags',
    'trigger',
    'etl',
    '--wait',
    '--conf',
    '{"mode":"all"}',
  );
  runId = run.runId;
});
afterAll(() => project[Symbol.asyncDispose]());

const taskIds = (tasks: readonly { taskId: string }[]) => tasks.map(({ taskId }) => taskId);
type Cleared = { tasks: { taskId: string; versionNumber?: number }[] };

describe('recovery', () => {
  it('says what a clear would touch and with which version, then does it', async () => {
    const from = ['tasks', 'clear', 'etl', runId, '--from', 'load', '--conf', '{"mode":"some"}'];
    const preview = await project.json<Cleared>(...from, '--dry-run');
    expect(preview.tasks).toMatchObject([
      { taskId: 'load', versionNumber: 1 },
      { taskId: 'report', versionNumber: 1 },
    ]);
    expect(taskIds((await project.json<Cleared>(...from)).tasks)).toEqual(['load', 'report']);
    await until('it has run again', async () => {
      const { state } = await project.json<{ state: string }>('runs', 'show', 'etl', runId);
      return state === 'success';
    });
  });

  it('old tries keep their fields, params and values', async () => {
    const rendered = (...more: string[]) => project.json('tasks', 'rendered', 'etl', runId, 'load', ...more);
    expect(await rendered('--try', '1')).toMatchObject({
      rendered: { command: 'echo all' },
      conf: { mode: 'all' },
    });
    expect(await rendered()).toMatchObject({ rendered: { command: 'echo some' }, conf: { mode: 'some' } });
    expect(await project.json('tasks', 'xcom', 'etl', runId, 'extract', '--try', '1')).toEqual([
      { key: 'return_value', value: 'try 1' },
    ]);
    const none = await project.run(['tasks', 'xcom', 'etl', runId, 'extract', '--try', '7']);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('It has 1.') });
  });

  it('marks tasks and runs, and clears whole runs by their state', async () => {
    const preview = await project.json<Cleared>(
      'tasks',
      'mark',
      'etl',
      runId,
      'report',
      '--state',
      'failed',
      '--dry-run',
    );
    expect(taskIds(preview.tasks)).toEqual(['report']);
    await project.json('runs', 'mark', 'etl', runId, '--state', 'failed');
    const failed = ['runs', 'clear', 'etl', '--state', 'failed'];
    expect(await project.json(...failed, '--dry-run')).toMatchObject({ runs: [runId] });
    expect(taskIds((await project.json<Cleared>(...failed)).tasks)).toEqual(['extract', 'load', 'report']);
    await until('it has run again', async () => {
      const { state } = await project.json<{ state: string }>('runs', 'show', 'etl', runId);
      return state === 'success';
    });
    expect(await project.run(['runs', 'clear', 'etl'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Name runs, or choose them'),
    });
    const ended = await project.run(['tasks', 'prioritize', 'etl', runId, '--weight', '9']);
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('Nothing of that waits') });
  });
});

describe('schedules', () => {
  it('plans from any day, and passes over runs', async () => {
    const planned = (...more: string[]) =>
      project.json<{ logicalDate: string; runAfter: string }[]>('dags', 'next', 'etl', '-n', '2', ...more);
    const [first, second] = await planned();
    expect(first!.logicalDate).toBe('2998-12-31T18:00:00.000Z');
    const delay = Date.parse(first!.runAfter) - Date.parse(first!.logicalDate);
    expect(delay).toBeGreaterThan(0);
    expect(delay).toBeLessThan(600_000);
    expect((await planned('--from', '3000-02-01'))[0]!.logicalDate).toBe('3000-01-31T18:00:00.000Z');
    const skip = ['dags', 'reschedule', 'etl', '--skip', '1'];
    expect(await project.json(...skip, '--dry-run')).toMatchObject({ skipped: [first!.logicalDate] });
    expect(await planned()).toMatchObject([first, second]);
    expect(await project.json(...skip)).toMatchObject({
      skipped: [first!.logicalDate],
      next: second!.logicalDate,
    });
    expect((await planned())[0]).toEqual(second);
    expect(await project.run(['dags', 'reschedule', 'etl'])).toMatchObject({ code: 2 });
  });
});

describe('pools and tokens', () => {
  it('lists, sets, exports, imports and deletes pools; default_pool stays', async () => {
    expect(await project.json('pools', 'list')).toMatchObject([
      { name: 'db', slots: 1, used: 0 },
      { name: 'default_pool', slots: 128 },
    ]);
    await project.run(['pools', 'set', 'db', '5', '--description', 'the warehouse']);
    const exported = (await project.run(['pools', 'export'])).stdout;
    expect(JSON.parse(exported)).toMatchObject({ db: { slots: 5, description: 'the warehouse' } });
    expect(await project.json('pools', 'delete', 'db')).toEqual({ name: 'db', deleted: true });
    await project.write({ 'pools.json': exported });
    await project.run(['pools', 'import', 'pools.json']);
    expect(await project.json('pools', 'get', 'db')).toMatchObject({ slots: 5 });
    // What it follows is exported and imported as well.
    await project.run(['variables', 'set', 'db_slots', '7']);
    expect(await project.json('pools', 'set', 'db', 'variable:db_slots=3')).toMatchObject({
      slots: 7,
      limit: { variable: 'db_slots', default: 3 },
    });
    await project.write({ 'pools.json': (await project.run(['pools', 'export'])).stdout });
    await project.run(['pools', 'set', 'db', '5']);
    await project.run(['pools', 'import', 'pools.json']);
    await project.run(['variables', 'delete', 'db_slots']);
    expect(await project.json('pools', 'get', 'db')).toMatchObject({ slots: 3 });
    expect((await project.run(['pools', 'list'])).stdout).toMatch(/db +3 +Variable db_slots/);
    expect(await project.run(['pools', 'set', 'db', 'variable:db_slots'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('variable:NAME=8'),
    });
    expect(await project.run(['pools', 'delete', 'default_pool'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be deleted'),
    });
    expect(await project.run(['pools', 'set', 'db', 'many'])).toMatchObject({ code: 2 });
  });

  it('makes a token once, lists it without its text, and revokes it', async () => {
    const made = await project.json<{ id: number; token: string }>(
      'tokens',
      'create',
      'admin',
      '--name',
      'ci',
    );
    expect(made.token).toMatch(/^tsflow_/);
    const listed = await project.run(['tokens', 'list', 'admin', '--json']);
    expect(listed.stdout).not.toContain(made.token);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: made.id, name: 'ci', expiresAt: null }]);
    await project.json('tokens', 'revoke', 'admin', String(made.id));
    expect(await project.json('tokens', 'list', 'admin')).toEqual([]);
    expect((await project.run(['tokens', 'create', 'nobody', '--name', 'x'])).code).toBe(1);
  });
});
