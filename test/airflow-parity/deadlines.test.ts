import { listDeadlines } from '@tsflow/core/queries';
import type { SerializedDeadline } from '@tsflow/core/serialization';
import { ManualClock } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const done = { kind: 'success', xcoms: {} } as const;

/** `long` goes on until the test ends it; everything else is done at once. */
const script: Script = ({ kind, taskId }) => (kind !== 'callback' && taskId === 'long' ? null : done);

const within = (
  name: string,
  taskId: string | null,
  withinMs: number,
  callback = true,
): SerializedDeadline => {
  return { name, taskId, by: null, withinMs, callback };
};

async function misses(tsflow: SchedulerHarness) {
  const rows = await tsflow.store.db.selectFrom('deadlineMiss').selectAll().orderBy('name').execute();
  return rows.map(({ name, taskId }) => [name, taskId]);
}

async function calls(tsflow: SchedulerHarness) {
  const rows = await tsflow.store.db.selectFrom('callback').selectAll().orderBy('key').execute();
  return rows.map(({ event, deadline, state }) => [event, deadline, state]);
}

describe.each(DATABASES)('deadlines on %s', (dialect) => {
  it('fire once each for what is not done, while the run goes on', async () => {
    const dag = serializedDag(
      'sla',
      { quick: {}, long: {} },
      {
        deadlines: [
          within('met', 'quick', 300),
          within('task', 'long', 20),
          within('run', null, 25),
          within('later', 'long', 3_600_000),
        ],
      },
    );
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('sla');
    await until('both are missed', async () => (await misses(tsflow)).length === 2);
    await until('both callbacks are called', async () =>
      (await calls(tsflow)).every(([, , state]) => state === 'success'),
    );
    expect(await misses(tsflow)).toEqual([
      ['run', null],
      ['task', 'long'],
    ]);
    expect(await calls(tsflow)).toEqual([
      ['onMiss', 'task', 'success'],
      ['onMiss', 'run', 'success'],
    ]);
    expect((await tsflow.run('sla', runId))!.state).toBe('running');
    await until('the time of the one that is met has come', async () => {
      const due = (await tsflow.run('sla', runId))!.queuedAt + 300;
      return Date.now() > due;
    });
    const states = await listDeadlines(tsflow.store, { dagId: 'sla', runId }, Date.now());
    expect(states.map(({ name, state }) => [name, state])).toEqual([
      ['task', 'missed'],
      ['run', 'missed'],
      ['met', 'met'],
      ['later', 'waiting'],
    ]);
    const events = (await tsflow.events()).filter(({ type }) => type === 'deadline_missed');
    expect(events.map(({ data }) => JSON.parse(data!).name).sort()).toEqual(['run', 'task']);
  });

  it('do not fire again for the next scheduler, which fires what came due in between', async () => {
    const deadlines = [within('first', 'long', 20), within('second', 'long', 600)];
    const dag = serializedDag('sla', { long: {} }, { deadlines });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.trigger('sla');
    // On a busy machine both may be by the first look.
    await until('the first is missed', async () => (await misses(tsflow)).length > 0);
    await tsflow.restart();
    await until('the second is missed', async () => (await misses(tsflow)).length === 2);
    await until('both are called', async () =>
      (await calls(tsflow)).every(([, , state]) => state === 'success'),
    );
    expect((await calls(tsflow)).map(([, name]) => name)).toEqual(['first', 'second']);
  });

  it('fire for a run that waits for room, once, and not again when it begins', async () => {
    const deadlines = [within('run', null, 60), within('task', 'long', 80)];
    const dag = serializedDag('sla', { long: {} }, { deadlines, maxActiveRuns: 1 });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const first = await tsflow.trigger('sla');
    const second = await tsflow.trigger('sla');
    await until('both runs are late for both', async () => (await misses(tsflow)).length === 4);
    expect((await tsflow.run('sla', second))!.state).toBe('queued');
    const [running] = tsflow.executor.running;
    await tsflow.restart();
    tsflow.executor.finish(running!, done);
    await tsflow.runIs('sla', first, 'success');
    await tsflow.taskIs('sla', second, 'long', 'running');
    tsflow.executor.finish(tsflow.executor.running[0]!, done);
    await tsflow.runIs('sla', second, 'success');
    expect((await calls(tsflow)).map(([, name]) => name).sort()).toEqual(['run', 'run', 'task', 'task']);
  });

  it('are known again for a queued run by the next scheduler', async () => {
    const deadlines = [within('late', null, 1_500)];
    const dag = serializedDag('sla', { long: {} }, { deadlines, maxActiveRuns: 1 });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.trigger('sla');
    await tsflow.trigger('sla');
    await tsflow.restart();
    await until('both are missed', async () => (await misses(tsflow)).length === 2);
    expect(await calls(tsflow)).toHaveLength(2);
  });

  it('fire for a tick that waits for room, in time: for one run at a time, and none is made twice', async () => {
    const deadlines = [within('late', null, 600_000)];
    const hourly = { type: 'cron', expression: '0 * * * *', timezone: 'UTC' };
    const startDate = '2026-01-01T00:00:00.000Z';
    const dag = serializedDag(
      'sla',
      { long: {} },
      { deadlines, maxActiveRuns: 1, timetable: hourly, startDate },
    );
    const clock = new ManualClock('2026-01-01T00:59:00Z');
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script, (store) => store, clock);
    const runs = async () => {
      const rows = await tsflow.store.db.selectFrom('dagRun').selectAll().orderBy('key').execute();
      return rows.map(({ runId, state }) => `${runId.slice(22, 27)} ${state}`);
    };
    const late = async (count: number) => {
      await until(`${count} are late`, async () => (await misses(tsflow)).length === count);
      return runs();
    };
    await until('the first runs', async () => (await runs()).includes('00:00 running'));
    await clock.advance(60_000 + 599_000);
    expect(await late(1)).toEqual(['00:00 running']);
    await clock.advance(1_000);
    expect(await late(2)).toEqual(['00:00 running', '01:00 queued']);
    await clock.advance(3_600_000);
    const [running] = tsflow.executor.running;
    await tsflow.restart();
    expect(await runs()).toEqual(['00:00 running', '01:00 queued']);
    tsflow.executor.finish(running!, done);
    expect(await late(3)).toEqual(['00:00 success', '01:00 running', '02:00 queued']);
    expect(await calls(tsflow)).toHaveLength(3);
  });

  it('of a task that the run is not about are none', async () => {
    const deadlines = [within('other', 'report', 10), within('own', 'long', 30)];
    const dag = serializedDag(
      'sla',
      { long: {}, report: { upstream: ['long'] } },
      { deadlines, maxActiveRuns: 1 },
    );
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    for (let i = 0; i < 2; i++)
      await tsflow.ask('sla', { kind: 'trigger', payload: { conf: {}, upTo: 'long' } });
    await until('both are late for their own', async () => (await misses(tsflow)).length === 2);
    expect((await misses(tsflow)).map(([name]) => name)).toEqual(['own', 'own']);
  });

  it('call nobody when the author gave no onMiss, and are noted all the same', async () => {
    const dag = serializedDag('sla', { long: {} }, { deadlines: [within('quiet', null, 10, false)] });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.trigger('sla');
    await until('it is missed', async () => (await misses(tsflow)).length === 1);
    expect(await calls(tsflow)).toEqual([]);
  });
});
