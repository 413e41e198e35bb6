import { describe, expect, it } from 'vitest';
import { IllegalTransitionError } from '../state/index.ts';
import { CompareAndSetError } from './store-errors.ts';
import {
  type DagEffects,
  emptyEffects,
  type NewEvent,
  type NewTaskInstance,
  type RunUpdate,
  type TaskUpdate,
} from './turn.ts';
import { assertLegalTurn } from './turn-gate.ts';

const task = (from: string, state: string, key = 1) => ({ key, from, state }) as TaskUpdate;
const run = (from: string, state: string) => ({ key: 7, from, state }) as RunUpdate;
const event = (changes: Partial<NewEvent>) => changes as NewEvent;
const passed = (...path: string[]) =>
  event({ type: 'task_state', taskInstanceKey: 1, data: JSON.stringify({ path }) });
const ran = (toState: string) => event({ type: 'run_state', runKey: 7, toState });

function judge(effects: Partial<DagEffects>): unknown {
  const dag = { ...emptyEffects('d', 1), ...effects };
  try {
    assertLegalTurn({ schedulerId: 's', turn: 0, turnMs: 0, counters: [], dags: [dag] });
    return 'legal';
  } catch (error) {
    return (error as Error).constructor;
  }
}

describe('the gate of a turn', () => {
  it.each([
    ['one legal step', [task('none', 'scheduled')], [], 'legal'],
    ['no step: other columns only', [task('queued', 'queued')], [], 'legal'],
    ['one illegal step', [task('none', 'running')], [], IllegalTransitionError],
    ['several steps without a path', [task('none', 'success')], [], 'legal'],
    ['several steps that skip one', [task('scheduled', 'running')], [], IllegalTransitionError],
    [
      'a path with both ends',
      [task('scheduled', 'running')],
      [passed('scheduled', 'queued', 'running')],
      'legal',
    ],
    ['a path of what lies between', [task('scheduled', 'running')], [passed('queued')], 'legal'],
    [
      'there and back',
      [task('running', 'running')],
      [passed('running', 'scheduled', 'queued', 'running')],
      'legal',
    ],
    [
      'an illegal path to a legal end',
      [task('none', 'success')],
      [passed('none', 'running', 'success')],
      IllegalTransitionError,
    ],
    ['one task twice', [task('none', 'scheduled'), task('none', 'scheduled')], [], CompareAndSetError],
  ])('tasks: %s', (_what, tasksUpdated, events, verdict) => {
    expect(judge({ tasksUpdated, events })).toBe(verdict);
  });

  it.each([
    ['one legal step', run('queued', 'running'), [], 'legal'],
    ['one illegal step', run('success', 'running'), [], IllegalTransitionError],
    ['two steps that events name', run('success', 'running'), [ran('queued'), ran('running')], 'legal'],
    [
      'an illegal step among several',
      run('success', 'failed'),
      [ran('running'), ran('failed')],
      IllegalTransitionError,
    ],
  ])('runs: %s', (_what, update, events, verdict) => {
    expect(judge({ runsUpdated: [update], events })).toBe(verdict);
  });

  it('judges a task that is born in a later state', () => {
    const born = (state: string) => [{ key: 1, state } as NewTaskInstance];
    expect(judge({ tasksInserted: born('scheduled') })).toBe('legal');
    expect(judge({ tasksInserted: born('queued') })).toBe(IllegalTransitionError);
    expect(judge({ tasksInserted: born('queued'), events: [passed('none', 'scheduled', 'queued')] })).toBe(
      'legal',
    );
  });
});
