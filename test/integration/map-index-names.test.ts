import { DAG, expand, task } from '@tsflow/core';
import { listTaskInstances, runGantt } from '@tsflow/core/queries';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { DATABASES } from '../support/store.ts';

const mapped = serializeDag(
  new DAG({ dagId: 'mapped' }, () => {
    task('load', (_context, { n }) => n, { n: expand(['a', 'b']) });
  }),
);

/** How people call an instance reaches the database while its code runs, belongs to its newest attempt, and is no secret to a scheduler that comes after. */
describe.each(DATABASES)('names of map indexes, on %s', (dialect) => {
  const namesOf = async ({ store }: SchedulerHarness, runId: string) =>
    (await listTaskInstances(store, { dagId: 'mapped', runId })).map((one) => one.renderedMapIndex);

  it('are stored while the task runs, with an event; the state goes on beside them', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [mapped], () => null);
    const runId = await tsflow.trigger('mapped');
    await until('both run', () => tsflow.executor.running.length === 2);
    const [first, second] = tsflow.executor.running;
    tsflow.executor.name(first!, 'tokyo');
    // In one turn with its end.
    tsflow.executor.name(second!, 'osaka');
    tsflow.executor.finish(second!, {
      kind: 'failed',
      error: { name: 'E', message: 'no' },
      retryable: false,
    });
    await tsflow.taskIs('mapped', runId, 'load', 'failed');
    expect(await namesOf(tsflow, runId)).toEqual(['tokyo', 'osaka']);
    const named = (await tsflow.events()).filter(({ type }) => type === 'task_named');
    expect(named.map(({ data }) => JSON.parse(data!))).toEqual([
      { renderedMapIndex: 'tokyo' },
      { renderedMapIndex: 'osaka' },
    ]);
    const gantt = await runGantt(tsflow.store, { dagId: 'mapped', runId });
    expect(gantt.map(({ mapPath, renderedMapIndex }) => `${mapPath} ${renderedMapIndex}`)).toEqual([
      '0 tokyo',
      '1 osaka',
    ]);
  });

  it('are known to the scheduler that comes after; the same name again is no news, a new one is', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [mapped], () => null);
    const runId = await tsflow.trigger('mapped');
    await until('both run', () => tsflow.executor.running.length === 2);
    const [first, second] = tsflow.executor.running;
    tsflow.executor.name(first!, 'tokyo');
    await until('it has a name', async () => (await namesOf(tsflow, runId))[0] === 'tokyo');
    await tsflow.restart();
    tsflow.executor.name(first!, 'tokyo');
    tsflow.executor.name(second!, 'osaka');
    tsflow.executor.name(second!, 'kobe');
    for (const one of [first!, second!]) tsflow.executor.finish(one, { kind: 'success', xcoms: {} });
    await tsflow.runIs('mapped', runId, 'success');
    expect(await namesOf(tsflow, runId)).toEqual(['tokyo', 'kobe']);
    const named = (await tsflow.events()).filter(({ type }) => type === 'task_named');
    expect(named.map(({ data }) => JSON.parse(data!).renderedMapIndex)).toEqual(['tokyo', 'osaka', 'kobe']);
  });

  it('stand in alerts and in what callbacks are told', async () => {
    const config = { alerts: JSON.stringify([{ to: 'slack' }]) };
    const told = {
      ...mapped,
      tasks: mapped.tasks.map((one) => ({ ...one, callbacks: ['onFailure' as const] })),
    };
    await using tsflow = await SchedulerHarness.start(
      dialect,
      [told],
      () => null,
      undefined,
      undefined,
      config,
    );
    await tsflow.trigger('mapped');
    await until('both run', () => tsflow.executor.running.length === 2);
    const [first, second] = tsflow.executor.running;
    tsflow.executor.name(first!, 'tokyo');
    const error = { name: 'Error', message: 'no table' };
    for (const one of [first!, second!])
      tsflow.executor.finish(one, { kind: 'failed', error, retryable: false });
    const alerts = await until('both are told of', async () => {
      const rows = await tsflow.store.db
        .selectFrom('alert')
        .select('facts')
        .where('kind', '=', 'task_failure')
        .execute();
      return rows.length === 2 && rows;
    });
    expect(alerts.map(({ facts }) => (JSON.parse(facts) as { title: string }).title).sort()).toEqual([
      'mapped.load [0: tokyo] failed',
      'mapped.load [1] failed',
    ]);
    const callbacks = await tsflow.store.db.selectFrom('callback').select('facts').orderBy('key').execute();
    expect(
      callbacks.map(
        ({ facts }) => (JSON.parse(facts) as object & { renderedMapIndex: string | null }).renderedMapIndex,
      ),
    ).toEqual(['tokyo', null]);
  });

  it('of an attempt that was replaced is not heard', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [mapped], () => null);
    const runId = await tsflow.trigger('mapped');
    await until('both run', () => tsflow.executor.running.length === 2);
    const [first, second] = tsflow.executor.running;
    tsflow.executor.lose(first!, 'gone');
    await until('it begins again', async () => tsflow.executor.granted.length === 3);
    tsflow.executor.name(first!, 'late');
    for (const one of [second!, tsflow.executor.granted[2]!])
      tsflow.executor.finish(one, { kind: 'success', xcoms: {} });
    await tsflow.runIs('mapped', runId, 'success');
    expect(await namesOf(tsflow, runId)).toEqual([null, null]);
  });
});
