import type { Intent, RunTaskPayload } from '@tsflow/core/intents';
import { listAttempts, listRunEvents } from '@tsflow/core/queries';
import { clearPreview, runTaskPreview, whyTask } from '@tsflow/core/store';
import { describe, expect, it, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** `airflow tasks run --ignore-dependencies`: one task of a run alone, whatever stands before it. */

const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

// biome-ignore format: a table
test.each([
  // dag                                       ends               run   at once                                                    and then                                                  run
  ['a -> b -> c',                              'a:failed',        'c',  'a:failed b:upstream_failed c:queued',                     'a:failed b:upstream_failed c:success',                   'success'],
  ['a -> b -> c',                              'a:failed',        'b',  'a:failed b:queued c:upstream_failed',                     'a:failed b:success c:upstream_failed',                   'failed'],   // what is below it keeps its state
  ['a -> b -> c',                              '',                'b',  'a:success b:queued c:success',                            'a:success b:success c:success',                          'success'],
  ['a -> b none_failed -> c',                  'a:skipped',       'a',  'a:queued b:success c:success',                            'a:success b:success c:success',                          'success'],
  ['s setup -> a -> t teardown; s -> t',       '',                'a',  's:success a:queued t:success',                            's:success a:success t:success',                          'success'],  // a clear would bring s and t along
  ['s setup -> a -> t teardown; s -> t',       's:failed',        'a',  's:failed a:queued t:upstream_failed',                     's:failed a:success t:upstream_failed',                   'success'],
  ['a branch -> b, c',                         'a:chooses b',     'c',  'a:success b:success c:queued',                            'a:success b:success c:success',                          'success'],
  ['a -> b all_failed',                        '',                'b',  'a:success b:queued',                                      'a:success b:success',                                    'success'],
  ['a -> b empty -> c',                        'a:failed',        'b',  'a:failed b:success c:upstream_failed',                    'a:failed b:success c:upstream_failed',                   'failed'],
] as const)('in %s after [%s], %s', (dag, ends, taskId, atOnce, expected, runState) => {
  const run = new PlayedDag(dag).run().play(ends).runTask(taskId);
  expect(run.states).toEqual(states(atOnce));
  run.play();
  expect([run.states, run.state]).toEqual([states(expected), runState]);
});

// biome-ignore format: a table
test.each([
  // dag                       so far           run   at once                                and then
  ['a -> b -> c',              '',              'b',  'a:queued b:queued c:none',            'a:success b:success c:success'],   // ahead of its time; c goes by its rule
  ['a -> b -> c',              '',              'c',  'a:queued b:none c:queued',            'a:success b:success c:success'],
  ['a retries=1 -> b',         'a:failed',      'a',  'a:queued b:none',                     'a:success b:success'],             // not after its delay
] as const)('in %s, which is running after [%s], %s', (dag, ends, taskId, atOnce, expected) => {
  const run = new PlayedDag(dag).run().ends(ends).runTask(taskId);
  expect(run.states).toEqual(states(atOnce));
  run.play();
  expect([run.states, run.state]).toEqual([states(expected), 'success']);
});

// biome-ignore format: a table
test.each([
  // dag             so far          run    refused with
  ['a -> b',         '',             'a',   'a of run r0 is queued: kill it first, or clear it'],
  ['a -> b',         'a:waits 10',   'a',   'a of run r0 is up_for_reschedule'],
  ['a -> b',         '',             'bb',  'Did you mean "b"?'],
  ['g.a, g.b -> c',  'g.a:success',  'g',   'g is a group: name one of its tasks'],
] as const)('in %s after [%s], %s is refused: %s', (dag, ends, taskId, message) => {
  const run = new PlayedDag(dag).run().ends(ends);
  const before = run.states;
  expect(() => run.runTask(taskId)).toThrow(message);
  expect(run.states).toEqual(before);
});

test('it does not wait for the previous run either', () => {
  const played = new PlayedDag('a past');
  played.run();
  const second = played.run();
  expect(second.states).toEqual({ a: 'none' });
  expect(second.runTask('a').states).toEqual({ a: 'queued' });
  expect(second.play().state).toBe('success');
});

test('it may try as often as ever, and its tries are counted on', () => {
  const run = new PlayedDag('a -> b retries=1').run().play('a:failed').runTask('b').play('b:failed b:failed');
  expect([run.states.b, run.instance('b').tryNumber]).toEqual(['failed', 2]);
  run.runTask('b').play();
  expect([run.states.b, run.instance('b').tryNumber]).toEqual(['success', 3]);
});

// biome-ignore format: a table
test.each([
  // asked meanwhile of a run that waits for its place                      then
  ['nothing',         (_: ReturnType<PlayedDag['run']>) => {},              'a:failed b:queued'],
  ['a clear',         (run: ReturnType<PlayedDag['run']>) => { run.clearAndQueue({ taskIds: ['b'] }); },   'a:failed b:upstream_failed'],  // by its rule
  ['a mark',          (run: ReturnType<PlayedDag['run']>) => { run.mark(['b'], 'skipped'); },              'a:failed b:skipped'],
] as const)('it runs when the run has its place again, unless meanwhile: %s', (_, meanwhile, expected) => {
  const run = new PlayedDag('a -> b').run().play('a:failed').runTaskAndQueue('b');
  expect(run.states).toEqual({ a: 'failed', b: 'none' });
  meanwhile(run);
  if (run.state === 'queued') run.start();
  expect(run.states).toEqual(states(expected));
});

test('what a branch decided about it holds again for a clear after it', () => {
  const run = new PlayedDag('a branch -> b, c').run().play('a:chooses b').runTask('c').play();
  expect(run.states.c).toBe('success');
  expect(run.clear({ taskIds: ['c'] }).states.c).toBe('skipped');
});

const runTask = (payload: RunTaskPayload): Intent => ({ kind: 'run_task', payload });
const etl = serializedDag(
  'etl',
  { a: {}, b: { upstream: ['a'] }, c: { upstream: ['b'] } },
  { maxActiveRuns: 1 },
);
const bad = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false } as const;

