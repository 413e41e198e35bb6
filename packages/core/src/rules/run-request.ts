import type { RunWait } from '../dag/wait.ts';
import type { RunState } from '../state/index.ts';
import type { InstanceWork } from './work.ts';

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
 * often its run was cleared: asked again by a retry or after a loss it is the same, so the run is never created twice.
 */
export function resolvedRunWait(wait: RunWait, { key, run }: InstanceWork): ResolvedRunWait {
  const at = new Date(run.logicalDate).toISOString().replace('.000Z', 'Z');
  const runId = wait.runId ?? `manual__${at}_by_${key}.${run.clearNumber}`;
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
