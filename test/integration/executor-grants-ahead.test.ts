import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleFile, ExecutorHarness } from '../support/executor-harness.ts';

const CORES = availableParallelism();

/** As `attempt-durations.ts` has them. */
const SHORT_MS = 5;
const IN_A_ROW = 16;

/** Tasks that nobody has seen when they are run. */
const ONCE = 6 * CORES;

const code = (home: string) => `
import { setTimeout as sleep } from 'node:timers/promises';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
const say = (word) => appendFileSync(${JSON.stringify(join(home, 'said'))}, process.pid + ' ' + word + '\\n');
const go = ${JSON.stringify(join(home, 'go'))};
export default new DAG({ dagId: 'test' }, () => {
  task('short', async ({ conf }) => {
    if (conf.wait) while (!existsSync(go)) await sleep(5);
    if (conf.block) while (!existsSync(go)) execFileSync('sleep', ['0.02']);
    if (conf.spinMs) for (const end = Date.now() + conf.spinMs; Date.now() < end; );
    if (conf.says) { say('begin ' + conf.says); for (let i = 0; i < 50; i++) await new Promise(setImmediate); say('end ' + conf.says); }
    if (conf.leak) { setInterval(() => {}, 1000); await sleep(20); }
    return process.pid;
  });
  for (let i = 0; i < ${ONCE}; i++) task('once_' + i, () => writeFileSync(${JSON.stringify(join(home, 'done'))} + '/' + i, ''));
});
`;

