import { ConflictError, NotFoundError } from '@tsflow/core/errors';
import {
  applyBackfill,
  applyClear,
  applyControlBackfill,
  applyKill,
  applyMarkRun,
  applyMarkTasks,
  applyPrioritize,
  applyRunTask,
  applyTrigger,
  type ClearPayload,
  type Intent,
  type IntentOf,
  type IntentResult,
  planClear,
  planReschedule,
  type RunTaskPayload,
  type TaskSelection,
} from '@tsflow/core/intents';
import {
  type Changes,
  choiceWithin,
  type DagWorkState,
  type RunWork,
  selectTasks,
  subGraph,
} from '@tsflow/core/rules';
import { instanceName, isRunFinished, type RunState } from '@tsflow/core/state';
import { type DagRunTable, neighbourRuns } from '@tsflow/core/store';
import type { World } from '../held/world.ts';
import { countQueued, resumeOrQueue, startOrQueue } from '../runs/run-stage.ts';
import { planTicks, runTickNow } from '../runs/tick-stage.ts';
import { validateConf } from './conf-validation.ts';

/** Does what people ask of a DAG, and answers what they are told. What cannot be done is refused by throwing, before anything of it is changed. */
export async function applyIntent(
  world: World,
  dag: DagWorkState,
  intent: Intent,
  actor: string,
  changes: Changes,
): Promise<IntentResult> {
  switch (intent.kind) {
    case 'trigger':
      return trigger(world, dag, intent.payload, actor, changes);
    case 'clear':
      return clear(world, dag, intent.payload, actor, changes);
    case 'run_task':
      return runTask(world, dag, intent.payload, actor, changes);
    case 'mark_tasks': {
      const first = await findRun(world, dag, intent.payload.runId, changes);
      const others = await neighbours(world, dag, first, intent.payload, changes);
      const tasks = applyMarkTasks(first, intent.payload, actor, changes);
      for (const [run, payload] of others) tasks.push(...applyMarkTasks(run, payload, actor, changes));
      return { runId: first.runId, tasks } satisfies IntentResult<'mark_tasks'>;
    }
    case 'mark_run': {
      const run = await findRun(world, dag, intent.payload.runId, changes);
      const wasQueued = run.state === 'queued';
      applyMarkRun(run, intent.payload, actor, changes);
      if (wasQueued && run.state !== 'queued') countQueued(run, -1);
      return { runId: run.runId, state: intent.payload.state } satisfies IntentResult<'mark_run'>;
    }
    case 'kill': {
      const run = await findRun(world, dag, intent.payload.runId, changes);
      if (isRunFinished(run.state))
        throw new ConflictError(`Run ${run.runId} has ended: nothing of it is active.`);
      const wasQueued = run.state === 'queued';
      const tasks = applyKill(run, intent.payload, actor, changes);
      if (wasQueued && run.state !== 'queued') countQueued(run, -1);
      return {
        runId: run.runId,
        tasks: tasks.map(({ taskId, mapPath }) => instanceName(taskId, mapPath)),
        instances: tasks,
      } satisfies IntentResult<'kill'>;
    }
    case 'pause':
      await setPaused(world, dag, intent.payload.isPaused, actor, changes);
      return { dagId: dag.dagId, isPaused: dag.isPaused } satisfies IntentResult<'pause'>;
    case 'backfill': {
      await world.versions.ensure(dag.graph.version);
      // The runs of its range may have been worked out a moment ago.
      if (await world.versions.refreshHorizon(dag.graph.version)) await planTicks(world, dag, changes);
      const { timetable } = world.versions.get(dag.graph.version);
      const conf = validateConf(dag.graph.dag, intent.payload.conf);
      await world.keys.ensure(1);
      const replacesConf = Object.keys(intent.payload.conf).length > 0;
      const payload = { ...intent.payload, conf, replacesConf };
      const backfill = applyBackfill(dag, payload, timetable, world.keys.take(), actor, changes);
      if (payload.unpause === true) await setPaused(world, dag, false, actor, changes);
      return {
        backfillKey: backfill.key,
        state: backfill.state,
        total: backfill.total,
        isPaused: dag.isPaused,
      } satisfies IntentResult<'backfill'>;
    }
    case 'control_backfill': {
      const backfill = applyControlBackfill(dag, intent.payload, actor, changes);
      return { backfillKey: backfill.key, state: backfill.state } satisfies IntentResult<'control_backfill'>;
    }
    case 'prioritize': {
      const run = await findRun(world, dag, intent.payload.runId, changes);
      const reordered = applyPrioritize(run, intent.payload, changes);
      world.held.ready.reorder(reordered);
      return {
        runId: run.runId,
        tasks: reordered.map(({ task }) => task.spec.taskId),
      } satisfies IntentResult<'prioritize'>;
    }
    case 'reschedule':
      return reschedule(world, dag, intent.payload, actor, changes);
    case 'note': {
      const run = await findRun(world, dag, intent.payload.runId, changes);
      changes.touchRun(run);
      run.note = intent.payload.note;
      return { runId: run.runId } satisfies IntentResult<'note'>;
    }
  }
}

