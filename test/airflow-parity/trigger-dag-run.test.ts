import type { RunWait } from '@tsflow/core/dag';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { asksForRun, done, failed, type ScriptedOutcome } from '../support/scripted-outcomes.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** TriggerDagRun and EnsureDagRun, from the deferral of their task on: what they say is in the tests of the operators. */

const DAY = '2026-01-05T00:00:00.000Z';

const waits = asksForRun;
const asks = (changes: Partial<RunWait> = {}) => waits({ waitForCompletion: false, ...changes });
/** As a plan of the scheduler, for a task that needs no process. */
const plan = (asked: ScriptedOutcome): RunWait => {
  if (asked.kind !== 'defer' || asked.deferral.on.kind !== 'run') throw new Error('It asks for no run.');
  return asked.deferral.on;
};
const ensures = (changes: Partial<RunWait> = {}) => waits({ how: 'ensure', ...changes });

describe.each(DATABASES)('a run that a task asks for on %s', (dialect) => {
  /** `parent.ask` asks as given; tasks of `child` end as told, the last word for all further tries. */
  async function start(
    asked: ScriptedOutcome,
    child: readonly (ScriptedOutcome | null)[] = [done],
    ask: TaskSpec = {},
  ) {
    let tries = 0;
    const script: Script = ({ dagId }) =>
      dagId === 'parent' ? asked : (child[Math.min(tries++, child.length - 1)] ?? null);
    const dags = [
      serializedDag('parent', { ask, after: { upstream: ['ask'], nothingToDo: true } }),
      serializedDag('child', { work: {} }, { paramsSchema: schema }),
    ];
    return SchedulerHarness.start(dialect, dags, script);
  }

  const schema = {
    type: 'object',
    properties: { size: { type: 'integer' } },
    additionalProperties: false,
  } as const;

  const children = (tsflow: SchedulerHarness) => tsflow.runs('child');

  async function output({ store }: SchedulerHarness, taskInstanceKey: number): Promise<unknown> {
    const values = await store.turns.xcoms([taskInstanceKey], 'return_value');
    return JSON.parse(values.get(taskInstanceKey) ?? 'null');
  }

  it('is made with its conf, and is the output', async () => {
    await using tsflow = await start(asks({ conf: { size: 3 }, logicalDate: DAY }), [null]);
    const runId = await tsflow.trigger('parent');
    await tsflow.runIs('parent', runId, 'success');
    const [run] = await children(tsflow);
    const { ask } = await tsflow.tasks('parent', runId);
    expect(run).toMatchObject({
      runType: 'manual',
      conf: '{"size":3}',
      logicalDate: Date.parse(DAY),
      slot: null,
    });
    expect(run!.triggeredBy).toBe(`task:parent/ask/${runId}`);
    expect(await output(tsflow, ask!.key)).toEqual({ dagId: 'child', runId: run!.runId, state: 'running' });
  });

  it.each<[string, ScriptedOutcome, ScriptedOutcome, string]>([
    ['succeeds with it', waits(), done, 'success'],
    ['fails with it', waits(), failed, 'failed'],
    [
      'succeeds when failure will do',
      waits({ allowedStates: ['success', 'failed'], failedStates: [] }),
      failed,
      'success',
    ],
    ['succeeds with what it ensured', ensures(), done, 'success'],
  ])('is waited for without a slot: the task %s', async (_name, asked, end, state) => {
    await using tsflow = await start(asked, [null]);
    const runId = await tsflow.trigger('parent');
    await tsflow.taskIs('parent', runId, 'ask', 'deferred');
    const work = await until('the child works', () =>
      tsflow.executor.running.find(({ dagId }) => dagId === 'child'),
    );
    expect((await tsflow.store.turns.counters()).get('parallelism')).toBe(1);
    tsflow.executor.finish(work, end);
    await tsflow.taskIs('parent', runId, 'ask', state);
    expect(await children(tsflow)).toHaveLength(1);
  });

  it.each<[string, ScriptedOutcome, string]>([
    ['a DAG that does not exist', asks({ dagId: 'chil' }), 'Did you mean "child"?'],
    ['conf that does not fit', asks({ conf: { size: 'big' } }), 'The params of child do not fit'],
  ])('is refused: %s', async (_name, asked, reason) => {
    await using tsflow = await start(asked, [done], { retries: 3 });
    const runId = await tsflow.trigger('parent');
    const task = await tsflow.taskIs('parent', runId, 'ask', 'failed');
    expect(task.reason).toContain(reason);
    expect(await children(tsflow)).toEqual([]);
  });

  it.each<[string, RunWait, string]>([
    ['a DAG that does not exist', plan(asks({ dagId: 'chil' })), 'Did you mean "child"?'],
    ['to ensure a day of one', plan(ensures({ dagId: 'chil', logicalDate: DAY })), 'Did you mean "child"?'],
    ['conf that does not fit', plan(asks({ conf: { size: 'big' } })), 'The params of child do not fit'],
  ])(
    'is refused when nothing of it is templated, and its task needs no process: %s',
    async (_name, wait, reason) => {
      // One that is ready at once, and one that becomes ready as others are admitted; what follows a refusal begins all the same.
      const chain = (first: TaskSpec): Record<string, TaskSpec> => ({
        first,
        ask: { upstream: ['first'], wait, retries: 3 },
        again: { upstream: ['ask'], triggerRule: 'all_done', wait },
        after: { upstream: ['again'], triggerRule: 'all_done' },
      });
      for (const first of [{}, { nothingToDo: true }]) {
        const dags = [
          serializedDag('parent', chain(first)),
          serializedDag('child', { work: {} }, { paramsSchema: schema }),
        ];
        await using tsflow = await SchedulerHarness.start(dialect, dags, () => done);
        const runId = await tsflow.trigger('parent');
        await tsflow.runIs('parent', runId, 'success');
        const { ask, again } = await tsflow.tasks('parent', runId);
        for (const task of [ask, again])
          expect(task).toMatchObject({
            state: 'failed',
            tryNumber: 1,
            reason: expect.stringContaining(reason),
          });
        expect(await children(tsflow)).toEqual([]);
      }
    },
  );

  it('is refused when another made the run of that name', async () => {
    await using tsflow = await start(asks({ runId: 'mine' }));
    await tsflow.ask('child', { kind: 'trigger', payload: { runId: 'mine', conf: {} } });
    const runId = await tsflow.trigger('parent');
    const task = await tsflow.taskIs('parent', runId, 'ask', 'failed');
    expect(task.reason).toContain('another than this task made it');
  });

  it('is taken by the next try, which runs what failed in it again', async () => {
    await using tsflow = await start(waits(), [failed, done], { retries: 1, retryDelayMs: 1 });
    const runId = await tsflow.trigger('parent');
    await tsflow.runIs('parent', runId, 'success');
    const [run, ...others] = await children(tsflow);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ state: 'success', clearNumber: 1 });
  });

  it('is taken by the next try also when another task of the run was cleared in between', async () => {
    await using tsflow = await start(waits(), [failed, done], { retries: 1, retryDelayMs: 1_000 });
    const runId = await tsflow.trigger('parent');
    await tsflow.taskIs('parent', runId, 'ask', 'up_for_retry');
    await tsflow.ask('parent', { kind: 'clear', payload: { runId, taskIds: ['after'] } });
    await tsflow.runIs('parent', runId, 'success');
    expect(await children(tsflow)).toMatchObject([{ state: 'success', clearNumber: 1 }]);
  });

  it('is another one after its task was cleared', async () => {
    await using tsflow = await start(waits());
    const runId = await tsflow.trigger('parent');
    await tsflow.runIs('parent', runId, 'success');
    await tsflow.ask('parent', { kind: 'clear', payload: { runId, taskIds: ['ask'] } });
    await until('two children', async () => (await children(tsflow)).length === 2);
    await tsflow.runIs('parent', runId, 'success');
  });

  it('is waited for by the next scheduler', async () => {
    await using tsflow = await start(waits());
    await tsflow.ask('child', { kind: 'pause', payload: { isPaused: true } });
    const runId = await tsflow.trigger('parent');
    await until('the child', async () => (await children(tsflow)).length === 1);
    await tsflow.restart();
    expect((await tsflow.states('parent', runId)).ask).toBe('deferred');
    await tsflow.ask('child', { kind: 'pause', payload: { isPaused: false } });
    await tsflow.runIs('parent', runId, 'success');
    expect(await children(tsflow)).toHaveLength(1);
  });

  it('waits in the queue of a paused DAG', async () => {
    await using tsflow = await start(waits());
    await tsflow.ask('child', { kind: 'pause', payload: { isPaused: true } });
    const runId = await tsflow.trigger('parent');
    const [run] = await until('the child', async () => {
      const runs = await children(tsflow);
      return runs.length === 1 ? runs : null;
    });
    expect(run).toMatchObject({ state: 'queued' });
    await tsflow.ask('child', { kind: 'pause', payload: { isPaused: false } });
    await tsflow.runIs('parent', runId, 'success');
  });
});