/** As many short attempts as keep every runner busy with one that waits, and `behind` more behind each. */
async function start({ concurrency = 16 } = {}): Promise<ExecutorHarness> {
  const harness = new ExecutorHarness();
  harness.versions.set('v1', bundleFile(code(harness.home)));
  await harness.startLocal({ concurrency, warmRunners: CORES });
  // Known to be short, on every runner, so that others may follow behind it. On a busy machine even nothing takes long now and then.
  const { outcomes } = harness.events;
  const wereShort = () =>
    outcomes.slice(-IN_A_ROW).every(({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs <= SHORT_MS);
  while (new Set(outcomes.map(({ pid }) => pid)).size < CORES || outcomes.length < IN_A_ROW || !wereShort()) {
    const attempts = Array.from({ length: CORES }, () => harness.submit('short'));
    for (const { attemptId } of attempts) await harness.events.outcomeOf(attemptId);
  }
  return harness;
}

const go = (harness: ExecutorHarness): void => writeFileSync(join(harness.home, 'go'), '');

describe('grants behind short attempts', () => {
  test('a burst of short attempts is done by as many processes as there are cores', async () => {
    await using harness = await start();
    const attempts = Array.from({ length: 200 }, () => harness.submit('short'));
    for (const { attemptId } of attempts) await harness.events.outcomeOf(attemptId);
    const pids = new Set(harness.events.outcomes.slice(-200).map(({ pid }) => pid));
    expect(pids.size).toBeLessThanOrEqual(CORES);
    expect(new Set(harness.events.outcomes.map(({ attemptId }) => attemptId)).size).toBe(
      harness.events.outcomes.length,
    );
  });

  test('tasks that nobody has seen are granted ahead too, while all that end are short', async () => {
    await using harness = await start();
    mkdirSync(join(harness.home, 'done'));
    const attempts = Array.from({ length: ONCE }, (_, i) => harness.submit(`once_${i}`));
    await new Promise(setImmediate);
    // This process grants nothing while it is here: what runs is what runners have.
    const end = performance.now() + 10_000;
    const done = () => readdirSync(join(harness.home, 'done')).length;
    while (done() < 4 * CORES && performance.now() < end);
    expect(done()).toBeGreaterThanOrEqual(4 * CORES);
    for (const { attemptId } of attempts) await harness.events.outcomeOf(attemptId);
    expect(done()).toBe(ONCE);
  });

  test.each([
    ['waits', { wait: true }],
    ['blocks its event loop', { block: true }],
  ])('what stands behind one that %s is taken back and done elsewhere', async (_how, conf) => {
    await using harness = await start();
    const long = Array.from({ length: CORES }, () => harness.submit('short', { conf }));
    const behind = Array.from({ length: 2 * CORES }, () => harness.submit('short'));
    for (const { attemptId } of behind)
      expect((await harness.events.outcomeOf(attemptId)).outcome.kind).toBe('success');
    expect(
      harness.events.outcomes.filter(({ attemptId }) => long.some((one) => one.attemptId === attemptId)),
    ).toEqual([]);
    go(harness);
    for (const { attemptId } of long) await harness.events.outcomeOf(attemptId);
    expect(harness.events.goneReports).toEqual([]);
  });

  test('kill -9 of its runner costs only the one that ran', async () => {
    await using harness = await start();
    const long = Array.from({ length: CORES }, () => harness.submit('short', { conf: { wait: true } }));
    const behind = Array.from({ length: 2 * CORES }, () => harness.submit('short'));
    const pids = await Promise.all(
      long.map(async ({ attemptId }) => (await harness.events.startOf(attemptId)).pid),
    );
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    for (const { attemptId } of long) {
      expect((await harness.events.endOf(attemptId)).reason).toBe('killed by signal 9');
    }
    for (const { attemptId } of behind)
      expect((await harness.events.outcomeOf(attemptId)).outcome.kind).toBe('success');
    expect(harness.events.goneReports).toHaveLength(long.length);
  });

  test('one that waits can be cancelled, and the one that runs goes on', async () => {
    await using harness = await start();
    const long = Array.from({ length: CORES }, () => harness.submit('short', { conf: { wait: true } }));
    const waiting = harness.submit('short');
    harness.executor.cancel(waiting.attemptId, 1, 'cleared', 100);
    expect(await harness.events.endOf(waiting.attemptId)).toMatchObject({
      cancelled: true,
      reason: 'cleared',
    });
    go(harness);
    for (const { attemptId } of long) {
      expect((await harness.events.outcomeOf(attemptId)).outcome.kind).toBe('success');
    }
    expect(harness.events.startedReports.some(({ attemptId }) => attemptId === waiting.attemptId)).toBe(
      false,
    );
  });

  test('a runner that retires hands back what it had not begun', async () => {
    await using harness = await start();
    const leaking = Array.from({ length: CORES }, () => harness.submit('short', { conf: { leak: true } }));
    const behind = Array.from({ length: 2 * CORES }, () => harness.submit('short'));
    const reports = await Promise.all(
      [...leaking, ...behind].map(({ attemptId }) => harness.events.outcomeOf(attemptId)),
    );
    expect(reports.map(({ outcome }) => outcome.kind)).toEqual(Array(3 * CORES).fill('success'));
    const leakyPids = new Set(reports.slice(0, CORES).map(({ pid }) => pid));
    expect(reports.slice(CORES).some(({ pid }) => leakyPids.has(pid))).toBe(false);
  });

  test('a runner runs one attempt at a time, also when one is granted while it looks at its socket', async () => {
    await using harness = await start();
    const says = (word: string) =>
      Array.from({ length: CORES }, (_, i) => harness.submit('short', { conf: { says: `${word}${i}` } }));
    for (let round = 0; round < 5; round++) {
      const spinning = Array.from({ length: CORES }, () => harness.submit('short', { conf: { spinMs: 20 } }));
      const behind = says(`${round}b`);
      await harness.events.startOf(spinning[0]!.attemptId);
      const later = says(`${round}c`);
      for (const { attemptId } of [...spinning, ...behind, ...later])
        await harness.events.outcomeOf(attemptId);
    }
    const atWork = new Map<string, string>();
    for (const line of readFileSync(join(harness.home, 'said'), 'utf8').trim().split('\n')) {
      const [pid, what, who] = line.split(' ') as [string, string, string];
      expect(atWork.get(pid), `${line}, in the middle of another`).toBe(what === 'begin' ? undefined : who);
      if (what === 'begin') atWork.set(pid, who);
      else atWork.delete(pid);
    }
  });

  test('runners that wake up late decline what was taken back meanwhile, and go on', async () => {
    await using harness = await start({ concurrency: 4 });
    const used = () => harness.events.outcomes.map(({ pid }) => pid);
    const pids = [...new Set(used())];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const attempts = Array.from({ length: 8 }, () => harness.submit('short'));
    const before = used().length;
    // What stands ahead is taken back, and with it the first of each runner; other processes do all but those.
    await harness.events.until(() => used().length === before + attempts.length - CORES || undefined);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    for (const { attemptId } of attempts) await harness.events.outcomeOf(attemptId);
    const after = used().length;
    while (!pids.every((pid) => used().slice(after).includes(pid))) {
      const attempts = Array.from({ length: 4 }, () => harness.submit('short', { conf: { spinMs: 10 } }));
      for (const { attemptId } of attempts) await harness.events.outcomeOf(attemptId);
    }
  });

  test('one that was claimed ends when a newer grant replaces it, and leaves its place', async () => {
    await using harness = await start({ concurrency: 2 * CORES });
    const first = Array.from({ length: CORES }, () => harness.submit('short'));
    const waits = Array.from({ length: CORES }, () => harness.submit('short', { conf: { wait: true } }));
    await new Promise(setImmediate);
    // A long turn of the scheduler: the first have ended and the others begun, and it has not heard of it.
    for (const end = performance.now() + 40; performance.now() < end; );
    harness.executor.submit(waits.map((workload) => ({ ...workload, grantNumber: 2, conf: {} })));
    for (const { attemptId } of [...first, ...waits]) await harness.events.outcomeOf(attemptId);
    const replaced = harness.events.outcomes.filter(({ attemptId }) =>
      waits.some((w) => w.attemptId === attemptId),
    );
    expect(replaced.map(({ grantNumber }) => grantNumber)).toEqual(Array(CORES).fill(2));
    // Every place is free again: so many wait at once.
    const all = Array.from({ length: 2 * CORES }, () => harness.submit('short', { conf: { wait: true } }));
    for (const { attemptId } of all) await harness.events.startOf(attemptId);
    go(harness);
    for (const { attemptId } of all) await harness.events.outcomeOf(attemptId);
  });
});