async function trigger(
  world: World,
  dag: DagWorkState,
  payload: IntentOf<'trigger'>['payload'],
  actor: string,
  changes: Changes,
): Promise<IntentResult<'trigger'>> {
  if (dag.isStale)
    throw new ConflictError(`The file of ${dag.dagId} is gone: nothing can be started from it.`);
  if (payload.runId !== undefined) await refuseDuplicate(world, dag, payload.runId, changes);
  const { timetable } = await world.versions.ensure(dag.graph.version);
  const conf = validateConf(dag.graph.dag, payload.conf);
  await world.keys.ensure(1);
  const ports = {
    key: world.keys.take(),
    random: world.random(),
    conf,
    manualInterval: (runAfter: Date) => timetable.manualInterval(runAfter),
  };
  const run = applyTrigger(dag, payload, ports, actor, changes);
  if (payload.unpause === true) await setPaused(world, dag, false, actor, changes);
  await startOrQueue(world, run, changes);
  return { dagId: dag.dagId, runId: run.runId, state: run.state, isPaused: dag.isPaused };
}

async function reschedule(
  world: World,
  dag: DagWorkState,
  payload: IntentOf<'reschedule'>['payload'],
  actor: string,
  changes: Changes,
): Promise<IntentResult<'reschedule'>> {
  if (dag.isStale) throw new ConflictError(`The file of ${dag.dagId} is gone: it has no schedule any more.`);
  const { timetable } = await world.versions.ensure(dag.graph.version);
  const plan = planReschedule(timetable, dag.graph.dag, dag, payload, changes.now);
  const run = plan.now === null ? null : await runTickNow(world, dag, plan.now, actor, changes);
  changes.touchDag(dag);
  dag.skipUntil = plan.skipUntil;
  dag.mark = plan.mark;
  await planTicks(world, dag, changes);
  const skipUntil = new Date(plan.skipUntil).toISOString();
  const data = { skipUntil, skipped: plan.skipped.length, ...(run === null ? {} : { runId: run.runId }) };
  changes.event({ type: 'dag_rescheduled', dagId: dag.dagId, actor, data });
  return {
    dagId: dag.dagId,
    runId: run?.runId ?? null,
    skipped: plan.skipped.map(({ logicalDate }) => logicalDate.toISOString()),
    next: plan.next?.logicalDate.toISOString() ?? null,
  };
}

async function refuseDuplicate(
  world: World,
  dag: DagWorkState,
  runId: string,
  changes: Changes,
): Promise<void> {
  const isThis = (run: RunWork) => run.dag === dag && run.runId === runId;
  // What this very turn made is not in the database yet.
  const existing = [...changes.newRuns].find(isThis) ?? (await world.store.turns.run(dag.dagId, runId));
  if (existing === null) return;
  throw new ConflictError(
    `Run ${runId} of ${dag.dagId} exists (${existing.state}). To run it again, clear it: tsflow tasks clear ${dag.dagId} ${runId}.`,
    { runId, state: existing.state },
  );
}

