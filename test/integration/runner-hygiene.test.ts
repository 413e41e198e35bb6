import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExecutorHarness } from '../support/executor-harness.ts';
import { untilGone } from '../support/process-list.ts';

const CODE = `
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn, execSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default new DAG({ dagId: 'test' }, () => {
  task('pid', async () => process.pid);
  task('prints', async () => {
    console.log('to stdout'); console.error('to', { stderr: true });
    process.stdout.write('in two '); process.stdout.write('pieces\\n');
    process.stdout.write(Buffer.from([0xff, 0xfe, 0x0a]));
    process.stdout.write('no end');
  });
  task('native', async () => { execSync('echo past node >&2', { stdio: 'inherit' }); return process.pid; });
  task('changes', async () => {
    process.env.MINE = '1'; process.env.PATH = '/nowhere'; delete process.env.HOME;
    process.chdir('/');
    writeFileSync(join(tmpdir(), 'left'), 'x');
    return process.pid;
  });
  task('surroundings', async ({ scratchDir }) => ({
    mine: process.env.MINE ?? null, path: process.env.PATH, home: process.env.HOME ?? null, nodeOptions: process.env.NODE_OPTIONS ?? null,
    database: process.env.TSFLOW_DATABASE_URL ?? null,
    cwd: process.cwd(), tmp: tmpdir(), scratch: scratchDir, pid: process.pid, attempt: process.env.TSFLOW_ATTEMPT_ID,
  }));
  task('leaks_timer', async () => { setInterval(() => {}, 1000); return process.pid; });
  task('leaks_child', async () => { const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }); child.unref(); return child.pid; });
  task('stray_rejection', async () => { Promise.reject(new Error('nobody looks')); await sleep(20); return process.pid; });
  task('stray_exception', async () => { setTimeout(() => { throw new Error('out of the blue'); }, 10); await sleep(1e9, undefined, { ref: true }); });
  task('late_exception', async () => { setTimeout(() => { throw new Error('late'); }, 30).unref(); return process.pid; });
  task('exits', async () => { process.exit(0); });
  task('closes', async () => { const timer = setTimeout(() => {}, 0); await sleep(1); clearTimeout(timer); return process.pid; });
});
`;

const value = (report: { outcome: unknown }): unknown =>
  (report.outcome as { xcoms?: { return_value?: unknown } }).xcoms?.return_value;

describe('what an attempt does to its runner', () => {
  const start = (options = {}) => ExecutorHarness.start('local', CODE, { concurrency: 1, ...options });

  test('a clean attempt leaves its process to the next one', async () => {
    await using harness = await start();
    const pids = [await harness.run('pid'), await harness.run('closes'), await harness.run('pid')].map(value);
    expect(new Set(pids).size).toBe(1);
  });

  test('what it prints is in its log, line by line', async () => {
    await using harness = await start();
    const { attemptId, log } = await harness.run('prints');
    const lines = (await harness.log(attemptId, log))
      .slice(1)
      .map(({ source, message }) => [source, message]);
    expect(lines).toEqual([
      ['stdout', 'to stdout'],
      ['stderr', 'to { stderr: true }'],
      ['stdout', 'in two pieces'],
      ['stdout', '\ufffd\ufffd'],
      ['stdout', 'no end'],
    ]);
  });

  test('what its children print past Node is there too', async () => {
    await using harness = await start();
    const first = await harness.run('native');
    expect((await harness.log(first.attemptId, first.log)).map(({ message }) => message)).toContain(
      'past node',
    );
    const second = await harness.run('pid');
    expect((await harness.log(second.attemptId, second.log)).map(({ message }) => message)).not.toContain(
      'past node',
    );
    expect(value(second)).toBe(value(first));
  });

  test('environment, directory and scratch files are restored', async () => {
    await using harness = await start({
      environment: {
        ...process.env,
        NODE_OPTIONS: '--no-warnings',
        TSFLOW_DATABASE_URL: 'postgres://secret',
      },
    });
    const before = value(await harness.run('surroundings')) as Record<string, unknown>;
    const changed = await harness.run('changes');
    const after = value(await harness.run('surroundings')) as Record<string, unknown>;
    expect(after).toEqual({ ...before, attempt: '3' });
    expect(after.pid).toBe(value(changed));
    expect(after).toMatchObject({
      mine: null,
      nodeOptions: null,
      database: null,
      cwd: join(harness.home, 'versions', 'v1'),
      tmp: before.scratch,
      home: process.env.HOME ?? null,
    });
    expect(readdirSync(String(after.scratch))).toEqual([]);
  });

  test.each(['leaks_timer', 'stray_rejection'])(
    '%s: it succeeds, and its process is not used again',
    async (taskId) => {
      await using harness = await start();
      const first = await harness.run(taskId);
      expect(first.outcome.kind).toBe('success');
      const second = await harness.run('pid');
      expect(second.outcome.kind).toBe('success');
      expect(value(second)).not.toBe(value(first));
    },
  );

  test('a child that it leaves running is ended, wherever it moved', async () => {
    await using harness = await start();
    const child = value(await harness.run('leaks_child')) as number;
    await untilGone(child);
  });

  test('an exception that nobody catches fails it', async () => {
    await using harness = await start();
    const { outcome } = await harness.run('stray_exception');
    expect(outcome).toMatchObject({ kind: 'failed', retryable: true, error: { message: 'out of the blue' } });
    expect((await harness.run('pid')).outcome.kind).toBe('success');
  });

  test('what it throws after its end is never blamed on the next attempt', async () => {
    await using harness = await start();
    const first = await harness.run('late_exception');
    const rest = await Promise.all([1, 2, 3].map(() => harness.run('pid')));
    expect([first, ...rest].map(({ outcome }) => outcome.kind)).toEqual(Array(4).fill('success'));
    expect(harness.events.goneReports).toEqual([]);
  });

  test('process.exit is not a result', async () => {
    await using harness = await start();
    expect((await harness.run('exits')).outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'task_exited', message: expect.stringContaining('process.exit(0)') },
    });
  });

  test('isolation "process" gives it a process of its own', async () => {
    await using harness = await start();
    const warm = await harness.run('pid');
    const alone = [
      await harness.run('pid', { isolation: 'process' }),
      await harness.run('pid', { isolation: 'process' }),
    ];
    expect(new Set([warm, ...alone].map(value)).size).toBe(3);
  });

  test('a runner is replaced after so many attempts', async () => {
    await using harness = await start({ settings: { maxAttempts: 2 } });
    const pids = [];
    for (let i = 0; i < 4; i++) pids.push(value(await harness.run('pid')));
    expect(new Set(pids).size).toBe(2);
  });

  test('a runner with too much memory is replaced', async () => {
    await using harness = await start({ settings: { maxMemoryBytes: 1 } });
    const pids = new Set<unknown>();
    for (let i = 0; i < 17; i++) pids.add(value(await harness.run('pid')));
    expect(pids.size).toBe(2);
  });
});
