import { describe, expect, test } from 'vitest';
import { ExecutorHarness } from '../support/executor-harness.ts';

const CODE = `
import { z } from 'zod';
import { setTimeout as sleep } from 'node:timers/promises';

export const out = { attempts: 0 };
class Killable extends Operator {
  async execute() {}
  async onKill(context) { context.log.info('undone ' + (await context.state.load()).job); }
}
class Branching extends Operator {
  decides = 'branch';
  execute() { return ['left', 'right']; }
}
export default new DAG({ dagId: 'test', timezone: 'Asia/Tokyo', params: z.object({ size: z.number().default(3) }) }, () => {
  task('noop', async () => undefined);
  task('value', async () => ({ at: new Date(0), rows: [1, undefined], nothing: undefined }));
  task('throws', async () => { throw new RangeError('out of reach', { cause: new Error('too far') }); });
  task('throws_text', async () => { throw 'just text'; });
  task('fails', async () => { throw new TaskFailed('never again'); });
  task('skips', async () => { throw new TaskSkipped('nothing to do'); });
  task('reschedules', async () => { throw new TaskRescheduled(new Date(1_800_000_000_000), { seen: 1 }); });
  task('bigint', async () => ({ a: { b: 1n } }));
  task('nan', async () => [1, NaN]);
  task('circle', async () => { const a = {}; a.a = a; return a; });
  task('function', async () => () => 1);
  task('huge', async () => 'x'.repeat(1024 * 1024));
  task('pushes', async ({ xcom }) => { xcom.push('rows', [1, 2]); return 'done'; });
  task('facts', async (c) => ({
    dagId: c.dagId, runId: c.runId, taskId: c.taskId, mapIndex: c.mapIndex, tryNumber: c.tryNumber, ds: c.ds, ts: c.ts,
    start: c.dataInterval.start, params: c.params, conf: c.conf, runType: c.runType,
  }));
  const upstream = task('upstream', async () => ({ big: true }));
  task('reads', async (_c, { given }) => given, { given: upstream.output });
  task('asks', async ({ variables }) => {
    const before = await variables.get(Variable.number('limit', { default: 7 }));
    await variables.set('limit', before + 1);
    return before;
  });
  task('refused', async ({ variables }) => variables.get('secret'));
  task('saves', async ({ state }) => { const before = await state.load(); await state.save({ job: 'j2' }); return [before, await state.load()]; });
  task('logs', async ({ log }) => { log.debug('quiet'); log.warn('loud', { rows: 3, error: new Error('inner') }); });
  task('connects', async ({ connections, log }) => {
    const { password } = await connections.get('db');
    log.info('password is ' + password + ' or ' + Buffer.from('me:' + password).toString('base64'));
    throw new Error('cannot log in with ' + password);
  });
  task('waits', async ({ signal }) => { await sleep(1e9, undefined, { signal }); });
  task('stubborn', async () => { await sleep(1e9, undefined, { ref: true }); });
  new Killable({ taskId: 'killable' });
  new Branching({ taskId: 'branches' });
  new BashOperator({ taskId: 'bash', command: 'echo "size {{ params.size }}"; echo oops >&2; echo last' });
  new BashOperator({ taskId: 'bash_sleeps', command: 'echo begun; sleep 1000 & sleep 1000' });
  task('notified', async () => 1, {}, { onExecute: [() => { throw new Error('callback'); }] });
});
`;

