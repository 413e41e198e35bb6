import type { Intent } from '@tsflow/core/intents';
import type { SerializedDag } from '@tsflow/core/serialization';
import { ManualClock } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** `dagRunTimeout`: the run has failed, what is active is ended, what has not begun is skipped. */

const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

// biome-ignore format: a table
test.each([
  // what                                   dag                                         ended before            states at the limit                     states in the end
  ['what runs is ended and skipped',        'a -> b',                                   '',                     'a:skipped b:skipped'],
  ['what succeeded stays',                  'a -> b -> c',                              'a:success',            'a:success b:skipped c:skipped'],
  ['what failed stays',                     'a, b -> c',                                'a:failed',             'a:failed b:skipped c:upstream_failed'],
  ['what waits for another try',            'a retries=3 -> b',                         'a:failed',             'a:skipped b:skipped'],
  ['what waits for a trigger',              'a -> b',                                   'a:defers 99',          'a:skipped b:skipped'],
  ['what waits for its next call',          'a -> b',                                   'a:waits 99',           'a:skipped b:skipped'],
  ['what waits for its past',               'a, b past',                                'a:success',            'a:success b:skipped'],
  ['a rule that would run it',              'a -> b all_done',                          '',                     'a:skipped b:skipped'],
])('%s', (_what, dag, before, expected) => {
  const run = new PlayedDag(dag).run().ends(before).timeOut();
  expect([run.state, run.states]).toEqual(['failed', states(expected)]);
});

const specs: Record<string, TaskSpec> = {
  a: {},
  b: { upstream: ['a'] },
  c: { upstream: ['b'] },
  side: { upstream: ['a'] },
  d: { upstream: ['c', 'side'] },
};
const good: Script = ({ tryNumber, taskId }) => ({
  kind: 'success',
  xcoms: { return_value: `${taskId}${tryNumber}` },
});
const start = (
  dialect: (typeof DATABASES)[number],
  dags: readonly SerializedDag[],
  script: Script,
  clock: ManualClock,
) => SchedulerHarness.start(dialect, dags, script, (store) => store, clock);
const clear = (payload: { runId: string; onlyFailed: boolean }): Intent => ({ kind: 'clear', payload });

describe.each(DATABASES)('dagRunTimeout on %s', (dialect) => {
  it('fails the run, ends what is active and skips what has not begun', async () => {
    const dag = serializedDag('etl', specs, { dagRunTimeoutMs: 300 });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], (workload) =>
      workload.taskId === 'a' ? good(workload) : null,
    );
    const runId = await tsflow.trigger('etl');
    const run = await tsflow.runIs('etl', runId, 'failed');
    expect(run.reason).toBe('the run took longer than its limit of 0.3 s');
    expect(await tsflow.states('etl', runId)).toEqual({
      a: 'success',
      b: 'skipped',
      c: 'skipped',
      side: 'skipped',
      d: 'skipped',
    });
    expect((await tsflow.store.turns.counters()).get('parallelism')).toBe(0);
  });

  it('counts anew for a run that is cleared after it', async () => {
    const dag = serializedDag('etl', { a: {} }, { dagRunTimeoutMs: 60_000 });
    const clock = new ManualClock();
    await using tsflow = await start(dialect, [dag], () => null, clock);
    const runId = await tsflow.trigger('etl');
    await tsflow.taskIs('etl', runId, 'a', 'running');
    await clock.advance(60_000);
    const first = await tsflow.runIs('etl', runId, 'failed');
    await clock.advance(1_000);
    await tsflow.ask('etl', clear({ runId, onlyFailed: true }));
    await tsflow.taskIs('etl', runId, 'a', 'running');
    expect(await tsflow.run('etl', runId)).toMatchObject({ state: 'running', startDate: clock.now() });
    await clock.advance(59_000);
    expect((await tsflow.run('etl', runId))!.state).toBe('running');
    await clock.advance(1_000);
    const second = await tsflow.runIs('etl', runId, 'failed');
    expect(second.endDate! - first.endDate!).toBe(61_000);
  });
});
