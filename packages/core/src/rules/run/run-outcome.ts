import { assertLegalRunTransition, isRunFinished, type RunState } from '../../state/index.ts';
import type { Changes } from '../work/changes.ts';
import { countRuns } from '../work/count-runs.ts';
import { instancesOf } from '../work/map-scope.ts';
import { moveInstance } from '../work/move-instance.ts';
import { tellRun } from '../work/news.ts';
import type { RunWork } from '../work/work.ts';

/** The final state that a run's candidates give it; every instance must have ended. */
export function runOutcome(run: RunWork): { state: 'success' | 'failed'; reason: string | null } {
  if (run.targetState !== null) return { state: run.targetState, reason: run.reason };
  for (const index of run.graph.candidates) {
    const { instances } = run.tasks[index]!.root;
    if (instances.some(({ state }) => state === 'failed' || state === 'upstream_failed'))
      return { state: 'failed', reason: run.reason };
  }
  return { state: 'success', reason: null };
}

/** Ends the run when nothing more can happen in it: all instances have ended, or it is deadlocked. Constant time. */
export function finishRunIfOver(run: RunWork, changes: Changes): void {
  if (run.state !== 'running' || run.leaving.size > 0) return;
  if (run.unfinished.count > 0) {
    if (run.live.count > 0 || !run.waitingOnPast.isEmpty) return;
    failDeadlocked(run, changes);
  }
  const { state, reason } = runOutcome(run);
  moveRun(run, state, changes, reason);
  if (!run.setByHand) tellRun(run, changes);
}

/** The one way in which a run's state changes in memory. */
export function moveRun(
  run: RunWork,
  to: RunState,
  changes: Changes,
  reason: string | null = null,
  actor?: string,
): void {
  const from = run.state;
  assertLegalRunTransition(`Run ${run.runId} of ${run.dag.dagId}`, from, to);
  changes.touchRun(run);
  const { dag, backfillKey } = run;
  if (from === 'running') countRuns(dag.activeRuns, backfillKey, -1);
  if (to === 'running') countRuns(dag.activeRuns, backfillKey, 1);
  run.state = to;
  run.reason = reason;
  if (to === 'running' && run.startDate === null) run.startDate = changes.now;
  // It starts anew: its time limit, and what waits since its start, count from then.
  if (to === 'queued') run.startDate = null;
  if (isRunFinished(to)) {
    run.endDate = changes.now;
    run.targetState = null;
    changes.roomInDags.add(dag);
    countInBackfill(run, to, changes);
  } else {
    run.endDate = null;
  }
  changes.event({
    type: 'run_state',
    dagId: dag.dagId,
    run,
    from,
    to,
    ...(actor === undefined ? {} : { actor }),
    data: reason === null ? {} : { reason },
  });
}

function countInBackfill(run: RunWork, to: 'success' | 'failed', changes: Changes): void {
  const backfill = run.backfillKey === null ? undefined : run.dag.backfills.get(run.backfillKey);
  if (backfill === undefined) return;
  if (to === 'success') backfill.succeeded += 1;
  else backfill.failed += 1;
  changes.touchBackfill(run.dag, backfill);
}

/** Rule 4, the safety net: something unfinished and nothing left that could move it. */
function failDeadlocked(run: RunWork, changes: Changes): void {
  const blocked = [...instancesOf(run)].filter((instance) => instance.state === 'none');
  const names = blocked.slice(0, 5).map((instance) => instance.task.spec.taskId);
  run.targetState = 'failed';
  run.reason = `Deadlock: nothing can move ${names.join(', ')}${blocked.length > 5 ? ', …' : ''} any more.`;
  for (const instance of blocked) moveInstance(instance, 'upstream_failed', changes, 'deadlock');
}
