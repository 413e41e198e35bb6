import type { ExternalWait, RunWait } from '../../dag/wait.ts';
import type { JsonObject } from '../../json.ts';
import type { RunState } from '../../state/index.ts';
import { coversRange, type Timetable } from '../../timetables/index.ts';
import type { NewRun } from '../run/create-run.ts';
import type { InstanceWork } from '../work/work.ts';
import { type MeantRun, meantRuns } from './external-runs.ts';

/** A run that a task asked for, as the holder of the other DAG is told. */
export interface RunRequest extends ResolvedRunWait {
  /** The DAG that is answered, and the attempt in it that waits, under this grant. */
  readonly waiter: string;
  readonly attemptId: number;
  readonly grantNumber: number;
  /** `task:<dagId>/<taskId>/<runId>`: who the run is by. */
  readonly requestedBy: string;
}

/** A request that says which run it means whoever reads it, and whenever. */
export interface ResolvedRunWait extends RunWait {
  readonly runId: string;
}

/**
 * The request of an instance, with the name of the run that it means. A name that the author did not give is made of the instance and of how
 * often it was cleared: asked again by a retry or after a loss it is the same, so the run is never created twice.
 */
export function resolvedRunWait(wait: RunWait, { key, run, clearNumber }: InstanceWork): ResolvedRunWait {
  const at = new Date(run.logicalDate).toISOString().replace('.000Z', 'Z');
  const runId = wait.runId ?? `manual__${at}_by_${key}.${clearNumber}`;
  const logicalDate =
    wait.how === 'ensure' ? (wait.logicalDate ?? new Date(run.logicalDate).toISOString()) : wait.logicalDate;
  return { ...wait, runId, logicalDate };
}

/** What to do about a request: make the run, take it as it is, run its failed tasks again, or say no. */
export type RunRequestStep = 'create' | 'attach' | 'rerun' | 'refuse';

/**
 * What a request means for the run that it names.
 *
 * @param existing state of that run; null: there is none
 * @param isOwn whether this task made it, in an earlier try
 */
export function runRequestStep(
  { how, allowedStates }: Pick<RunWait, 'how' | 'allowedStates'>,
  existing: RunState | null,
  isOwn: boolean,
): RunRequestStep {
  if (existing === null) return 'create';
  if (how === 'trigger' && !isOwn) return 'refuse';
  if (existing === 'queued' || existing === 'running') return 'attach';
  return allowedStates.includes(existing) ? 'attach' : 'rerun';
}

/** The run that a request makes when there is none. That of a tick stands in for it: the schedule finds its slot taken, and makes no second one. */
export function newRequestedRun(
  request: Pick<ResolvedRunWait, 'how' | 'runId' | 'logicalDate'>,
  timetable: Timetable,
  conf: JsonObject,
  now: number,
): NewRun {
  const logicalDate = request.logicalDate === null ? now : Date.parse(request.logicalDate);
  const date = new Date(logicalDate);
  const tick =
    request.how === 'ensure' && timetable.periodic && coversRange(timetable, logicalDate, logicalDate)
      ? [...timetable.runsBetween(date, date)][0]
      : undefined;
  return {
    runId: request.runId,
    runType: 'manual',
    slot: tick === undefined ? null : logicalDate,
    logicalDate,
    dataInterval: tick?.dataInterval ?? timetable.manualInterval(date),
    conf,
    backfillKey: null,
    note: null,
  };
}

/** What a task that asked for a run and waits for its end waits for. */
export function requestedEnd(request: ResolvedRunWait): ExternalWait {
  const { dagId, how, runId, logicalDate, allowedStates, failedStates } = request;
  const which =
    how === 'ensure' ? { match: 'dates' as const, dates: [logicalDate!] } : { match: 'run' as const, runId };
  return { kind: 'external', dagId, taskIds: null, which, allowedStates, failedStates };
}

/** The run that a request names, whoever made it. */
export function requestedRun(request: ResolvedRunWait): MeantRun {
  return meantRuns(requestedEnd(request).which)[0]!;
}