describe.each(DATABASES)('running one task alone, on %s', (dialect) => {
  it('is recorded, with who asked for it; the preview says the same', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], ({ taskId }) =>
      taskId === 'a' ? bad : { kind: 'success', xcoms: {} },
    );
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, 'failed');
    const payload = { runId, taskId: 'c' };
    const plan = await runTaskPreview(tsflow.store, 'etl', payload);
    const answer = await tsflow.ask('etl', runTask(payload));
    expect(answer).toEqual({ version: plan.version, tasks: plan.tasks });
    expect(answer.tasks).toMatchObject([{ taskId: 'c', state: 'upstream_failed' }]);
    await tsflow.runIs('etl', runId, 'success');
    expect(await tsflow.states('etl', runId)).toEqual({ a: 'failed', b: 'upstream_failed', c: 'success' });
    expect(await listAttempts(tsflow.store, { dagId: 'etl', runId, taskId: 'c' })).toHaveLength(1);
    const events = (await tsflow.events()).filter(({ type }) => type === 'intent_applied');
    expect(events.at(-1)).toMatchObject({ actor: 'ann', dagId: 'etl' });
    expect(JSON.parse(events.at(-1)!.data!)).toMatchObject({ kind: 'run_task', result: answer });
    const told = await listRunEvents(tsflow.store, { dagId: 'etl', runId });
    const ignored = told.items.filter(({ type }) => type === 'dependencies_ignored');
    expect(ignored).toMatchObject([{ taskId: 'c', actor: 'ann' }]);
  });

  it('keeps its meaning while the run waits for its place, over a restart', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], ({ taskId, conf }) =>
      taskId === 'a' ? (conf.long === true ? null : bad) : { kind: 'success', xcoms: {} },
    );
    const first = await tsflow.trigger('etl');
    await tsflow.runIs('etl', first, 'failed');
    const second = await tsflow.trigger('etl', { long: true });
    await tsflow.taskIs('etl', second, 'a', 'running');
    await tsflow.ask('etl', runTask({ runId: first, taskId: 'c' }));
    expect(await tsflow.run('etl', first)).toMatchObject({ state: 'queued' });
    const why = await whyTask(tsflow.store, 'etl', first, 'c', '');
    expect(why.filter(({ passed }) => !passed).map(({ name }) => name)).not.toContain('trigger_rule');
    const [running] = tsflow.executor.running;
    await tsflow.restart();
    tsflow.executor.finish(running!, { kind: 'success', xcoms: {} });
    await tsflow.runIs('etl', second, 'success');
    await tsflow.runIs('etl', first, 'success');
    expect(await tsflow.states('etl', first)).toEqual({ a: 'failed', b: 'upstream_failed', c: 'success' });
  });

  it('on a version that has lost the task is refused, and changes nothing; a clear the same', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], () => bad);
    const runId = await tsflow.trigger('etl');
    const { version } = await tsflow.runIs('etl', runId, 'failed');
    await tsflow.record(serializedDag('etl', { a: {}, b: { upstream: ['a'] } }, { maxActiveRuns: 1 }));
    const before = await tsflow.states('etl', runId);
    await expect(tsflow.ask('etl', runTask({ runId, taskId: 'c' }))).rejects.toThrow('--same-version');
    const clear = { runId, taskIds: ['c'] };
    await expect(tsflow.ask('etl', { kind: 'clear', payload: clear })).rejects.toThrow('Task of etl');
    await expect(clearPreview(tsflow.store, 'etl', clear)).rejects.toThrow('Task of etl');
    expect(await tsflow.run('etl', runId)).toMatchObject({ version, state: 'failed', clearNumber: 0 });
    expect(await tsflow.states('etl', runId)).toEqual(before);
    await tsflow.ask('etl', runTask({ runId, taskId: 'c', sameVersion: true }));
    await until('c was tried', async () => (await tsflow.tasks('etl', runId)).c?.tryNumber === 1);
  });
});
