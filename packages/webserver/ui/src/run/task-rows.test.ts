import { expect, it } from 'vitest';
import type { TaskInstance } from '../api/contract.ts';
import { taskRows } from './task-rows.ts';

const groups = [
  { groupId: 'g', parentId: null, label: 'g' },
  { groupId: 'g.h', parentId: 'g', label: 'h' },
];
const tasks = [
  { taskId: 'a', groupId: null },
  { taskId: 'g.b', groupId: 'g' },
  { taskId: 'c', groupId: null },
  { taskId: 'g.h.d', groupId: 'g.h' },
];

function instance(taskId: string, over: Partial<TaskInstance> = {}): TaskInstance {
  return {
    taskId,
    groupId: null,
    mapPath: '',
    renderedMapIndex: null,
    state: 'success',
    startDate: null,
    endDate: null,
    ...over,
  } as TaskInstance;
}

function tree(over: Partial<Parameters<typeof taskRows>[0]> = {}): string[] {
  return taskRows({ tasks, groups, instances: [], segments: [], closed: new Set(), ...over }).map(
    (row) => `${'  '.repeat(row.depth)}${row.label}`,
  );
}

it('keeps topological order and puts a group where its first task stands', () => {
  expect(tree()).toEqual(['a', 'g', '  b', '  h', '    d', 'c']);
});

it('hides what is inside a closed group', () => {
  expect(tree({ closed: new Set(['g']) })).toEqual(['a', 'g', 'c']);
});

it('filters by name and by state, and keeps the groups of what is left', () => {
  expect(tree({ filter: 'D' })).toEqual(['g', '  h', '    d']);
  expect(tree({ state: 'failed', instances: [instance('c', { state: 'failed' })] })).toEqual(['c']);
});

it('shows a task that the version no longer has', () => {
  expect(tree({ instances: [instance('old')] })).toContain('old');
});

it('folds the instances of a mapped task until they are asked for', () => {
  const instances = [instance('a', { mapPath: '0' }), instance('a', { mapPath: '1', state: 'failed' })];
  expect(tree({ instances })[0]).toBe('a [2]');
  expect(tree({ instances, closed: new Set(['+a']) }).slice(0, 3)).toEqual(['a [2]', '  [0]', '  [1]']);
});

it('sorts by start, with what never started last', () => {
  const instances = [
    instance('c', { startDate: '2026-01-01T00:00:00Z' }),
    instance('a', { startDate: '2026-01-01T00:00:01Z' }),
  ];
  expect(tree({ instances, order: 'start' }).slice(0, 2)).toEqual(['c', 'a']);
});
