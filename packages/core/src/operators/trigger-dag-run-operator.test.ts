import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../dag/context.ts';
import type { TaskDeferred } from '../dag/task-signal.ts';
import type { RunWait } from '../dag/wait.ts';
import {
  EnsureDagRunOperator,
  type EnsureDagRunOptions,
  TriggerDagRunOperator,
  type TriggerDagRunOptions,
} from './trigger-dag-run-operator.ts';

const context = { begunAt: new Date('2026-01-01T00:00:00Z') } as TaskContext;

function deferral(call: () => unknown): TaskDeferred {
  try {
    call();
  } catch (thrown) {
    return thrown as TaskDeferred;
  }
  throw new Error('It did not defer.');
}

const asked: RunWait = {
  kind: 'run',
  dagId: 'report',
  how: 'trigger',
  conf: {},
  logicalDate: null,
  runId: null,
  waitForCompletion: false,
  allowedStates: ['success'],
  failedStates: ['failed'],
};

describe('TriggerDagRunOperator', () => {
  it.each<[Omit<TriggerDagRunOptions, 'taskId' | 'dagId'>, Partial<RunWait>]>([
    [{}, {}],
    [{ waitForCompletion: true }, { waitForCompletion: true }],
    [{ runId: 'mine' }, { runId: 'mine' }],
    [{ logicalDate: '2026-01-05' }, { logicalDate: '2026-01-05T00:00:00.000Z' }],
    [{ logicalDate: new Date(0) }, { logicalDate: '1970-01-01T00:00:00.000Z' }],
    [{ conf: { day: new Date(0), n: [1] } }, { conf: { day: '1970-01-01T00:00:00.000Z', n: [1] } }],
    [{ allowedStates: ['success', 'failed'] }, { allowedStates: ['success', 'failed'], failedStates: [] }],
    [{ allowedStates: ['failed'] }, { allowedStates: ['failed'], failedStates: [] }],
    [{ failedStates: [] }, { failedStates: [] }],
  ])('%j asks for %j', (options, changes) => {
    const task = new TriggerDagRunOperator({ taskId: 'ask', dagId: 'report', ...options });
    const { on, timeoutAt } = deferral(() => task.execute(context, task.fields as never));
    expect(on).toEqual({ ...asked, ...changes });
    expect(timeoutAt).toEqual(new Date('2026-01-08T00:00:00Z'));
  });

  it.each<[string, object, string]>([
    [
      'a state that no run ends in',
      { allowedStates: ['running'] },
      'expect success or failed, got "running"',
    ],
    ['no state', { allowedStates: [] }, 'at least one state'],
    [
      'a state that is both',
      { allowedStates: ['failed'], failedStates: ['failed'] },
      'failed cannot be both',
    ],
    ['an option it does not have', { waitForCompletoin: true }, 'Did you mean "waitForCompletion"?'],
  ])('refuses %s', (_name, options, problem) => {
    expect(() => new TriggerDagRunOperator({ taskId: 'ask', dagId: 'report', ...options })).toThrow(problem);
  });

  it.each<[string, object, string]>([
    ['a date that is none', { dagId: 'report', logicalDate: 'soon' }, 'logicalDate expects an instant'],
    ['a DAG that has no name', { dagId: '' }, 'dagId expects the id of a DAG'],
  ])('fails for %s', (_name, fields, problem) => {
    const task = new TriggerDagRunOperator({ taskId: 'ask', dagId: 'report' });
    expect(() => task.execute(context, fields as never)).toThrow(problem);
  });
});

it('EnsureDagRunOperator waits for the run of a date, whoever made it', () => {
  const options: EnsureDagRunOptions = { taskId: 'loaded', dagId: 'load', timeout: '1h' };
  const task = new EnsureDagRunOperator(options);
  const { on, timeoutAt } = deferral(() => task.execute(context, task.fields as never));
  expect(on).toEqual({ ...asked, dagId: 'load', how: 'ensure', waitForCompletion: true });
  expect(timeoutAt).toEqual(new Date('2026-01-01T01:00:00Z'));
});
