import { describe, expect, it } from 'vitest';
import type { Grid, GridColumn } from '../../api/contract.ts';
import { cellAt, cellCounts, patchedColumn } from './grid-cells.ts';

const letters: Grid['letters'] = { s: 'success', f: 'failed', r: 'running', q: 'queued', d: 'deferred' };
const START = '2026-01-01T00:00:00.000Z';
const now = Date.parse(START) + 5_000;
const column: GridColumn = {
  states: 'sr.qf',
  lengths: [1_200, -1, -1, -1, 40],
  started: { 1: START },
  tries: { 4: 3 },
  mapped: { 4: { failed: 1, success: 2 } },
};
const grid: Grid = {
  version: null,
  groups: [],
  letters,
  runs: [],
  columns: [column],
  tasks: ['a', 'b', 'c', 'd', 'e'].map((taskId) => ({
    taskId,
    groupId: null,
    label: taskId,
    operator: 'F',
    isMapped: false,
    isRemoved: false,
  })),
};

describe('a square', () => {
  it.each([
    [0, { state: 'success', tryNumber: 1, lengthMs: 1_200, mapped: undefined }],
    [1, { state: 'running', tryNumber: 1, lengthMs: 5_000, mapped: undefined }],
    [2, undefined],
    [3, { state: 'queued', tryNumber: 1, lengthMs: null, mapped: undefined }],
    [4, { state: 'failed', tryNumber: 3, lengthMs: 40, mapped: { failed: 1, success: 2 } }],
    [99, undefined],
  ])('%i', (place, cell) => expect(cellAt(letters, column, place, now)).toEqual(cell));
});

it('counts what is below a group, mapped instances one by one', () =>
  expect(cellCounts(letters, column, { places: [0, 1, 2, 4] })).toEqual({
    success: 3,
    running: 1,
    failed: 1,
  }));

describe('live changes', () => {
  const change = (taskId: string, toState: string, seconds: number) => ({
    taskId,
    toState,
    at: new Date(Date.parse(START) + seconds * 1_000).toISOString(),
  });

  it('start, wait and end a square', () => {
    const started = patchedColumn(grid, column, [change('d', 'running', 1)]);
    expect(cellAt(letters, started, 3, now)).toMatchObject({ state: 'running', lengthMs: 4_000 });
    const waiting = patchedColumn(grid, started, [change('d', 'deferred', 2)]);
    expect(cellAt(letters, waiting, 3, now)).toMatchObject({ state: 'deferred', lengthMs: 4_000 });
    const ended = patchedColumn(grid, waiting, [change('d', 'success', 4)]);
    expect(cellAt(letters, ended, 3, now)).toMatchObject({ state: 'success', lengthMs: 3_000 });
    expect(cellAt(letters, ended, 0, now)).toMatchObject({ state: 'success', lengthMs: 1_200 });
  });

  it('leave alone what they cannot know: mapped squares, tasks without an instance, tasks of elsewhere', () =>
    expect(
      patchedColumn(grid, column, [
        change('e', 'success', 1),
        change('c', 'success', 1),
        change('z', 'failed', 1),
      ]),
    ).toEqual(column));
});
