import { ConflictError, didYouMean, NotFoundError } from '@tsflow/core/errors';
import { applyClear, planClear } from '@tsflow/core/intents';
import {
  type Changes,
  createRun,
  type DagWorkState,
  newRequestedRun,
  type RunRequest,
  type RunWork,
  requestedRun,
  requestFailed,
  runRequestStep,
} from '@tsflow/core/rules';
import { meantRun } from '../held/meant-run.ts';
import type { World } from '../held/world.ts';
import { resumeOrQueue, startOrQueue } from '../runs/run-stage.ts';
import { validateConf } from './conf-validation.ts';
import { isRefusal } from './refusal.ts';

/**
 * Runs that tasks of other DAGs ask for (`TriggerDagRunOperator`, `EnsureDagRunOperator`). The request is an intent in the commit in which the task
 * begins to wait; here the holder of the other DAG makes the run, or takes the one that is there, and the task hears of it by the watch
 * that external sensors use. Says no by answering.
 */
export async function answerRunRequest(
  world: World,
  dag: DagWorkState,
  request: RunRequest,
  changes: Changes,
): Promise<void> {
  const { watches } = world.held;
  const before = changes.extent;
  try {
    const run = await runFor(world, dag, request, changes);
    if (request.waitForCompletion) await watches.add(dag, watches.ofRequest(request), changes);
    else
      watches.tell(
        dag,
        request,
        { failed: null, event: { dagId: dag.dagId, runId: run.runId, state: run.state } },
        changes,
      );
  } catch (error) {
    if (!isRefusal(error) || changes.extent !== before) throw error;
    watches.tell(dag, request, { failed: error.message, mayRetry: false }, changes);
  }
}

/** Fails tasks that ask for a run of a DAG that does not exist: nobody would ever answer them. True: there were some. */
export async function refuseUnknownDags(world: World, changes: Changes): Promise<boolean> {
  const { held, store } = world;
  const asked = changes.sent.filter(({ kind, dagId }) => kind === 'request_run' && !held.dags.has(dagId));
  if (asked.length === 0) return false;
  const askedIds = [...new Set(asked.map(({ dagId }) => dagId))];
  const there = await store.db.selectFrom('dag').select('dagId').where('dagId', 'in', askedIds).execute();
  const unknown = asked.filter((sent) => there.every(({ dagId }) => dagId !== sent.dagId));
  if (unknown.length === 0) return false;
  // All of them only for who made a typing mistake.
  const known = (await store.db.selectFrom('dag').select('dagId').execute()).map(({ dagId }) => dagId);
  for (const sent of unknown) {
    changes.sent.splice(changes.sent.indexOf(sent), 1);
    const meant = didYouMean(sent.dagId, known);
    const error = new NotFoundError('DAG', sent.dagId, meant === undefined ? '' : `Did you mean "${meant}"?`);
    const { attemptId } = sent.payload as RunRequest;
    // A wait that began without a process has an attempt of this very turn.
    const begun = changes.newAttempts.find(({ attempt }) => attempt.attemptId === attemptId);
    const instance = held.instanceOf(attemptId) ?? begun?.instance;
    if (instance !== undefined) requestFailed(instance, error.message, false, changes);
  }
  return true;
}

async function runFor(
  world: World,
  dag: DagWorkState,
  request: RunRequest,
  changes: Changes,
): Promise<RunWork> {
  const existing = await existingRun(world, dag, request, changes);
  const isOwn =
    existing !== null && existing.runId === request.runId && existing.triggeredBy === request.requestedBy;
  switch (runRequestStep(request, existing?.state ?? null, isOwn)) {
    case 'create':
      return create(world, dag, request, changes);
    case 'attach':
      return existing!;
    case 'rerun':
      return rerun(world, existing!, request, changes);
    case 'refuse':
      throw new ConflictError(
        `Run ${existing!.runId} of ${dag.dagId} exists (${existing!.state}), and another than this task made it. Give the run another id, or none.`,
      );
  }
}

async function existingRun(
  world: World,
  dag: DagWorkState,
  request: RunRequest,
  changes: Changes,
): Promise<RunWork | null> {
  const run = await meantRun(world.store, dag, requestedRun(request), changes);
  return run === null || 'tasks' in run ? run : world.held.restore(dag, run, changes);
}

async function create(
  world: World,
  dag: DagWorkState,
  request: RunRequest,
  changes: Changes,
): Promise<RunWork> {
  if (dag.isStale)
    throw new ConflictError(`The file of ${dag.dagId} is gone: nothing can be started from it.`);
  const { timetable } = await world.versions.ensure(dag.graph.version);
  const conf = validateConf(dag.graph.dag, request.conf);
  await world.keys.ensure(1);
  const spec = newRequestedRun(request, timetable, conf, changes.now);
  const run = createRun(dag, spec, world.keys.take(), request.requestedBy, changes);
  await startOrQueue(world, run, changes);
  return run;
}

/** Runs what failed in it again; when none of its tasks did (a person marked it failed, say), all of it. */
async function rerun(world: World, run: RunWork, request: RunRequest, changes: Changes): Promise<RunWork> {
  const { dag } = run;
  await world.versions.ensure(dag.graph.version);
  const conf = validateConf(dag.graph.dag, request.conf);
  await world.keys.ensure(dag.graph.tasks.length);
  const failed = { runId: run.runId, onlyFailed: true };
  const selection = planClear(run, failed).length > 0 ? failed : { runId: run.runId };
  applyClear(run, { ...selection, conf }, dag.graph, world.keys.take, request.requestedBy, changes);
  if (run.state === 'queued') await resumeOrQueue(world, run, changes);
  return run;
}
