import type { Changes, DagWorkState } from '@tsflow/core/rules';
import { type DagEffects, type DecidedIntent, emptyEffects, type NewAlert } from '@tsflow/core/store';
import { assetEventRow } from '../assets/asset-stage.ts';
import { eventRow, taskEvent } from './event-rows.ts';
import {
  arrivalRow,
  attemptRow,
  attemptUpdate,
  backfillRow,
  callbackRow,
  callbackUpdate,
  groupRow,
  runRow,
  runUpdate,
  taskMove,
  taskRow,
  taskUpdate,
} from './work-rows.ts';

/** What a turn writes besides the changes of the working state. */
export interface TurnNotes {
  readonly intentsDecided: readonly { dagId: string; intent: DecidedIntent }[];
  readonly alerts: readonly { dag: DagWorkState; alert: NewAlert }[];
}

/** Changes of the working state to rows, DAG by DAG. Reads the working state, changes nothing. */
export function turnEffects(
  changes: Changes,
  notes: TurnNotes,
  dagOf: (dagId: string) => DagWorkState,
): DagEffects[] {
  const byDag = new Map<string, DagEffects>();
  const effects = (dag: DagWorkState): DagEffects => {
    let of = byDag.get(dag.dagId);
    if (of === undefined) {
      of = emptyEffects(dag.dagId, dag.epoch);
      byDag.set(dag.dagId, of);
    }
    return of;
  };
  for (const dag of changes.dags.keys()) {
    byDag.set(dag.dagId, { ...emptyEffects(dag.dagId, dag.epoch), dag: dagChange(dag, changes) });
  }
  for (const [backfill, dag] of changes.backfills) {
    const rows = changes.newBackfills.has(backfill)
      ? effects(dag).backfillsInserted
      : effects(dag).backfillsUpdated;
    rows.push(backfillRow(dag, backfill));
  }
  for (const run of changes.newRuns) effects(run.dag).runsInserted.push(runRow(run));
  for (const [run, from] of changes.runs) {
    if (!changes.newRuns.has(run)) effects(run.dag).runsUpdated.push(runUpdate(run, from));
  }
  for (const instance of changes.newInstances)
    effects(instance.run.dag).tasksInserted.push(taskRow(instance));
  for (const instance of changes.instances) {
    const of = effects(instance.run.dag);
    if (changes.moved.has(instance) && !changes.newInstances.has(instance))
      of.tasksMoved.push(taskMove(instance));
    else if (!changes.newInstances.has(instance)) of.tasksUpdated.push(taskUpdate(instance));
    if (instance.path !== null) of.events.push(taskEvent(instance, changes.now));
  }
  for (const instance of changes.named)
    effects(instance.run.dag).tasksNamed.push({
      key: instance.key,
      renderedMapIndex: instance.renderedMapIndex!,
    });
  for (const group of changes.groups) effects(group.run.dag).groupTries.push(groupRow(group));
  for (const { instance, attempt } of changes.newAttempts) {
    effects(instance.run.dag).attemptsInserted.push(attemptRow(instance, attempt));
  }
  const ended = new Set(changes.endedAttempts.map((end) => end.attempt));
  for (const [attempt, instance] of changes.attempts) {
    if (!ended.has(attempt)) effects(instance.run.dag).attemptsUpdated.push(attemptUpdate(attempt, null));
  }
  for (const end of changes.endedAttempts) {
    effects(end.instance.run.dag).attemptsUpdated.push(attemptUpdate(end.attempt, end));
  }
  for (const { dagId, ...xcom } of changes.xcoms) effects(dagOf(dagId)).xcoms.push(xcom);
  for (const event of changes.events) effects(dagOf(event.dagId)).events.push(eventRow(event, changes.now));
  for (const callback of changes.newCallbacks) {
    effects(callback.dag).callbacksInserted.push(callbackRow(callback));
  }
  for (const change of changes.callbacks) {
    effects(change.callback.dag).callbacksUpdated.push(callbackUpdate(change, changes.now));
  }
  for (const { run, name, taskId, dueAt } of changes.deadlinesMissed) {
    const { dagId } = run.dag;
    const missedAt = changes.now;
    effects(run.dag).deadlinesMissed.push({ runKey: run.key, name, dagId, taskId, dueAt, missedAt });
  }
  for (const event of changes.assetEvents) {
    effects(event.instance.run.dag).assetEvents.push(assetEventRow(event, changes.now));
  }
  for (const [arrival, change] of changes.assetArrivals) {
    effects(change.dag).assetArrivals.push(arrivalRow(arrival, change));
  }
  for (const { dag, alert } of notes.alerts) effects(dag).alerts.push(alert);
  for (const { dagId, intent } of notes.intentsDecided) effects(dagOf(dagId)).intentsDecided.push(intent);
  for (const { from, payload, ...intent } of changes.sent) {
    const row = { ...intent, payload: JSON.stringify(payload), actor: 'scheduler', requestedAt: changes.now };
    effects(from).intentsSent.push(row);
  }
  return [...byDag.values()];
}

function dagChange(dag: DagWorkState, changes: Changes): NonNullable<DagEffects['dag']> {
  const before = changes.dags.get(dag)!;
  return {
    ...(before.isPaused === dag.isPaused ? {} : { isPaused: dag.isPaused }),
    ...(before.skipUntil === dag.skipUntil ? {} : { skipUntil: dag.skipUntil }),
    mark: { from: before.mark, to: dag.mark, version: dag.graph.version, nextTick: dag.nextTick },
  };
}
