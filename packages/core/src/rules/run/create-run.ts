import type { JsonObject } from '../../json.ts';
import type { RunType } from '../../state/index.ts';
import type { DataInterval } from '../../timetables/index.ts';
import { subGraph } from '../graph/dag-graph.ts';
import { type AssetRun, assetRunInterval } from '../schedule/asset-runs.ts';
import type { Changes } from '../work/changes.ts';
import { instancesOf, placeInstances, recount } from '../work/map-scope.ts';
import { newInstance } from '../work/new-instance.ts';
import { newRunWork } from '../work/new-run-work.ts';
import type { DagWorkState, RunWork } from '../work/work.ts';
import { beginInstances, startInstances } from './advance-run.ts';
import { moveRun } from './run-outcome.ts';

export interface NewRun {
  readonly runId: string;
  readonly runType: RunType;
  readonly slot: number | null;
  readonly logicalDate: number;
  readonly dataInterval: DataInterval;
  readonly conf: JsonObject;
  /** Which part of its assets it is about; absent: it is about no part. */
  readonly partition?: string | null;
  readonly backfillKey: number | null;
  readonly note: string | null;
  /** Tasks of the DAG that it is about; absent: all. */
  readonly taskIds?: readonly string[] | null;
}

/** `scheduled__2026-01-01T03:00:00Z`: the type and the UTC instant, without empty milliseconds. */
export function runIdOf(runType: RunType, instant: number): string {
  return `${runType}__${new Date(instant).toISOString().replace('.000Z', 'Z')}`;
}

/** The run that events make. An event makes at most one run of a DAG, so its id keeps apart what one instant brings about. */
export function newAssetRun({ partition, events }: AssetRun, conf: JsonObject): NewRun {
  const newest = events.at(-1)!;
  return {
    runId: `${runIdOf('asset_triggered', newest.at)}_${newest.eventId}`,
    runType: 'asset_triggered',
    slot: null,
    logicalDate: newest.at,
    dataInterval: assetRunInterval(events),
    conf,
    partition,
    backfillKey: null,
    note: null,
  };
}

/** A queued run: a row, no tasks. It joins the DAG's working state when it starts. */
export function createRun(
  dag: DagWorkState,
  spec: NewRun,
  key: number,
  actor: string,
  changes: Changes,
): RunWork {
  const run = newRunWork({
    key,
    dag,
    runId: spec.runId,
    runType: spec.runType,
    slot: spec.slot,
    logicalDate: spec.logicalDate,
    dataIntervalStart: spec.dataInterval.start.getTime(),
    dataIntervalEnd: spec.dataInterval.end.getTime(),
    partition: spec.partition ?? null,
    backfillKey: spec.backfillKey,
    queuedAt: changes.now,
    triggeredBy: actor,
    state: 'queued',
    graph: subGraph(dag.graph, spec.taskIds ?? null),
    conf: spec.conf,
    startDate: null,
    endDate: null,
    reason: null,
    targetState: null,
    clearNumber: 0,
    setByHand: false,
    note: spec.note,
    taskIds: spec.taskIds ?? null,
  });
  changes.newRuns.add(run);
  changes.event({
    type: 'run_created',
    dagId: dag.dagId,
    run,
    to: 'queued',
    actor,
    data: { runType: spec.runType },
  });
  return run;
}

/** Starts a queued run: gives it its instances and asks which may begin. `keys` hands out surrogate keys. */
export function startRun(run: RunWork, nextKey: () => number, changes: Changes): void {
  run.dag.runs.set(run.key, run);
  placeInstances(
    run,
    run.graph.tasks.map((task) => newInstance(run, task, '', nextKey())),
  );
  for (const instance of instancesOf(run)) changes.newInstances.add(instance);
  moveRun(run, 'running', changes);
  beginInstances(run, changes);
}

/** Starts a queued run that has instances, because it was cleared: asks all that has not ended. */
export function resumeRun(run: RunWork, changes: Changes): void {
  // How it is to end may be decided already, and why.
  moveRun(run, 'running', changes, run.targetState === null ? null : run.reason);
  recount(run);
  startInstances(run, changes);
}

/** How many more runs of this kind may start now. `maxActiveRuns` is the DAG's, or the backfill's own. */
export function roomForRuns(dag: DagWorkState, backfillKey: number | null, maxActiveRuns: number): number {
  if (dag.isPaused) return 0;
  return Math.max(0, maxActiveRuns - (dag.activeRuns.get(backfillKey) ?? 0));
}
