import {
  type Changes,
  type InstanceWork,
  type RunWork,
  selectInstances,
  stopInstance,
} from '../rules/index.ts';
import { isFinished } from '../state/index.ts';
import { applyMarkRun } from './apply-mark.ts';
import type { KillPayload } from './intent.ts';

/** An instance that somebody changed by hand. */
export interface TouchedTask {
  readonly taskId: string;
  readonly mapPath: string;
}

/** Ends what is active: of some tasks, or of the whole run, which then fails. Returns the tasks that were active. */
export function applyKill(
  run: RunWork,
  payload: KillPayload,
  actor: string,
  changes: Changes,
): TouchedTask[] {
  const reason = `killed by ${actor}`;
  if (payload.taskIds === undefined && run.tasks.length === 0) {
    applyMarkRun(run, { runId: run.runId, state: 'failed' }, actor, changes);
    return [];
  }
  const chosen = selectInstances(run, payload);
  const active = chosen.filter(({ state }) => !isFinished(state) && state !== 'none');
  if (payload.taskIds === undefined) {
    applyMarkRun(run, { runId: run.runId, state: 'failed' }, actor, changes);
    return active.map(touched);
  }
  for (const instance of active) stopInstance(instance, 'failed', reason, changes);
  return active.map(touched);
}

const touched = ({ task, mapPath }: InstanceWork): TouchedTask => ({ taskId: task.spec.taskId, mapPath });
