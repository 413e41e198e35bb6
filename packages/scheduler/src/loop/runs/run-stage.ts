import { applyClear, noteBackfillState } from '@tsflow/core/intents';
import {
  type BackfillWork,
  backfillDates,
  backfillStep,
  type Changes,
  chosenTasks,
  countRuns,
  createRun,
  type DagWorkState,
  type RunWork,
  resumeRun,
  roomForRuns,
  runIdOf,
  startRun,
} from '@tsflow/core/rules';
import type { DagRunTable } from '@tsflow/core/store';
import { coversRange, type RunInfo } from '@tsflow/core/timetables';
import type { World } from '../held/world.ts';

/** Dates of a backfill that are looked up at once. */
const BACKFILL_CHUNK = 128;

/**
 * Starts what may start in DAGs that have room: runs that were queued, and the next runs of their backfills. Costs what starts.
 */
export async function startRuns(world: World, changes: Changes): Promise<void> {
  const { lookAgain } = world.held;
  const dags = changes.takeRoomInDags();
  for (const dag of dags) {
    for (const backfillKey of [...dag.queuedRuns.keys()]) await startQueued(world, dag, backfillKey, changes);
    for (const backfill of [...dag.backfills.values()]) await expandBackfill(world, dag, backfill, changes);
  }
  // Queued in a DAG that had no room yet, which came later in this turn: no row says so before the commit.
  for (const run of [...changes.newRuns, ...changes.runs.keys()]) {
    if (run.state === 'queued' && dags.has(run.dag)) lookAgain.add(run.dag);
  }
}

/** A run that was just created starts at once when there is room and nobody waits in front of it. */
export async function startOrQueue(world: World, run: RunWork, changes: Changes): Promise<void> {
  const { dag, backfillKey } = run;
  const ahead = dag.queuedRuns.get(backfillKey) ?? 0;
  if (ahead === 0 && roomForRuns(dag, backfillKey, world.limits.maxActiveRuns(dag, backfillKey)) > 0) {
    await begin(world, run, changes);
  } else {
    countQueued(run, 1);
    world.held.indexQueued(dag, run, run.graph);
  }
}

async function startQueued(
  world: World,
  dag: DagWorkState,
  backfillKey: number | null,
  changes: Changes,
): Promise<void> {
  const waiting = dag.queuedRuns.get(backfillKey) ?? 0;
  const room = roomForRuns(dag, backfillKey, world.limits.maxActiveRuns(dag, backfillKey));
  if (waiting === 0 || dag.isPaused || dag.backfills.get(backfillKey ?? -1)?.state === 'paused') return;
  const awaited = (await awaitedRuns(world, dag)).filter((row) => row.backfillKey === backfillKey);
  if (room === 0 && awaited.length === 0) return;
  const next = room === 0 ? [] : await world.store.turns.queuedRuns(dag.dagId, backfillKey, room);
  const others = next.filter(({ key }) => awaited.every((row) => row.key !== key));
  const rows = [...awaited, ...others.slice(0, Math.max(0, room - awaited.length))];
  const touched = new Set([...changes.runs.keys()].map((run) => run.key));
  for (const row of rows) {
    // The database does not know yet what this very turn did to a run.
    if (dag.runs.has(row.key) || touched.has(row.key)) continue;
    countRuns(dag.queuedRuns, backfillKey, -1);
    await resume(world, await world.held.restore(dag, row, changes), changes);
  }
  // Behind a run that waited for its deadline's sake, the next tick may be late by now.
  if (rows.length > 0 && world.held.overdue.has(dag))
    world.held.timers.set({ kind: 'late', at: changes.now, dag });
}

/**
 * Queued runs that running ones wait for, since tasks depend on their past: an earlier run was cleared, and the runs after it hold every place.
 * They start beyond the limit, which nobody would ever keep otherwise.
 */
async function awaitedRuns(world: World, dag: DagWorkState): Promise<readonly DagRunTable[]> {
  const keys = new Set<number>();
  for (const { past, waitingOnPast } of dag.runs.values())
    if (past !== null && !waitingOnPast.isEmpty && !dag.runs.has(past.runKey)) keys.add(past.runKey);
  if (keys.size === 0) return [];
  return (await world.store.turns.runsByKey([...keys])).filter(({ state }) => state === 'queued');
}

/** A queued run goes on where it was: one that ran before (it was cleared) has instances already. */
async function resume(world: World, run: RunWork, changes: Changes): Promise<void> {
  if (run.tasks.length === 0) await begin(world, run, changes);
  else await rejoin(world, run, changes);
}

/** A run with instances goes on: it was cleared. */
async function rejoin(world: World, run: RunWork, changes: Changes): Promise<void> {
  run.dag.runs.set(run.key, run);
  await world.held.linkPast(run, changes);
  resumeRun(run, changes);
  world.held.indexRun(run);
}

/** A finished run that was put back to queued: it goes on at once when there is room. */
export async function resumeOrQueue(world: World, run: RunWork, changes: Changes): Promise<void> {
  const { dag, backfillKey } = run;
  const limit = world.limits.maxActiveRuns(dag, backfillKey);
  const ahead = dag.queuedRuns.get(backfillKey) ?? 0;
  const hasRoom = ahead === 0 && (dag.activeRuns.get(backfillKey) ?? 0) < limit;
  const isAwaited = [...run.followers].some(({ waitingOnPast }) => !waitingOnPast.isEmpty);
  if (!dag.isPaused && (hasRoom || isAwaited)) await resume(world, run, changes);
  else {
    countQueued(run, 1);
    world.held.indexQueued(dag, run, run.graph);
  }
}

