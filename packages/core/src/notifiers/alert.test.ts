import { describe, expect, it } from 'vitest';
import { type AlertKind, type AlertRule, alertRows, alertSubject } from './alert.ts';

const nothing = { title: '', text: '', dagId: null, runId: null, taskId: null, mapPath: '', url: null };

const rowsFor = (rule: Omit<AlertRule, 'to'>, kind: AlertKind, dagId: string | null) =>
  alertRows([{ to: 'slack', ...rule }], { ...nothing, id: 'x', kind, dagId }, 0);

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

  const ops: AlertRule = { to: 'slack', channel: '#ops' };
  const mail: AlertRule = { to: 'email', mailTo: ['a@example.com', 'b@example.com'] };
  const all: AlertRule = { to: 'slack' };
  it.each<[string, AlertRule[], AlertRule[], number]>([
    ['nobody anew, with the same rules', [ops, mail], [ops, mail], 0],
    ['nobody anew, with the rules in another order', [ops, mail], [mail, ops], 0],
    [
      'nobody anew, where a rule wants to hear of more',
      [ops],
      [{ ...ops, on: ['import_error', 'overdue'] }],
      0,
    ],
    ['who is new, wherever the rule is written', [ops], [mail, ops, all], 2],
    ['another channel', [ops], [{ ...ops, channel: '#data' }], 1],
  ])('tell of what was told before: %s', (_what, before, after, count) => {
    const ids = (rules: readonly AlertRule[]) =>
      alertRows(rules, { ...nothing, id: 'x', kind: 'import_error' }, 0).map(({ id }) => id);
    const known = new Set(ids(before));
    expect(ids(after).filter((id) => !known.has(id))).toHaveLength(count);
  });

  it('tell nobody twice whom two rules name', () => {
    const rules: AlertRule[] = [ops, { ...ops, dags: ['etl'] }];
    expect(alertRows(rules, { ...nothing, id: 'x', kind: 'task_failure', dagId: 'etl' }, 0)).toHaveLength(1);
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
