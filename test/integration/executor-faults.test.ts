import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleFile, ExecutorHarness } from '../support/executor-harness.ts';
import { isRunning, untilGone, untilIdle } from '../support/process-list.ts';
import { leftRunnerRows, SupervisorProcess } from '../support/supervisor-process.ts';

/** Tasks wait for the file `go` in the home, so that a test says when they end. */
const code = (home: string) => `
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
const go = ${JSON.stringify(join(home, 'go'))};
const untilGo = async () => { while (!existsSync(go)) await sleep(10); };

export default new DAG({ dagId: 'test' }, () => {
  task('noop', async () => process.pid);
  task('waits', async () => { await untilGo(); return process.pid; });
  task('blocks', () => {
    while (!existsSync(go)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    return process.pid;
  });
  task('spins', () => { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); });
  task('aborts', async () => { process.abort(); });
  task('family', async () => {
    spawn('sh', ['-c', 'trap "" TERM; sleep 1000 & setsid sleep 1000 & echo $! > ${join(home, 'stray')}; wait; sleep 1000'], { stdio: 'ignore' });
    await sleep(1e9, undefined, { ref: true });
  });
  task('tells', async ({ log }) => { log.info('something'); return process.pid; });
  new BashOperator({ taskId: 'bash', command: 'trap "" TERM; echo $$ > ${join(home, 'bash')}; sleep 1000; sleep 1000' });
});
`;

async function newHarness(): Promise<ExecutorHarness> {
  const harness = new ExecutorHarness();
  harness.versions.set('v1', bundleFile(code(harness.home)));
  return harness;
}

async function startLocal(options = {}): Promise<ExecutorHarness> {
  const harness = await newHarness();
  await harness.startLocal(options);
  return harness;
}

const go = (harness: ExecutorHarness): void => writeFileSync(join(harness.home, 'go'), '');
const spooled = (harness: ExecutorHarness): readonly string[] =>
  existsSync(join(harness.home, 'spool')) ? readdirSync(join(harness.home, 'spool')) : [];

