import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** digdag's `_parallel: {limit: n}` on a group: how many of its tasks run at once, in one run, as a window that slides. */

const success = { kind: 'success', xcoms: {} } as const;
const inGroup = (groupId: string, count: number): Record<string, TaskSpec> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${groupId}.t${i}`, { groupId }]));
const group = (
  groupId: string,
  maxActiveTasks?: number | { $variable: { name: string; type: 'number'; default: number } },
) => ({
  groupId,
  parentId: groupId.includes('.') ? groupId.slice(0, groupId.lastIndexOf('.')) : null,
  label: groupId,
  doc: null,
  ...(maxActiveTasks === undefined ? {} : { maxActiveTasks }),
});
const active = (tsflow: SchedulerHarness) => tsflow.executor.running.map(({ taskId }) => taskId).sort();

describe.each(DATABASES)('a limit on a group, on %s', (dialect) => {
  it.each([
    ['no limit', undefined, 6],
    ['one after another', 1, 1],
    ['three', 3, 3],
    ['none', 0, 0],
  ] as const)('%s', async (_name, limit, expected) => {
    const dag = serializedDag(
      'a',
      { ...inGroup('load', 5), outside: {} },
      { groups: [group('load', limit)] },
    );
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    await tsflow.taskIs('a', await tsflow.trigger('a'), 'outside', 'running');
    const inside = active(tsflow).filter((taskId) => taskId !== 'outside');
    expect(inside).toHaveLength(limit === undefined ? expected - 1 : expected);
  });

  it('slides: the next begins when one ends, not when all have', async () => {
    const dag = serializedDag('a', inGroup('load', 5), { groups: [group('load', 2)] });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    await tsflow.trigger('a');
    await until('two run', async () => active(tsflow).length === 2);
    expect(active(tsflow)).toEqual(['load.t0', 'load.t1']);
    tsflow.executor.finish(tsflow.executor.running[1]!, success);
    await until('the third runs beside the first', async () => active(tsflow).includes('load.t2'));
    expect(active(tsflow)).toEqual(['load.t0', 'load.t2']);
  });

  it('counts in each run by itself', async () => {
    const dag = serializedDag('a', inGroup('load', 3), { groups: [group('load', 1)] });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    for (let i = 0; i < 3; i++) await tsflow.trigger('a');
    await until('one in each run', async () => active(tsflow).length === 3);
    expect(active(tsflow)).toEqual(['load.t0', 'load.t0', 'load.t0']);
  });

  it('a group inside counts against both', async () => {
    const specs = { ...inGroup('load', 2), ...inGroup('load.big', 3), ...inGroup('other', 1) };
    const dag = serializedDag('a', specs, {
      groups: [group('load', 2), group('load.big', 1), group('other')],
    });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    await tsflow.taskIs('a', await tsflow.trigger('a'), 'other.t0', 'running');
    const inside = active(tsflow).filter((taskId) => taskId.startsWith('load.'));
    expect(inside).toHaveLength(2);
    expect(inside.filter((taskId) => taskId.startsWith('load.big.')).length).toBeLessThanOrEqual(1);
  });

  it('follows a Variable while tasks run, and drains when it is lowered', async () => {
    const limit = { $variable: { name: 'load_limit', type: 'number' as const, default: 4 } };
    const dag = serializedDag('a', inGroup('load', 8), { groups: [group('load', limit)] });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => null);
    await tsflow.trigger('a');
    await until('four run', async () => active(tsflow).length === 4);
    await tsflow.setVariable('load_limit', 1);
    for (const workload of [...tsflow.executor.running]) tsflow.executor.finish(workload, success);
    await until('the fifth runs', async () => active(tsflow).includes('load.t4'));
    expect(active(tsflow)).toEqual(['load.t4']);
    await tsflow.setVariable('load_limit', 4);
    await until('the rest runs', async () => active(tsflow).length === 4);
  });
});
