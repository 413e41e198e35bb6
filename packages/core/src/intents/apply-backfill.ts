import { limitOf, writtenLimit } from '../config/index.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import {
  type BackfillOptions,
  type BackfillWork,
  backfillDates,
  type Changes,
  chosenGraph,
  type DagWorkState,
} from '../rules/index.ts';
import type { Timetable } from '../timetables/index.ts';
import type { BackfillPayload, ControlBackfillPayload } from './intent.ts';

/** Most runs that one backfill may have: a century of hours. A larger request is a mistake in its dates. */
const MAX_BACKFILL_RUNS = 1_000_000;

/**
 * Starts a backfill, or answers with the one that is under way for the same range and options (resuming it when it was paused).
 * A different one is refused while one is active.
 */
export function applyBackfill(
  dag: DagWorkState,
  payload: Parameters<typeof backfillOptions>[0],
  timetable: Timetable,
  key: number,
  actor: string,
  changes: Changes,
): BackfillWork {
  const options = backfillOptions(payload);
  const active = [...dag.backfills.values()].find(({ state }) => state === 'running' || state === 'paused');
  if (active !== undefined) return resumeSame(dag, active, payload, options, changes);
  const { fromDate, toDate } = checkedRange(payload);
  checkTimetable(dag, timetable, options);
  const backfill: BackfillWork = {
    key,
    fromDate,
    toDate,
    options,
    actor,
    createdAt: changes.now,
    state: 'running',
    endDate: null,
    cursor: null,
    total: countDates(timetable, fromDate, toDate),
    created: 0,
    existing: 0,
    inFlight: 0,
    cleared: 0,
    succeeded: 0,
    failed: 0,
  };
  dag.backfills.set(key, backfill);
  changes.newBackfills.add(backfill);
  noteState(dag, backfill, actor, changes);
  return backfill;
}

/** Pauses, resumes or cancels. Cancel ends what has not begun; what runs goes on to its end. */
export function applyControlBackfill(
  dag: DagWorkState,
  payload: ControlBackfillPayload,
  actor: string,
  changes: Changes,
): BackfillWork {
  const backfill = dag.backfills.get(payload.backfillKey);
  if (backfill === undefined || backfill.endDate !== null) {
    throw new ConflictError(`Backfill ${payload.backfillKey} of ${dag.dagId} is not active.`);
  }
  if (payload.action === 'cancel') {
    backfill.state = 'cancelled';
    backfill.endDate = changes.now;
  } else {
    backfill.state = payload.action === 'pause' ? 'paused' : 'running';
  }
  noteState(dag, backfill, actor, changes);
  return backfill;
}

/** How many dates a range has. Throws {@link InvalidInputError} above a million: that is a mistake in its dates. */
export function countDates(timetable: Timetable, fromDate: number, toDate: number): number {
  let count = 0;
  for (const _ of backfillDates(timetable, { fromDate, toDate, reverse: false }, null)) {
    count += 1;
    if (count > MAX_BACKFILL_RUNS) {
      throw new InvalidInputError(
        `A backfill of more than ${MAX_BACKFILL_RUNS} runs is a mistake in its dates: split it.`,
      );
    }
  }
  return count;
}

export function backfillOptions(
  payload: BackfillPayload & Pick<BackfillOptions, 'replacesConf'>,
): BackfillOptions {
  const { reprocess, reverse, maxActiveRuns, conf, replacesConf, taskIds, upstream, downstream } = payload;
  limitOf(writtenLimit(maxActiveRuns), 'maxActiveRuns', 1);
  return {
    reprocess,
    reverse,
    maxActiveRuns,
    conf,
    ...(replacesConf === true ? { replacesConf } : {}),
    ...(taskIds === undefined ? {} : { taskIds: [...new Set(taskIds)].sort() }),
    ...(upstream === true ? { upstream } : {}),
    ...(downstream === true ? { downstream } : {}),
  };
}

/** Notes a backfill's state as an event and in its row. */
export function noteState(dag: DagWorkState, backfill: BackfillWork, actor: string, changes: Changes): void {
  changes.touchBackfill(dag, backfill);
  changes.roomInDags.add(dag);
  const data = { backfillKey: backfill.key, state: backfill.state };
  changes.event({ type: 'backfill_state', dagId: dag.dagId, to: backfill.state, actor, data });
}

function resumeSame(
  dag: DagWorkState,
  active: BackfillWork,
  payload: BackfillPayload,
  options: BackfillOptions,
  changes: Changes,
): BackfillWork {
  const range = (from: number, to: number) =>
    `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
  const same =
    active.fromDate === Date.parse(payload.start) &&
    active.toDate === Date.parse(payload.end) &&
    canonicalJson(active.options) === canonicalJson(options);
  if (!same) {
    throw new ConflictError(
      `Backfill ${active.key} of ${dag.dagId} (${range(active.fromDate, active.toDate)}) is ${active.state}: cancel it or let it end first.`,
      { backfillKey: active.key },
    );
  }
  if (active.state === 'paused') {
    active.state = 'running';
    noteState(dag, active, active.actor, changes);
  }
  changes.roomInDags.add(dag);
  return active;
}

function checkedRange({ start, end }: BackfillPayload): { fromDate: number; toDate: number } {
  const fromDate = Date.parse(start);
  const toDate = Date.parse(end);
  if (Number.isNaN(fromDate))
    throw new InvalidInputError(`start: expected an ISO 8601 instant, got "${start}".`);
  if (Number.isNaN(toDate)) throw new InvalidInputError(`end: expected an ISO 8601 instant, got "${end}".`);
  if (toDate < fromDate) throw new InvalidInputError(`end (${end}) lies before start (${start}).`);
  return { fromDate, toDate };
}

function checkTimetable(dag: DagWorkState, timetable: Timetable, options: BackfillOptions): void {
  if (!timetable.periodic) {
    throw new InvalidInputError(
      `${dag.dagId} has no periodic schedule (${timetable.describe()}), so a range of dates says nothing: trigger runs instead.`,
    );
  }
  const graph = chosenGraph(dag.graph, options);
  if (!graph.hasPastDependency) return;
  const dependent = graph.tasks.find(({ spec }) => spec.dependsOnPast || spec.waitForDownstream)!.spec.taskId;
  if (options.reverse) {
    throw new InvalidInputError(
      `${dependent} depends on the previous run, so ${dag.dagId} cannot run in reverse order.`,
    );
  }
  if (options.reprocess === 'none') {
    throw new InvalidInputError(
      `${dependent} depends on the previous run: choose --reprocess failed or --reprocess completed.`,
    );
  }
}