/** What every executor does with an attempt, wherever it runs it. */
describe.each(['local', 'inline'] as const)('executor: %s', (kind) => {
  const start = () =>
    ExecutorHarness.start(kind, CODE, {
      concurrency: 2,
      settings: { killGraceMs: 300, maxXComBytes: 1024 * 1024 },
    });

  test('runs a function task from grant to outcome', async () => {
    await using harness = await start();
    const report = await harness.run('value');
    expect(report.outcome).toEqual({
      kind: 'success',
      xcoms: { return_value: { at: '1970-01-01T00:00:00.000Z', rows: [1, null] } },
    });
    expect(report.grantNumber).toBe(1);
    expect(harness.events.startedReports.map(({ attemptId }) => attemptId)).toEqual([report.attemptId]);
    const noop = await harness.run('noop');
    expect(noop.outcome).toEqual({ kind: 'success', xcoms: {} });
    expect(await harness.log(noop.attemptId, noop.log)).toMatchObject([
      { source: 'system', attemptId: noop.attemptId },
    ]);
  });

  test('turns everything that a task may throw into an outcome', async () => {
    await using harness = await start();
    const thrown = await harness.run('throws');
    expect(thrown.outcome).toMatchObject({
      kind: 'failed',
      retryable: true,
      error: { name: 'RangeError', message: 'out of reach', cause: { message: 'too far' } },
    });
    const log = await harness.log(thrown.attemptId, thrown.log);
    const text = log.map(({ message }) => message).join('\n');
    expect(text).toMatch(/out of reach[\s\S]*Caused by: Error: too far/);
    expect((await harness.run('throws_text')).outcome).toMatchObject({ error: { message: 'just text' } });
    expect((await harness.run('fails')).outcome).toMatchObject({ kind: 'failed', retryable: false });
    expect((await harness.run('skips')).outcome).toEqual({ kind: 'skipped', reason: 'nothing to do' });
    expect((await harness.run('reschedules')).outcome).toEqual({
      kind: 'reschedule',
      atMs: 1_800_000_000_000,
      savedState: { seen: 1 },
    });
  });

  test('refuses values that are not JSON or too large, naming the limit', async () => {
    await using harness = await start();
    const messages: Record<string, string> = {};
    for (const taskId of ['bigint', 'nan', 'circle', 'function', 'huge']) {
      const { outcome } = await harness.run(taskId);
      expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'xcom_value' } });
      messages[taskId] = outcome.kind === 'failed' ? outcome.error.message : '';
    }
    expect(messages.bigint).toContain('BigInt (member "b")');
    expect(messages.nan).toContain('NaN (member "1")');
    expect(messages.circle).toContain('refers to itself');
    expect(messages.function).toContain('a function is not JSON');
    expect(messages.huge).toContain('1048576');
  });

  test('hands over what was pushed, with the returned value', async () => {
    await using harness = await start();
    expect((await harness.run('pushes')).outcome).toEqual({
      kind: 'success',
      xcoms: { rows: [1, 2], return_value: 'done' },
    });
  });

  test('gives the task the facts of its attempt', async () => {
    await using harness = await start();
    const { outcome } = await harness.run('facts', { timezone: 'Asia/Tokyo', mapPath: '3.1', tryNumber: 2 });
    expect(outcome).toMatchObject({
      xcoms: {
        return_value: {
          dagId: 'test',
          taskId: 'facts',
          runType: 'manual',
          mapIndex: 1,
          tryNumber: 2,
          ds: '2026-01-01',
          ts: '2026-01-01T00:00:00.000Z',
          start: '2025-12-31T00:00:00.000Z',
          params: { size: 3 },
          conf: {},
        },
      },
    });
    const late = await harness.run('facts', {
      timezone: 'Asia/Tokyo',
      logicalDate: '2026-01-01T15:00:00.000Z',
    });
    expect(late.outcome).toMatchObject({ xcoms: { return_value: { ds: '2026-01-02' } } });
  });

  test('checks the params again, and does not try a bad conf twice', async () => {
    await using harness = await start();
    expect((await harness.run('facts', { conf: { size: 5 } })).outcome).toMatchObject({
      xcoms: { return_value: { params: { size: 5 } } },
    });
    expect((await harness.run('facts', { conf: { size: 'x' } })).outcome).toMatchObject({
      kind: 'failed',
      retryable: false,
      error: { code: 'invalid_params' },
    });
  });

  test('takes inputs from the grant, and asks for those that are not in it', async () => {
    await using harness = await start();
    const given = await harness.run('reads', { inputs: { 'upstream/return_value': [1] } });
    expect(given.outcome).toMatchObject({ xcoms: { return_value: [1] } });
    expect(harness.events.questions).toEqual([]);
    harness.events.answer = () => ({ asked: true });
    expect((await harness.run('reads')).outcome).toMatchObject({ xcoms: { return_value: { asked: true } } });
    expect(harness.events.questions).toMatchObject([
      { verb: 'xcom', taskId: 'upstream', key: 'return_value' },
    ]);
  });

  test('reads and writes Variables through the scheduler', async () => {
    await using harness = await start();
    harness.events.answer = ({ verb }) => (verb === 'variable' ? undefined : null);
    expect((await harness.run('asks')).outcome).toMatchObject({ xcoms: { return_value: 7 } });
    expect(harness.events.questions).toMatchObject([
      { verb: 'variable', key: 'limit' },
      { verb: 'set_variable', key: 'limit', value: 8 },
    ]);
    harness.events.answer = () => {
      throw new Error('no such luck');
    };
    expect((await harness.run('refused')).outcome).toMatchObject({ error: { message: 'no such luck' } });
  });

  test('saves state before it goes on', async () => {
    await using harness = await start();
    const { outcome } = await harness.run('saves', { savedState: { job: 'j1' } });
    expect(outcome).toMatchObject({ xcoms: { return_value: [{ job: 'j1' }, { job: 'j2' }] } });
    expect(harness.events.questions).toMatchObject([{ verb: 'state', savedState: { job: 'j2' } }]);
  });

  test('keeps the log of each attempt', async () => {
    await using harness = await start();
    const { attemptId, log } = await harness.run('logs');
    expect((await harness.log(attemptId, log)).slice(1)).toMatchObject([
      { level: 'debug', source: 'task', message: 'quiet' },
      { level: 'warn', source: 'task', message: 'loud', fields: { rows: 3, error: 'Error: inner' } },
    ]);
  });

  test('masks the secrets of connections in log and error', async () => {
    await using harness = await start();
    harness.events.answer = () => ({ connectionId: 'db', password: 'hunter22', extra: {} });
    const { attemptId, log, outcome } = await harness.run('connects');
    const text = JSON.stringify([await harness.log(attemptId, log), outcome]);
    expect(text).toContain('password is *** or');
    expect(text).not.toContain('hunter22');
    expect(text).not.toContain(Buffer.from('me:hunter22').toString('base64').slice(4, -2));
  });

  test('renders fields, and masks and stores them', async () => {
    await using harness = await start();
    const { attemptId, outcome, rendered, log } = await harness.run('bash');
    expect(outcome).toMatchObject({ xcoms: { return_value: 'last' } });
    expect(rendered).toMatchObject({ command: 'echo "size 3"; echo oops >&2; echo last' });
    const messages = (await harness.log(attemptId, log)).map(({ message }) => message);
    expect(messages).toEqual(expect.arrayContaining(['size 3', 'oops', 'last']));
    expect(harness.events.groups).toMatchObject([{ attemptId }]);
  });

  test('says what a branch chose', async () => {
    await using harness = await start();
    expect((await harness.run('branches')).outcome).toMatchObject({
      decision: { kind: 'branch', chosen: ['left', 'right'] },
    });
  });

  test('goes on when a callback throws', async () => {
    await using harness = await start();
    const { outcome, attemptId, log } = await harness.run('notified');
    expect(outcome).toMatchObject({ kind: 'success' });
    expect((await harness.log(attemptId, log)).map(({ message }) => message).join()).toContain(
      'onExecute failed',
    );
  });

  test('says in words that a task or a DAG is not in the version', async () => {
    await using harness = await start();
    const { outcome } = await harness.run('values');
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'not_found' } });
    expect(outcome.kind === 'failed' && outcome.error.message).toContain('Did you mean "value"?');
  });

  test('ends an attempt that runs out of its time', async () => {
    await using harness = await start();
    const { outcome } = await harness.run('waits', { executionTimeoutMs: 100 });
    expect(outcome).toMatchObject({ kind: 'failed', retryable: true, error: { code: 'execution_timeout' } });
    const stubborn = await harness.run('stubborn', { executionTimeoutMs: 100 });
    expect(stubborn.outcome).toMatchObject({ error: { code: 'execution_timeout' } });
  });

  test('cancels: the signal fires, and the end is told', async () => {
    await using harness = await start();
    for (const taskId of ['waits', 'stubborn', 'bash_sleeps']) {
      const { attemptId } = harness.submit(taskId);
      await harness.events.startOf(attemptId);
      if (taskId === 'bash_sleeps') {
        await harness.events.until(() =>
          harness.events.groups.find((group) => group.attemptId === attemptId),
        );
      }
      harness.executor.cancel(attemptId, 1, 'cleared by ann', 300);
      expect(await harness.events.endOf(attemptId)).toMatchObject({
        cancelled: true,
        reason: 'cleared by ann',
      });
    }
    expect(harness.events.outcomes).toEqual([]);
  });

  test('cancels what has not begun', async () => {
    await using harness = await start();
    harness.executor.setConcurrency(0);
    const { attemptId } = harness.submit('noop');
    harness.executor.cancel(attemptId, 1, 'killed', 100);
    expect(await harness.events.endOf(attemptId)).toMatchObject({ cancelled: true });
    harness.executor.setConcurrency(2);
    await harness.run('noop');
    expect(harness.events.startedReports).toHaveLength(1);
  });

  test('runs onKill as a workload of its own', async () => {
    await using harness = await start();
    const { outcome, attemptId, log } = await harness.run('killable', {
      kind: 'on_kill',
      savedState: { job: 'j9' },
    });
    expect(outcome).toMatchObject({ kind: 'success' });
    expect((await harness.log(attemptId, log)).map(({ message }) => message)).toContain('undone j9');
  });

  test('stops without a word when it is fenced', async () => {
    await using harness = await start();
    const { attemptId } = harness.submit('waits');
    await harness.events.startOf(attemptId);
    harness.executor.submit([harness.workload('noop', { attemptId, grantNumber: 2 })]);
    expect(await harness.events.outcomeOf(attemptId)).toMatchObject({
      grantNumber: 2,
      outcome: { kind: 'success' },
    });
    expect(harness.events.goneReports).toEqual([]);
    expect(harness.events.outcomes).toHaveLength(1);
  });

  test('runs no more at once than it may, and none at 0', async () => {
    await using harness = await start();
    harness.executor.setConcurrency(1);
    const first = harness.submit('waits');
    const second = harness.submit('noop');
    await harness.events.startOf(first.attemptId);
    harness.executor.setConcurrency(0);
    harness.executor.cancel(first.attemptId, 1, 'enough', 100);
    await harness.events.endOf(first.attemptId);
    expect(harness.events.startedReports).toHaveLength(1);
    harness.executor.setConcurrency(2);
    expect((await harness.events.outcomeOf(second.attemptId)).outcome.kind).toBe('success');
  });

  test('adopts nothing that it does not know', async () => {
    await using harness = await start();
    const lost = await harness.executor.adopt([
      { attemptId: 91, grantNumber: 1, runnerId: 'runner-of-old', processGroups: [] },
      { attemptId: 92, grantNumber: 1, runnerId: null, processGroups: [] },
    ]);
    expect(lost).toMatchObject([
      { attemptId: 91, started: true },
      { attemptId: 92, started: false },
    ]);
  });
});
