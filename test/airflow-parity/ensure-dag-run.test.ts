import { CronTriggerTimetable } from '@tsflow/core/timetables';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { asksForRun, done, failed, type ScriptedOutcome } from '../support/scripted-outcomes.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** EnsureDagRun: the run of a date is started if it is absent, waited for while it runs, taken when it is done, and run again when it failed. */

const DAY = '2026-01-05T00:00:00.000Z';

const ensures = () => asksForRun({ how: 'ensure' });

describe.each(DATABASES)('a run that is ensured, on %s', (dialect) => {
  /** Tasks of `child` end as told, the last word for all further tries. */
  async function start(child: readonly (ScriptedOutcome | null)[]): Promise<SchedulerHarness> {
    let tries = 0;
    const script: Script = ({ dagId }) =>
      dagId === 'parent' ? ensures() : (child[Math.min(tries++, child.length - 1)] ?? null);
    return SchedulerHarness.start(
      dialect,
      [serializedDag('parent', { ask: {} }), serializedDag('child', { work: {} })],
      script,
    );
  }

  const children = (tsflow: SchedulerHarness) => tsflow.runs('child');

  it.each<[string, readonly ScriptedOutcome[], number]>([
    ['one that is done is taken', [done], 0],
    ['one that failed runs again', [failed, done], 1],
  ])('%s', async (_name, child, clears) => {
    await using tsflow = await start(child);
    const there = await tsflow.triggerAt('child', DAY);
    await tsflow.runIs('child', there, 'success', 'failed');
    const runId = await tsflow.triggerAt('parent', DAY);
    await tsflow.runIs('parent', runId, 'success');
    expect(await children(tsflow)).toMatchObject([{ runId: there, state: 'success', clearNumber: clears }]);
  });

  it('one that runs is waited for', async () => {
    await using tsflow = await start([null]);
    const there = await tsflow.triggerAt('child', DAY);
    const work = await until('it works', () => tsflow.executor.running[0]);
    const runId = await tsflow.triggerAt('parent', DAY);
    await tsflow.taskIs('parent', runId, 'ask', 'deferred');
    tsflow.executor.finish(work, done);
    await tsflow.runIs('parent', runId, 'success');
    expect(await children(tsflow)).toMatchObject([{ runId: there }]);
  });

  it('of several the newest is meant: it runs again, and it is waited for', async () => {
    await using tsflow = await start([null, failed, done]);
    await tsflow.triggerAt('child', DAY);
    await until('it works', () => tsflow.executor.running[0]);
    const newest = await tsflow.triggerAt('child', DAY);
    await tsflow.runIs('child', newest, 'failed');
    const runId = await tsflow.triggerAt('parent', DAY);
    await tsflow.runIs('parent', runId, 'success');
    expect(await children(tsflow)).toMatchObject([
      { state: 'running', clearNumber: 0 },
      { runId: newest, state: 'success', clearNumber: 1 },
    ]);
  });

  it('several tasks share one', async () => {
    const dags = [
      serializedDag('parent', { a: {}, b: {}, c: {} }),
      serializedDag('other', { a: {} }),
      serializedDag('child', { work: {} }),
    ];
    const script: Script = ({ dagId }) => (dagId === 'child' ? done : ensures());
    await using tsflow = await SchedulerHarness.start(dialect, dags, script);
    const runs = await Promise.all(['parent', 'other'].map((dagId) => tsflow.triggerAt(dagId, DAY)));
    await tsflow.runIs('parent', runs[0]!, 'success');
    await tsflow.runIs('other', runs[1]!, 'success');
    expect(await children(tsflow)).toHaveLength(1);
  });

  it('stands in for the tick of a schedule', async () => {
    const timetable = new CronTriggerTimetable('0 0 * * *', {}).toJson();
    const schedule = { timetable, startDate: DAY, endDate: DAY, catchup: true, pausedUponCreation: true };
    const dags = [serializedDag('parent', { ask: {} }), serializedDag('child', { work: {} }, schedule)];
    const script: Script = ({ dagId }) => (dagId === 'child' ? done : ensures());
    await using tsflow = await SchedulerHarness.start(dialect, dags, script);
    const runId = await tsflow.triggerAt('parent', DAY);
    const made = await until('the child', async () => (await children(tsflow))[0]);
    await tsflow.ask('child', { kind: 'pause', payload: { isPaused: false } });
    await tsflow.runIs('parent', runId, 'success');
    await until('the tick is passed over', async () => {
      const dag = await tsflow.store.db
        .selectFrom('dag')
        .select('mark')
        .where('dagId', '=', 'child')
        .executeTakeFirst();
      return dag?.mark === Date.parse(DAY);
    });
    expect(await children(tsflow)).toMatchObject([{ key: made.key, slot: Date.parse(DAY) }]);
  });

  it('one that is absent is started, and counts as that of its date', async () => {
    await using tsflow = await start([done]);
    const runId = await tsflow.triggerAt('parent', DAY);
    await tsflow.runIs('parent', runId, 'success');
    expect(await children(tsflow)).toMatchObject([{ logicalDate: Date.parse(DAY), state: 'success' }]);
    const again = await tsflow.triggerAt('parent', DAY);
    await tsflow.runIs('parent', again, 'success');
    expect(await children(tsflow)).toHaveLength(1);
  });
});