async function clear(
  world: World,
  dag: DagWorkState,
  payload: ClearPayload,
  actor: string,
  changes: Changes,
): Promise<IntentResult<'clear'>> {
  const first = await findRun(world, dag, payload.runId, changes);
  if (payload.sameVersion !== true) await world.versions.ensure(dag.graph.version);
  const checked = withCheckedConf(dag, payload);
  // Everything that may be refused is asked before anything is changed.
  const runs = [[first, checked] as const, ...(await neighbours(world, dag, first, checked, changes))];
  for (const [run, selection] of runs) {
    planClear(run, selection);
    if (payload.sameVersion !== true) selectTasks(subGraph(dag.graph, run.taskIds), selection);
  }
  const cleared = [];
  for (const [run, selection] of runs) {
    await world.keys.ensure(dag.graph.tasks.length);
    const before = run.state;
    const tasks = applyClear(run, selection, dag.graph, world.keys.take, actor, changes);
    const { number } = world.versions.get(run.graph.version);
    for (const task of tasks) cleared.push({ ...task, versionNumber: number });
    await goOn(world, run, before, changes);
  }
  return { version: first.graph.version, tasks: cleared };
}

async function runTask(
  world: World,
  dag: DagWorkState,
  payload: RunTaskPayload,
  actor: string,
  changes: Changes,
): Promise<IntentResult<'run_task'>> {
  const run = await findRun(world, dag, payload.runId, changes);
  if (payload.sameVersion !== true) await world.versions.ensure(dag.graph.version);
  const checked = withCheckedConf(dag, payload);
  await world.keys.ensure(dag.graph.tasks.length);
  const before = run.state;
  const tasks = applyRunTask(run, checked, dag.graph, world.keys.take, actor, changes);
  await goOn(world, run, before, changes);
  const { number } = world.versions.get(run.graph.version);
  return { version: run.graph.version, tasks: tasks.map((task) => ({ ...task, versionNumber: number })) };
}

/** The request with its params as the DAG takes them, if it brings any. Throws when they are refused. */
function withCheckedConf<Payload extends ClearPayload | RunTaskPayload>(
  dag: DagWorkState,
  payload: Payload,
): Payload {
  if (payload.conf === undefined) return payload;
  return { ...payload, conf: validateConf(dag.graph.dag, payload.conf) };
}

/** Tasks of a run were reset: it takes its place in the queue when it had ended. */
async function goOn(world: World, run: RunWork, before: RunState, changes: Changes): Promise<void> {
  // Its version may have another limit, or other deadlines.
  if (before === 'running') world.held.indexTimeout(run);
  else if (run.state === 'queued' && before !== 'queued') await resumeOrQueue(world, run, changes);
}

/** The same tasks in the runs before, or after, that have them. */
async function neighbours<T extends TaskSelection>(
  world: World,
  dag: DagWorkState,
  first: RunWork,
  selection: T,
  changes: Changes,
): Promise<(readonly [RunWork, T])[]> {
  const found: (readonly [RunWork, T])[] = [];
  for (const row of await neighbourRuns(world.store, first, selection)) {
    const run = await runOf(world, dag, row, changes);
    const choice = choiceWithin(run, selection);
    if (choice !== null) found.push([run, choice]);
  }
  return found;
}

async function findRun(world: World, dag: DagWorkState, runId: string, changes: Changes): Promise<RunWork> {
  for (const run of dag.runs.values()) if (run.runId === runId) return run;
  const row = await world.store.turns.run(dag.dagId, runId);
  if (row === null)
    throw new NotFoundError(`Run of ${dag.dagId}`, runId, `"tsflow runs list ${dag.dagId}" shows them.`);
  return runOf(world, dag, row, changes);
}

async function runOf(world: World, dag: DagWorkState, row: DagRunTable, changes: Changes): Promise<RunWork> {
  return dag.runs.get(row.key) ?? world.held.restore(dag, row, changes);
}

async function setPaused(
  world: World,
  dag: DagWorkState,
  isPaused: boolean,
  actor: string,
  changes: Changes,
): Promise<void> {
  if (dag.isPaused === isPaused) return;
  changes.touchDag(dag);
  dag.isPaused = isPaused;
  changes.event({ type: isPaused ? 'dag_paused' : 'dag_unpaused', dagId: dag.dagId, actor });
  await planTicks(world, dag, changes);
  if (isPaused) return;
  world.held.ready.openDag(dag.dagId);
  changes.roomInDags.add(dag);
}