/** Counts runs that were queued, or are queued no longer. */
export function countQueued({ dag, backfillKey }: RunWork, by: number): void {
  countRuns(dag.queuedRuns, backfillKey, by);
}

async function begin(world: World, run: RunWork, changes: Changes): Promise<void> {
  await world.keys.ensure(run.graph.tasks.length);
  await world.held.linkPast(run, changes);
  startRun(run, world.keys.take, changes);
  world.held.indexTimeout(run);
}

async function expandBackfill(
  world: World,
  dag: DagWorkState,
  backfill: BackfillWork,
  changes: Changes,
): Promise<void> {
  if (backfill.state !== 'running') return;
  const { timetable } = await world.versions.ensure(dag.graph.version);
  // The code of a custom timetable is being asked for the range again: the DAG has room anew once it answered.
  if (!coversRange(timetable, backfill.fromDate, backfill.toDate)) return;
  const range = { fromDate: backfill.fromDate, toDate: backfill.toDate, reverse: backfill.options.reverse };
  let dates = backfillDates(timetable, range, backfill.cursor)[Symbol.iterator]();
  for (;;) {
    const chunk: RunInfo[] = [];
    for (let next = dates.next(); next.done !== true; next = dates.next()) {
      chunk.push(next.value);
      if (chunk.length === BACKFILL_CHUNK) break;
    }
    if (chunk.length === 0) break;
    const complete = await backfillChunk(world, dag, backfill, chunk, changes);
    if (!complete) return;
    dates = backfillDates(timetable, range, backfill.cursor)[Symbol.iterator]();
  }
  const open = (dag.activeRuns.get(backfill.key) ?? 0) + (dag.queuedRuns.get(backfill.key) ?? 0);
  if (open > 0) return;
  backfill.state = backfill.failed > 0 ? 'failed' : 'success';
  backfill.endDate = changes.now;
  noteBackfillState(dag, backfill, backfill.actor, changes);
}

/** Works through dates until there is no room; false: some are left. */
async function backfillChunk(
  world: World,
  dag: DagWorkState,
  backfill: BackfillWork,
  chunk: readonly RunInfo[],
  changes: Changes,
): Promise<boolean> {
  const slots = chunk.map((info) => info.logicalDate.getTime());
  const rows = new Map((await world.store.turns.runsBySlot(dag.dagId, slots)).map((row) => [row.slot, row]));
  const touched = [...changes.newRuns, ...changes.runs.keys()].filter((run) => run.dag === dag);
  const touchedSlots = new Set(touched.map((run) => run.slot));
  for (const info of chunk) {
    const slot = info.logicalDate.getTime();
    // Its row does not say yet what this very turn did to it: the next one does.
    if (touchedSlots.has(slot)) {
      world.held.lookAgain.add(dag);
      return false;
    }
    const row = rows.get(slot);
    const step = backfillStep(row?.state as RunWork['state'] | undefined, backfill.options.reprocess);
    const starts = step === 'create' || step === 'clear';
    if (starts && roomForRuns(dag, backfill.key, world.limits.maxActiveRuns(dag, backfill.key)) === 0)
      return false;
    changes.touchBackfill(dag, backfill);
    backfill.cursor = slot;
    if (step === 'exists') backfill.existing += 1;
    else if (step === 'in_flight') backfill.inFlight += 1;
    else if (step === 'create') await createBackfillRun(world, dag, backfill, info, changes);
    else if (!(await clearForBackfill(world, dag, backfill, row!, changes))) backfill.existing += 1;
  }
  return true;
}

async function createBackfillRun(
  world: World,
  dag: DagWorkState,
  backfill: BackfillWork,
  info: RunInfo,
  changes: Changes,
): Promise<void> {
  await world.keys.ensure(1);
  const slot = info.logicalDate.getTime();
  const run = createRun(
    dag,
    {
      runId: runIdOf('backfill', slot),
      runType: 'backfill',
      slot,
      logicalDate: slot,
      dataInterval: info.dataInterval,
      conf: backfill.options.conf,
      backfillKey: backfill.key,
      note: null,
      taskIds: tasksOf(dag, backfill),
    },
    world.keys.take(),
    backfill.actor,
    changes,
  );
  backfill.created += 1;
  await begin(world, run, changes);
}

/** A task that a new version of the DAG has no more is left out of the runs that are still to be made. */
function tasksOf({ graph }: DagWorkState, { options }: BackfillWork): readonly string[] | null {
  if (options.taskIds === undefined) return null;
  const known = options.taskIds.filter(
    (id) => graph.indexOf.has(id) || graph.dag.groups.some(({ groupId }) => groupId === id),
  );
  return chosenTasks(graph, { ...options, taskIds: known });
}

/** False: the run has none of the chosen tasks, so there is nothing to run again. */
async function clearForBackfill(
  world: World,
  dag: DagWorkState,
  backfill: BackfillWork,
  row: DagRunTable,
  changes: Changes,
): Promise<boolean> {
  const run = await world.held.restore(dag, row, changes);
  const chosen = tasksOf(dag, backfill);
  const taskIds = chosen?.filter((id) => run.graph.indexOf.has(id));
  if (taskIds?.length === 0) return false;
  run.backfillKey = backfill.key;
  await world.keys.ensure(dag.graph.tasks.length);
  const { conf, replacesConf } = backfill.options;
  const payload = {
    runId: row.runId,
    ...(taskIds === undefined ? {} : { taskIds }),
    ...(replacesConf === true ? { conf } : {}),
  };
  applyClear(run, payload, dag.graph, world.keys.take, backfill.actor, changes);
  backfill.cleared += 1;
  await resume(world, run, changes);
  return true;
}
