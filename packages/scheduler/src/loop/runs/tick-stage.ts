import { ConflictError } from '@tsflow/core/errors';
import {
  type Changes,
  createRun,
  type DagWorkState,
  dueTick,
  markAfterScheduleChange,
  markFromNow,
  missedBefore,
  nextTick,
  type RunsUnderWay,
  type RunWork,
  repairedMark,
  roomForRuns,
  runIdOf,
  scheduleChanged,
} from '@tsflow/core/rules';
import type { RunInfo } from '@tsflow/core/timetables';
import type { World } from '../held/world.ts';
import { startOrQueue } from './run-stage.ts';

/** Most runs that one DAG creates in one turn, so that a DAG that wakes after years does not hold up the others. */
const MAX_TICKS_PER_TURN = 8;
/** Most ticks that one DAG passes over in one turn; the next turn follows at once. */
const MAX_PASSED_PER_TURN = 1_000;
/** The code of a DAG is loaded this long before its tick: enough for a thousand files that are due at once. */
const PRELOAD_AHEAD_MS = 30_000;
/** A DAG that ticks faster keeps its code loaded by itself. */
const PRELOAD_WORTH_MS = 1_000;

/**
 * Sets when a DAG is due next, after it was taken over, unpaused, or got a new version. A schedule that changed moves its mark to
 * now (unless it catches up); a mark out of an impossible future falls back, with an alarm.
 */
export async function planTicks(world: World, dag: DagWorkState, changes: Changes): Promise<void> {
  changes.touchDag(dag);
  await adoptSchedule(world, dag, changes.now);
  const repaired = repairedMark(dag.mark, changes.now);
  if (repaired !== dag.mark) {
    world.logger.error(
      'A DAG was scheduled into the future: was the clock wrong? Its mark falls back to now.',
      {
        dagId: dag.dagId,
        mark: new Date(dag.mark!).toISOString(),
      },
    );
    dag.mark = repaired;
  }
  planNextTick(world, dag, changes.now);
}

/** Creates the runs of DAGs whose tick is due, oldest first and only as far as there is room. */
export async function createDueRuns(
  world: World,
  dags: Iterable<DagWorkState>,
  changes: Changes,
): Promise<void> {
  for (const dag of dags) {
    const passed: PassedTick[] = [];
    let created = 0;
    let waits = false;
    while (created < MAX_TICKS_PER_TURN && passed.length < MAX_PASSED_PER_TURN) {
      const { timetable } = world.versions.get(dag.graph.version);
      const due = dueTick(timetable, dag, runsUnderWay(world, dag), changes.now);
      if (due === null) break;
      if (due.verdict === 'wait') {
        waits = true;
        if (due.lookAt !== null) world.held.timers.set({ kind: 'late', at: due.lookAt, dag });
        break;
      }
      changes.touchDag(dag);
      tellMissed(dag, missedBefore(timetable, dag.graph.dag, dag, due.info, changes.now), due.info, changes);
      dag.mark = due.info.logicalDate.getTime();
      if (due.verdict === 'delayed' || due.verdict === 'overlap') {
        passed.push({ reason: due.verdict, at: due.info.logicalDate });
        continue;
      }
      await createTick(world, dag, due.info, changes);
      created += 1;
    }
    tellPassed(dag, passed, changes);
    // A timer for a tick that waits for room would wake every turn: the room wakes it.
    if (created + passed.length > 0 || !(waits || dag.isPaused)) planNextTick(world, dag, changes.now);
    if (waits) world.held.overdue.add(dag);
    else world.held.overdue.delete(dag);
  }
}

interface PassedTick {
  readonly reason: 'overlap' | 'delayed';
  readonly at: Date;
}

function runsUnderWay({ limits }: World, dag: DagWorkState): RunsUnderWay {
  const queued = () => dag.queuedRuns.get(null) ?? 0;
  return { queued, hasRoom: () => roomForRuns(dag, null, limits.maxActiveRuns(dag, null)) - queued() > 0 };
}