async function readWhenThere(path: string): Promise<number> {
  for (;;) {
    const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    if (text !== '') return Number(text);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the process of a task dies', () => {
  test('kill -9: told at once, in words', async () => {
    await using harness = await startLocal();
    const { attemptId } = harness.submit('waits');
    const { pid } = await harness.events.startOf(attemptId);
    process.kill(pid, 'SIGKILL');
    expect(await harness.events.endOf(attemptId)).toMatchObject({
      cancelled: false,
      reason: 'killed by signal 9',
    });
    expect((await harness.run('noop')).outcome.kind).toBe('success');
  });

  test('abort: the last words of the process are kept', async () => {
    await using harness = await startLocal();
    const { attemptId } = harness.submit('aborts');
    expect((await harness.events.endOf(attemptId)).reason).toContain('killed by signal 6');
  });

  test('one that dies before it began is given to another runner, uncounted', async () => {
    await using harness = await startLocal({ warmRunners: 1 });
    await harness.run('noop');
    const [first] = harness.rows.rows.values();
    // Stopped, it takes the grant and says nothing.
    process.kill(first!.pid, 'SIGSTOP');
    const { attemptId } = harness.submit('noop');
    process.kill(first!.pid, 'SIGKILL');
    const report = await harness.events.outcomeOf(attemptId);
    expect(report.outcome.kind).toBe('success');
    expect(report.pid).not.toBe(first!.pid);
    expect(harness.events.goneReports).toEqual([]);
  });

  test('its whole tree dies with it, also what left its group', async () => {
    await using harness = await startLocal();
    const { attemptId } = harness.submit('family');
    const { pid } = await harness.events.startOf(attemptId);
    const stray = await readWhenThere(join(harness.home, 'stray'));
    harness.executor.cancel(attemptId, 1, 'killed', 200);
    expect(await harness.events.endOf(attemptId)).toMatchObject({ cancelled: true });
    expect([pid, stray].map(isRunning)).toEqual([false, false]);
  });

  test('a command that ignores SIGTERM is killed after the grace', async () => {
    await using harness = await startLocal();
    const { attemptId } = harness.submit('bash');
    const bash = await readWhenThere(join(harness.home, 'bash'));
    const { processGroup } = await harness.events.until(() => harness.events.groups[0]);
    expect(processGroup).toBe(bash);
    harness.executor.cancel(attemptId, 1, 'killed', 200);
    await harness.events.endOf(attemptId);
    expect(isRunning(bash)).toBe(false);
  });

  test('kill -9 of the runner ends the command that it ran', async () => {
    await using harness = await startLocal();
    const { attemptId } = harness.submit('bash');
    const { pid } = await harness.events.startOf(attemptId);
    const bash = await readWhenThere(join(harness.home, 'bash'));
    process.kill(pid, 'SIGKILL');
    expect((await harness.events.endOf(attemptId)).reason).toBe('killed by signal 9');
    expect(isRunning(bash)).toBe(false);
  });

  test('code that blocks its process is ended when its time is over', async () => {
    await using harness = await startLocal({ settings: { killGraceMs: 50 } });
    const report = await harness.run('spins', { executionTimeoutMs: 100 });
    expect(report.outcome).toMatchObject({
      kind: 'failed',
      retryable: true,
      error: { code: 'execution_timeout' },
    });
    expect(isRunning(report.pid)).toBe(false);
  });

  test('when its time is over all that it started goes too, whatever ignores SIGTERM or left its group', async () => {
    await using harness = await startLocal({ settings: { killGraceMs: 50 } });
    const { attemptId } = harness.submit('family', { executionTimeoutMs: 1_500 });
    const { pid } = await harness.events.startOf(attemptId);
    const stray = await readWhenThere(join(harness.home, 'stray'));
    const report = await harness.events.outcomeOf(attemptId);
    expect(report.outcome).toMatchObject({ kind: 'failed', error: { code: 'execution_timeout' } });
    await untilGone(pid, stray);
  });

  test('a process that is stopped is ended when its time is over', async () => {
    await using harness = await startLocal({ settings: { killGraceMs: 50 } });
    const { attemptId } = harness.submit('waits', { executionTimeoutMs: 500 });
    const { pid } = await harness.events.startOf(attemptId);
    process.kill(pid, 'SIGSTOP');
    const report = await harness.events.outcomeOf(attemptId);
    expect(report.outcome).toMatchObject({ kind: 'failed', error: { code: 'execution_timeout' } });
    expect(isRunning(pid)).toBe(false);
  });

  test('a process that is only stopped is not dead', async () => {
    await using harness = await startLocal();
    const { attemptId } = harness.submit('waits');
    const { pid } = await harness.events.startOf(attemptId);
    process.kill(pid, 'SIGSTOP');
    go(harness);
    await harness.run('noop');
    expect(harness.events.goneReports).toEqual([]);
    process.kill(pid, 'SIGCONT');
    expect((await harness.events.outcomeOf(attemptId)).outcome.kind).toBe('success');
  });
});

/** Writes to it fail as those to a full disk do, and need no disk of their own. */
const fullDisk = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync('/dev/full', path);
};

describe('the disk is full', () => {
  test('of the logs: a task ends as it would, without them', async () => {
    await using harness = await newHarness();
    await harness.startLocal({ warmRunners: 1 });
    const [runner] = await harness.events.until(() => {
      const rows = [...harness.rows.rows.values()];
      return rows.length === 1 ? rows : undefined;
    });
    const day = new Date().toISOString().slice(0, 10);
    const segment = join(harness.home, 'logs', day, `${runner!.runnerId}-0.jsonl`);
    fullDisk(segment);
    const full = await harness.run('tells');
    expect(full.outcome).toMatchObject({ kind: 'success', xcoms: { return_value: runner!.pid } });
    expect(full.log.end).toBe(full.log.start);
  });
});

