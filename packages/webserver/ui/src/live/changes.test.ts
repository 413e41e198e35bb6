import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import type { Grid, Page, Run, TaskInstance } from '../api/contract.ts';
import { applyChanges, type Change } from './changes.ts';

const at = '2026-11-21T05:00:00.000Z';

function change(over: Partial<Change>): Change {
  return {
    id: 1,
    at,
    type: 'task_state',
    dagId: 'd',
    runId: 'r',
    taskId: 't',
    mapPath: '',
    fromState: null,
    toState: null,
    ...over,
  };
}

function instance(over: Partial<TaskInstance>): TaskInstance {
  return {
    dagId: 'd',
    runId: 'r',
    taskId: 't',
    mapPath: '',
    renderedMapIndex: null,
    state: 'queued',
    tryNumber: 1,
    startDate: null,
    endDate: null,
    ...over,
  } as TaskInstance;
}

describe('applyChanges', () => {
  it('moves one task instance and leaves its neighbours the same objects', () => {
    const cache = new QueryClient();
    const other = instance({ taskId: 'u' });
    cache.setQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'], {
      items: [instance({}), other],
      nextCursor: null,
    });
    applyChanges(cache, [change({ toState: 'running' })]);
    const page = cache.getQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'])!;
    expect(page.items[0]).toMatchObject({ state: 'running', startDate: at, endDate: null });
    expect(page.items[1]).toBe(other);
  });

  it.each<[Partial<Change>, string[]]>([
    [{ toState: 'running' }, ['pools']],
    [{ toState: 'running' }, ['poolTasks']],
    [{ type: 'pool_changed', dagId: null, runId: null, taskId: null }, ['pools']],
    [{ type: 'variable_changed', dagId: null, runId: null, taskId: null }, ['pools']],
    [{ type: 'deadline_missed', taskId: null }, ['runDeadlines', 'd', 'r']],
    [{ type: 'deadline_missed', taskId: null }, ['missedDeadlines']],
    [{ type: 'run_state', taskId: null, toState: 'success' }, ['openDeadlines']],
    [{ type: 'run_created', taskId: null }, ['nextRuns', 'd']],
  ])('after %j asks again for %j', (over, key) =>
    expect(applyChanges(new QueryClient(), [change(over)])).toContainEqual(key),
  );

  it.each<[what: string, known: string[], asks: boolean]>([
    ['an instance that the page does not have', [], true],
    ['one of several', ['other'], true],
    ['those that it has', ['t', 'other'], false],
  ])('asks for the tasks again when it hears of %s', (what, known, asks) => {
    const cache = new QueryClient();
    const items = known.map((taskId) => instance({ taskId }));
    cache.setQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'], { items, nextCursor: null });
    const heard = what.startsWith('one') ? [change({}), change({ taskId: 'other' })] : [change({})];
    const stale = applyChanges(
      cache,
      heard.map((each) => ({ ...each, fromState: 'queued', toState: 'running' })),
    );
    expect(stale.some(([name]) => name === 'runTasks')).toBe(asks);
  });

  it.each<[what: string, tryNumber: number, from: string, states: string[], shown: number, asks: boolean]>([
    ['is scheduled for the first time', 0, 'none', ['scheduled'], 1, false],
    ['begins and starts in one batch', 0, 'none', ['scheduled', 'queued', 'running'], 1, false],
    ['is skipped before it begins', 0, 'none', ['skipped'], 0, true],
    ['starts', 1, 'queued', ['running'], 1, false],
    ['ends', 1, 'running', ['success'], 1, false],
    ['will be tried again', 1, 'running', ['up_for_retry'], 1, true],
    ['is tried again', 1, 'up_for_retry', ['scheduled'], 1, true],
    [
      'is tried again, and starts in one batch',
      1,
      'up_for_retry',
      ['scheduled', 'queued', 'running'],
      1,
      true,
    ],
    ['is cleared', 2, 'success', ['none'], 2, false],
    ['begins after it was cleared', 2, 'none', ['scheduled'], 2, true],
  ])('knows the try of an instance that %s', (_what, tryNumber, from, states, shown, asks) => {
    const cache = new QueryClient();
    cache.setQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'], {
      items: [instance({ tryNumber })],
      nextCursor: null,
    });
    const heard = states.map((toState, at) => change({ fromState: states[at - 1] ?? from, toState }));
    const stale = applyChanges(cache, heard);
    expect(cache.getQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'])!.items[0]!.tryNumber).toBe(shown);
    expect(stale.some(([name]) => name === 'runTasks')).toBe(asks);
  });

  it('asks for the tasks again when the answer is still on its way', () =>
    expect(applyChanges(new QueryClient(), [change({ toState: 'running' })])).toContainEqual([
      'runTasks',
      'd',
      'r',
    ]));

  it('takes the newest of several changes of one instance', () => {
    const cache = new QueryClient();
    cache.setQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'], {
      items: [instance({})],
      nextCursor: null,
    });
    applyChanges(cache, [change({ toState: 'running' }), change({ id: 2, toState: 'success' })]);
    expect(cache.getQueryData<Page<TaskInstance>>(['runTasks', 'd', 'r'])!.items[0]!.state).toBe('success');
  });

  it('patches the cell and the bar of a grid of any length', () => {
    const cache = new QueryClient();
    const run = { key: 1, runId: 'r', state: 'running', runType: 'manual', logicalDate: at } as const;
    const task = {
      taskId: 't',
      groupId: null,
      label: 't',
      operator: 'F',
      isMapped: false,
      isRemoved: false,
    };
    const grid: Grid = {
      version: null,
      groups: [],
      tasks: [task],
      letters: { q: 'queued', f: 'failed' },
      runs: [{ ...run, startDate: at, endDate: null }],
      columns: [{ states: 'q', lengths: [-1], started: {}, tries: {}, mapped: {} }],
    };
    cache.setQueryData(['grid', 'd', 25], grid);
    applyChanges(cache, [
      change({ toState: 'failed' }),
      change({ type: 'run_state', taskId: null, toState: 'failed' }),
    ]);
    const next = cache.getQueryData<Grid>(['grid', 'd', 25])!;
    expect(next.columns[0]).toMatchObject({ states: 'f', started: {} });
    expect(next.runs[0]).toMatchObject({ state: 'failed', endDate: at });
  });

  it('patches a run, and names the lists that only the server can bring up to date', () => {
    const cache = new QueryClient();
    cache.setQueryData<Run>(['run', 'd', 'r'], { state: 'queued', startDate: null, endDate: null } as Run);
    const stale = applyChanges(cache, [change({ type: 'run_state', taskId: null, toState: 'running' })]);
    expect(cache.getQueryData<Run>(['run', 'd', 'r'])).toMatchObject({ state: 'running', startDate: at });
    expect(stale).toContainEqual(['dags']);
    expect(stale).toContainEqual(['runs']);
  });

  it.each([
    ['queued', null],
    ['running', at],
    ['success', '2026-01-01T00:00:00.000Z'],
  ] as const)('counts a run that was cleared from its new start: %s', (toState, startDate) => {
    const cache = new QueryClient();
    const before = '2026-01-01T00:00:00.000Z';
    cache.setQueryData<Run>(['run', 'd', 'r'], {
      state: 'failed',
      startDate: before,
      endDate: before,
    } as Run);
    applyChanges(cache, [change({ type: 'run_state', taskId: null, toState })]);
    expect(cache.getQueryData<Run>(['run', 'd', 'r'])).toMatchObject({ state: toState, startDate });
  });

  it('does nothing with what no cache holds', () => {
    const cache = new QueryClient();
    applyChanges(cache, [change({ toState: 'running' })]);
    expect(cache.getQueryData(['runTasks', 'd', 'r'])).toBeUndefined();
  });
});
