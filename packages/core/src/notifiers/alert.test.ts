import { describe, expect, it } from 'vitest';
import { type AlertKind, type AlertRule, alertRows, alertSubject } from './alert.ts';

const rowsFor = (rule: Omit<AlertRule, 'to'>, kind: AlertKind, dagId: string | null) =>
  alertRows(
    [{ to: 'slack', ...rule }],
    { id: 'x', kind, title: '', text: '', dagId, runId: null, taskId: null, mapPath: '', url: null },
    0,
  );

describe('alertRows', () => {
  it.each<[string, Omit<AlertRule, 'to'>, AlertKind, string | null, number]>([
    ['a failure, by default', {}, 'task_failure', 'etl', 1],
    ['a retry, not by default', {}, 'task_retry', 'etl', 0],
    ['a retry that is asked for', { on: ['task_retry'] }, 'task_retry', 'etl', 1],
    ['another kind than what is asked for', { on: ['task_retry'] }, 'task_failure', 'etl', 0],
    ['a DAG that is named', { dags: ['etl'] }, 'task_failure', 'etl', 1],
    ['another DAG that begins the same', { dags: ['etl'] }, 'task_failure', 'etl2', 0],
    ['a DAG of a family', { dags: ['sales_*'] }, 'task_failure', 'sales_jp', 1],
    ['what belongs to no DAG', {}, 'scheduler_down', null, 1],
    [
      'what belongs to no DAG, for somebody with DAGs of theirs',
      { dags: ['etl'] },
      'scheduler_down',
      null,
      0,
    ],
  ])('%s', (_what, rule, kind, dagId, count) => {
    expect(rowsFor(rule, kind, dagId)).toHaveLength(count);
  });
});

it.each([
  ['a run', null, '', null, 'etl'],
  ['a task', 'load', '', null, 'etl.load'],
  ['an instance of a mapped task', 'load', '3', null, 'etl.load [3]'],
  ['one in a mapped group', 'shop.load', '3.0', null, 'etl.shop.load [3.0]'],
  ['one that people call by a name', 'load', '3', 'tokyo', 'etl.load [3: tokyo]'],
])('an alert of %s names it', (_what, taskId, mapPath, renderedMapIndex, expected) =>
  expect(alertSubject({ dagId: 'etl', taskId, mapPath, renderedMapIndex })).toBe(expected),
);
