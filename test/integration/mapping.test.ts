import { DAG, expand, expandGroup, task, Variable } from '@tsflow/core';
import type { Json } from '@tsflow/core/json';
import { serializeDag } from '@tsflow/core/serialization';
import { whyTask } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { DATABASES } from '../support/store.ts';

const success = (value?: Json) =>
  ({ kind: 'success', xcoms: value === undefined ? {} : { return_value: value } }) as const;

/** Two lists whose tasks end when the test says so, a task mapped over both, a group mapped over the first, and what collects them. */
const crossed = serializeDag(
  new DAG({ dagId: 'crossed' }, () => {
    const [a, b] = [task('a', (): number[] => []), task('b', (): number[] => [])];
    const both = task('both', (_context, { x, y }) => x + y, { x: expand(a.output), y: expand(b.output) });
    const group = expandGroup('g', { x: a.output }, ({ x }) =>
      task('inner', (_context, { x, y }) => x + y, { x, y: expand(b.output) }),
    );
    task('end', (_context, inputs) => inputs, { both: both.output, group: group.exports.output });
  }),
);

const windowed = serializeDag(
  new DAG({ dagId: 'windowed' }, () => {
    const limit = Variable.number('window', { default: 2 });
    task('one', (_context, { n }) => n, { n: expand([1, 2, 3, 4, 5, 6]) }, { maxActiveTisPerDagrun: limit });
  }),
);

describe.each(DATABASES)('mapped tasks, on %s', (dialect) => {
  const instances = async (tsflow: SchedulerHarness, dagId: string, runId: string) => {
    const run = await tsflow.run(dagId, runId);
    const rows = await tsflow.store.turns.taskInstances([run!.key]);
    return rows
      .map(({ taskId, mapPath, mapSort, state }) => ({ name: `${taskId} [${mapPath}]`, mapSort, state }))
      .sort((one, other) =>
        `${one.name.split(' ')[0]} ${one.mapSort}` < `${other.name.split(' ')[0]} ${other.mapSort}` ? -1 : 1,
      )
      .map(({ name, state }) => `${name} ${state}`);
  };

  it('say why they are not done, of no instance in particular: the first that waits', async () => {
    const script: Script = ({ mapPath }) => (mapPath === '0' ? success(1) : null);
    await using tsflow = await SchedulerHarness.start(dialect, [windowed], script);
    const runId = await tsflow.trigger('windowed');
    await until('the window is full', async () => tsflow.executor.running.length === 2);
    const why = await whyTask(tsflow.store, 'windowed', runId, 'one');
    expect(why.filter(({ name, passed }) => name === 'map_index' || !passed)).toMatchObject([
      { name: 'map_index', reason: '5 of its 6 instances have not ended. This is about one [3].' },
      { name: 'run_limits' },
    ]);
    expect((await whyTask(tsflow.store, 'windowed', runId, 'one', '5')).map(({ name }) => name)).toContain(
      'run_limits',
    );
    await expect(whyTask(tsflow.store, 'windowed', runId, 'one', '99')).rejects.toThrow(
      'Instance of one "99" does not exist. The last one is 5.',
    );
    await tsflow.ask('windowed', { kind: 'mark_run', payload: { runId, state: 'success' } });
    await tsflow.runIs('windowed', runId, 'success');
    expect(await whyTask(tsflow.store, 'windowed', runId, 'one')).toEqual([
      { name: 'map_index', passed: false, reason: 'All 6 instances of it have ended.' },
    ]);
  });

  it('go on after a restart between the lists that they are mapped over, with the values of both', async () => {
    const script: Script = ({ taskId }) =>
      taskId === 'b' ? null : success(taskId === 'a' ? [1, 2] : taskId);
    await using tsflow = await SchedulerHarness.start(dialect, [crossed], script);
    const runId = await tsflow.trigger('crossed');
    await tsflow.taskIs('crossed', runId, 'a', 'success');
    await tsflow.taskIs('crossed', runId, 'b', 'running');
    expect(await instances(tsflow, 'crossed', runId)).toEqual([
      'a [] success',
      'b [] running',
      'both [] none',
      'end [] none',
      'g.inner [0] none',
      'g.inner [1] none',
    ]);
    const b = tsflow.executor.running.find(({ taskId }) => taskId === 'b')!;
    await tsflow.restart();
    // Its runner lives on, and reports to the scheduler that is there now.
    tsflow.executor.finish(b, success(['x', 'y', 'z']));
    await tsflow.runIs('crossed', runId, 'success');
    expect(await instances(tsflow, 'crossed', runId)).toEqual([
      'a [] success',
      'b [] success',
      ...[0, 1, 2, 3, 4, 5].map((i) => `both [${i}] success`),
      'end [] success',
      ...['0.0', '0.1', '0.2', '1.0', '1.1', '1.2'].map((path) => `g.inner [${path}] success`),
    ]);
    const granted = tsflow.executor.granted.find(
      ({ taskId, mapPath }) => taskId === 'both' && mapPath === '4',
    )!;
    expect(granted.elements).toEqual({ both: { x: 1, y: 1 } });
    expect(granted.inputs).toEqual({ 'a/return_value[1]': 2, 'b/return_value[1]': 'y' });
    const end = tsflow.executor.granted.find(({ taskId }) => taskId === 'end')!;
    expect(end.inputs['g.inner/return_value']).toEqual(Array.from({ length: 6 }, () => 'g.inner'));
  });

  it('run in a window that slides, as wide as a Variable says', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [windowed], () => null);
    const runId = await tsflow.trigger('windowed');
    const running = () => tsflow.executor.running.map(({ mapPath }) => mapPath).sort();
    const runs = (...paths: string[]) =>
      until(`${paths.join()} run`, async () => running().join() === paths.join());
    await runs('0', '1');
    tsflow.executor.finish(tsflow.executor.running.find(({ mapPath }) => mapPath === '0')!, success(1));
    await runs('1', '2');
    await tsflow.setVariable('window', 4);
    await runs('1', '2', '3', '4');
    for (const workload of tsflow.executor.running) tsflow.executor.finish(workload, success(1));
    await runs('5');
    for (const workload of tsflow.executor.running) tsflow.executor.finish(workload, success(1));
    await tsflow.runIs('windowed', runId, 'success');
  });

  it('kill and mark one index, and say which', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [windowed], () => null);
    const runId = await tsflow.trigger('windowed');
    await until('two run', async () => tsflow.executor.running.length === 2);
    const choice = { runId, taskIds: ['one'] };
    const killed = await tsflow.ask('windowed', { kind: 'kill', payload: { ...choice, mapPath: '1' } });
    expect(killed).toMatchObject({ tasks: ['one [1]'], instances: [{ taskId: 'one', mapPath: '1' }] });
    const marked = await tsflow.ask('windowed', {
      kind: 'mark_tasks',
      payload: { ...choice, mapPath: '5', state: 'skipped' },
    });
    expect(marked.tasks).toMatchObject([{ taskId: 'one', mapPath: '5', state: 'scheduled' }]);
    await until('the killed one has ended', async () =>
      (await instances(tsflow, 'windowed', runId)).includes('one [1] failed'),
    );
    expect(await instances(tsflow, 'windowed', runId)).toContain('one [5] skipped');
  });
});
