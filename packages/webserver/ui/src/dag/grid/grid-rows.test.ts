import { expect, it } from 'vitest';
import type { GridTask } from '../../api/contract.ts';
import { gridRows } from './grid-rows.ts';

const groups = [
  { groupId: 'g', parentId: null, label: 'g' },
  { groupId: 'g.h', parentId: 'g', label: 'h' },
];
const tasks = ['a', 'g.h.b', 'g.c', 'd'].map((taskId): GridTask => {
  const dot = taskId.lastIndexOf('.');
  return {
    taskId,
    groupId: dot < 0 ? null : taskId.slice(0, dot),
    label: taskId.slice(dot + 1),
    operator: 'F',
    isMapped: false,
    isRemoved: false,
  };
});

it('opens groups in the place of their first task, the outer one first', () =>
  expect(gridRows({ tasks, groups }, new Set()).map((row) => `${' '.repeat(row.depth)}${row.label}`)).toEqual(
    ['a', 'g', ' h', '  b', ' c', 'd'],
  ));

it('shows a closed group as one line that still knows what is below', () => {
  const rows = gridRows({ tasks, groups }, new Set(['g']));
  expect(rows.map((row) => row.id)).toEqual(['a', 'g', 'd']);
  expect(rows.map((row) => row.places)).toEqual([[0], [1, 2], [3]]);
});

it('filters by a part of the id', () =>
  expect(gridRows({ tasks, groups }, new Set(), 'C').map((row) => row.id)).toEqual(['g', 'g.c']));

it('takes 5,000 tasks in a moment', () => {
  const many = Array.from(
    { length: 5_000 },
    (_, i): GridTask => ({ ...tasks[0]!, taskId: `g.t${i}`, groupId: 'g' }),
  );
  const before = performance.now();
  expect(gridRows({ tasks: many, groups }, new Set())).toHaveLength(5_001);
  expect(performance.now() - before).toBeLessThan(200);
});