function tellMissed(
  { dagId }: DagWorkState,
  missed: ReturnType<typeof missedBefore>,
  { logicalDate }: RunInfo,
  changes: Changes,
): void {
  if (missed === null) return;
  const data = { first: missed.first.toISOString(), until: logicalDate.toISOString(), count: missed.count };
  changes.event({ type: 'ticks_missed', dagId, data });
}

/** One event for the ticks that were passed over for the same reason. */
function tellPassed(dag: DagWorkState, passed: readonly PassedTick[], changes: Changes): void {
  for (const reason of ['delayed', 'overlap'] as const) {
    const ticks = passed.filter((tick) => tick.reason === reason).map(({ at }) => at.toISOString());
    if (ticks.length === 0) continue;
    const data = { reason, first: ticks[0]!, last: ticks.at(-1)!, count: ticks.length };
    changes.event({ type: 'tick_skipped', dagId: dag.dagId, data });
  }
}

/** Makes the next run of the schedule ahead of its time. Throws {@link ConflictError} when it exists. */
export async function runTickNow(
  world: World,
  dag: DagWorkState,
  info: RunInfo,
  actor: string,
  changes: Changes,
): Promise<RunWork> {
  const run = await createTick(world, dag, info, changes, actor);
  if (run !== null) return run;
  throw new ConflictError(`The run of ${info.logicalDate.toISOString()} of ${dag.dagId} exists already.`);
}

/** Creates the run of a tick; null when its slot is taken: by a backfill, or by a task that made sure of the run. */
async function createTick(
  world: World,
  dag: DagWorkState,
  info: RunInfo,
  changes: Changes,
  actor = 'scheduler',
): Promise<RunWork | null> {
  const slot = info.logicalDate.getTime();
  const isNew = [...changes.newRuns].some((run) => run.dag === dag && run.slot === slot);
  if (isNew || (await world.store.turns.runsBySlot(dag.dagId, [slot])).length > 0) return null;
  await world.keys.ensure(1);
  const run = createRun(
    dag,
    {
      runId: runIdOf('scheduled', slot),
      runType: 'scheduled',
      slot,
      logicalDate: slot,
      dataInterval: info.dataInterval,
      conf: dag.graph.dag.paramsDefaults,
      backfillKey: null,
      note: null,
    },
    world.keys.take(),
    actor,
    changes,
  );
  await startOrQueue(world, run, changes);
  return run;
}

/** Computes the next tick and sets its timer. */
function planNextTick(world: World, dag: DagWorkState, now: number): void {
  const { timetable, graph } = world.versions.get(dag.graph.version);
  const info = dag.isPaused || dag.isStale || !world.ticks ? null : nextTick(timetable, graph.dag, dag, now);
  dag.nextTick = info === null ? null : info.runAfter.getTime();
  if (dag.nextTick === null) return;
  world.held.timers.set({ kind: 'tick', at: dag.nextTick, dag });
  if (dag.nextTick - now < PRELOAD_WORTH_MS) return;
  world.held.timers.set({ kind: 'preload', at: Math.max(now, dag.nextTick - PRELOAD_AHEAD_MS), dag });
}

async function adoptSchedule(world: World, dag: DagWorkState, now: number): Promise<void> {
  const { graph } = dag;
  if (dag.markVersion === graph.version) return;
  if (dag.markVersion === null) {
    // Seen for the first time: a DAG without a start date begins now, one with a start date at that date.
    // A schedule that is not periodic (once, written events) says by itself when it begins.
    const { timetable } = world.versions.get(graph.version);
    if (graph.dag.startDate === null && timetable.periodic) dag.mark = markFromNow(timetable, now);
  } else {
    const before = await world.versions.ensure(dag.markVersion);
    const { timetable } = world.versions.get(graph.version);
    if (scheduleChanged(before.timetable, timetable))
      dag.mark = markAfterScheduleChange(dag.mark, timetable, graph.dag.catchup, now);
  }
  dag.markVersion = graph.version;
}