describe('the scheduler is killed', () => {
  test.each(['waits', 'blocks'])(
    'a running task (%s) goes on with its pid, and the next scheduler gets its outcome',
    async (taskId) => {
      await using harness = await newHarness();
      const workload = harness.workload(taskId);
      const supervisor = new SupervisorProcess(harness, [workload]);
      const { pid } = await supervisor.said('started');
      await supervisor.kill();
      leftRunnerRows(harness);
      const [row] = harness.rows.rows.values();
      await harness.startLocal();
      const adoptable = { attemptId: 1, grantNumber: 1, runnerId: row!.runnerId, processGroups: [] };
      expect(await harness.executor.adopt([adoptable])).toEqual([]);
      expect(isRunning(pid)).toBe(true);
      go(harness);
      const { outcome } = await harness.events.outcomeOf(1);
      expect(outcome).toMatchObject({ kind: 'success', xcoms: { return_value: pid } });
      expect(harness.events.outcomes).toHaveLength(1);
      await untilGone(pid);
      expect(spooled(harness)).toEqual([]);
    },
  );

  test('a task that ends meanwhile leaves its outcome on disk', async () => {
    await using harness = await newHarness();
    const supervisor = new SupervisorProcess(harness, [harness.workload('waits')]);
    const { pid } = await supervisor.said('started');
    await supervisor.kill();
    leftRunnerRows(harness);
    go(harness);
    await untilGone(pid);
    expect(spooled(harness)).toEqual(['1-1.json']);
    await harness.startLocal();
    expect(
      await harness.executor.adopt([{ attemptId: 1, grantNumber: 1, runnerId: null, processGroups: [] }]),
    ).toEqual([]);
    const { outcome } = await harness.events.outcomeOf(1);
    expect(outcome).toMatchObject({ kind: 'success', xcoms: { return_value: pid } });
    expect(spooled(harness)).toEqual([]);
  });

  test('a task that ends meanwhile, on a full disk, keeps its outcome until there is space', async () => {
    await using harness = await newHarness();
    const supervisor = new SupervisorProcess(harness, [harness.workload('waits')]);
    const { pid } = await supervisor.said('started');
    const half = join(harness.home, 'spool', `1-1.json.${pid}.tmp`);
    fullDisk(half);
    await supervisor.kill();
    go(harness);
    await untilIdle(pid);
    expect(isRunning(pid)).toBe(true);
    expect(spooled(harness)).toEqual([basename(half)]);
    rmSync(half);
    await untilGone(pid);
    expect(spooled(harness)).toEqual(['1-1.json']);
  });

  test('an outcome that it did not accept is found by the next one', async () => {
    await using harness = await newHarness();
    const supervisor = new SupervisorProcess(harness, [harness.workload('noop')]);
    const { pid } = await supervisor.said('outcome');
    await supervisor.kill();
    leftRunnerRows(harness);
    await harness.startLocal();
    const [row] = harness.rows.rows.values();
    expect(
      await harness.executor.adopt([
        { attemptId: 1, grantNumber: 1, runnerId: row!.runnerId, processGroups: [] },
      ]),
    ).toEqual([]);
    expect((await harness.events.outcomeOf(1)).outcome).toMatchObject({ xcoms: { return_value: pid } });
    await untilGone(pid);
  });

  test('both are killed: lost, and what it ran is swept', async () => {
    await using harness = await newHarness();
    const supervisor = new SupervisorProcess(harness, [harness.workload('bash')]);
    const { pid } = await supervisor.said('started');
    const bash = await readWhenThere(join(harness.home, 'bash'));
    process.kill(pid, 'SIGSTOP');
    await supervisor.kill();
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    expect(isRunning(bash)).toBe(true);
    leftRunnerRows(harness);
    await harness.startLocal();
    const [row] = harness.rows.rows.values();
    const lost = await harness.executor.adopt([
      { attemptId: 1, grantNumber: 1, runnerId: row!.runnerId, processGroups: [] },
    ]);
    expect(lost).toMatchObject([{ attemptId: 1, started: true, reason: 'the runner process is gone' }]);
    expect(isRunning(bash)).toBe(false);
  });

  test('the machine was restarted: lost at once, and no process of the same number is touched', async () => {
    await using harness = await startLocal();
    const [row] = harness.rows.rows.values();
    const base = row ?? {
      schedulerId: 'x',
      host: (await import('node:os')).hostname(),
      startedAt: 0,
      endedAt: null,
    };
    harness.rows.rows.set('runner-of-old', {
      ...base,
      runnerId: 'runner-of-old',
      bootId: 'another',
      pid: process.pid,
      pidStart: '1',
    } as never);
    const lost = await harness.executor.adopt([
      { attemptId: 7, grantNumber: 1, runnerId: 'runner-of-old', processGroups: [process.pid] },
    ]);
    expect(lost).toMatchObject([{ reason: 'the machine was restarted', started: true }]);
    expect(harness.rows.rows.get('runner-of-old')?.endedAt).not.toBeNull();
  });

  test('a reused pid is not the runner', async () => {
    await using harness = await startLocal();
    await harness.run('noop');
    const [row] = harness.rows.rows.values();
    harness.rows.rows.set('runner-of-old', {
      ...row!,
      runnerId: 'runner-of-old',
      pid: process.pid,
      pidStart: '1',
    });
    const lost = await harness.executor.adopt([
      { attemptId: 7, grantNumber: 1, runnerId: 'runner-of-old', processGroups: [] },
    ]);
    expect(lost).toMatchObject([{ reason: 'the runner process is gone' }]);
  });

  test('killed between spawn and record: the runner goes by itself', async () => {
    await using harness = await newHarness();
    const supervisor = new SupervisorProcess(harness, [harness.workload('noop')], {
      TSFLOW_FAILPOINT: 'after-spawn',
    });
    expect(await supervisor.exited).toMatchObject({ signal: 'SIGKILL' });
    leftRunnerRows(harness);
    expect(harness.rows.rows.size).toBe(0);
    await harness.startLocal();
    const lost = await harness.executor.adopt([
      { attemptId: 1, grantNumber: 1, runnerId: null, processGroups: [] },
    ]);
    expect(lost).toMatchObject([{ started: false }]);
    expect((await harness.run('noop', { attemptId: 1, grantNumber: 2 })).grantNumber).toBe(2);
    expect(harness.events.outcomes).toHaveLength(1);
  });

  test.each(['before-outcome-send', 'after-outcome-send', 'after-spool'])(
    'a runner killed at %s',
    async (name) => {
      await using harness = await newHarness();
      const supervisor = new SupervisorProcess(harness, [harness.workload('waits')], {
        TSFLOW_FAILPOINT: name,
      });
      const { pid } = await supervisor.said('started');
      const [kind] = name === 'before-outcome-send' ? (['gone'] as const) : (['outcome'] as const);
      if (name === 'after-spool') {
        await supervisor.kill();
        leftRunnerRows(harness);
        go(harness);
        await untilGone(pid);
        await harness.startLocal();
        await harness.executor.adopt([{ attemptId: 1, grantNumber: 1, runnerId: null, processGroups: [] }]);
        expect((await harness.events.outcomeOf(1)).outcome.kind).toBe('success');
      } else {
        go(harness);
        expect((await supervisor.said(kind)).attemptId).toBe(1);
        await supervisor.kill();
      }
    },
  );

  test('nobody comes back: a busy runner ends itself and its commands', async () => {
    await using harness = await startLocal({ settings: { orphanGraceMs: 200 } });
    const { attemptId } = harness.submit('bash');
    const { pid } = await harness.events.startOf(attemptId);
    const bash = await readWhenThere(join(harness.home, 'bash'));
    await harness.server!.stop();
    await untilGone(pid, bash);
  });

  test('an idle runner does not outlive it', async () => {
    await using harness = await startLocal();
    await harness.run('noop');
    const pids = [...harness.rows.rows.values()].map(({ pid }) => pid);
    await harness.stopLocal();
    await untilGone(...pids);
  });

  test('an orphan that was fenced meanwhile stops without a word', async () => {
    await using harness = await newHarness();
    const supervisor = new SupervisorProcess(harness, [harness.workload('waits')]);
    const { pid } = await supervisor.said('started');
    process.kill(pid, 'SIGSTOP');
    await supervisor.kill();
    await harness.startLocal();
    harness.executor.submit([harness.workload('waits', { attemptId: 1, grantNumber: 2 })]);
    await harness.events.startOf(1);
    process.kill(pid, 'SIGCONT');
    await untilGone(pid);
    go(harness);
    expect(await harness.events.outcomeOf(1)).toMatchObject({ grantNumber: 2 });
    expect(harness.events.goneReports).toEqual([]);
  });
});
