import { settledLimit } from '../../config/index.ts';
import { type BackfillPayload, backfillOptions } from '../../intents/index.ts';
import { backfillDates, backfillStep, chosenGraph, type DagGraph } from '../../rules/index.ts';
import type { RunState } from '../../state/index.ts';
import { type EnsureHorizonOptions, ensureHorizon, knownTimetable } from '../horizons.ts';
import { median, medianTaskDurations } from '../queries/task-duration.ts';
import type { Store } from '../store.ts';
import { dagSnapshot } from './snapshot.ts';

export interface BackfillPreview {
  readonly total: number;
  readonly toCreate: number;
  readonly toClear: number;
  readonly existing: number;
  readonly inFlight: number;
  /** Tasks that each run is about, in topological order; null: all of the DAG. */
  readonly taskIds: readonly string[] | null;
  /** First and last logical date in the order in which they run; null: the range has none. */
  readonly first: string | null;
  readonly last: string | null;
  /** How long it should take, in ms, by the median of the newest runs and the maximum of active ones; null: no history. */
  readonly estimateMs: number | null;
}

/** Runs whose median duration the estimate goes by. */
const HISTORY = 50;

/**
 * What a backfill would do, date by date, by the very functions that carry it out. Reads only; the runs of a custom timetable that are not known
 * yet are waited for, and throw as {@link ensureHorizon} does.
 */
export async function backfillPreview(
  store: Store,
  dagId: string,
  payload: BackfillPayload,
  horizonOptions: EnsureHorizonOptions = {},
): Promise<BackfillPreview> {
  const { graph } = await dagSnapshot(store, dagId);
  const options = backfillOptions(payload);
  const range = {
    fromDate: Date.parse(payload.start),
    toDate: Date.parse(payload.end),
    reverse: options.reverse,
  };
  await ensureHorizon(store, dagId, { from: range.fromDate, until: range.toDate }, horizonOptions);
  const timetable = await knownTimetable(store, graph.dag);
  const states = await existingStates(store, dagId, range.fromDate, range.toDate);
  const counts = { create: 0, clear: 0, exists: 0, in_flight: 0 };
  let first: string | null = null;
  let last: string | null = null;
  for (const { logicalDate } of backfillDates(timetable, range, null)) {
    counts[backfillStep(states.get(logicalDate.getTime()), options.reprocess)] += 1;
    last = logicalDate.toISOString();
    first ??= last;
  }
  const runs = counts.create + counts.clear;
  const part = chosenGraph(graph, options);
  const isWhole = options.taskIds === undefined;
  const runMs = isWhole ? await medianDuration(store, dagId) : await longestPath(store, dagId, part);
  return {
    total: runs + counts.exists + counts.in_flight,
    toCreate: counts.create,
    toClear: counts.clear,
    existing: counts.exists,
    inFlight: counts.in_flight,
    taskIds: isWhole ? null : part.tasks.map(({ spec }) => spec.taskId),
    first,
    last,
    estimateMs:
      runMs === null ? null : Math.round((runs * runMs) / Math.max(1, settledLimit(options.maxActiveRuns))),
  };
}

async function existingStates(
  store: Store,
  dagId: string,
  from: number,
  to: number,
): Promise<Map<number, RunState>> {
  const rows = await store.db
    .selectFrom('dagRun')
    .select(['slot', 'state'])
    .where('dagId', '=', dagId)
    .where('slot', '>=', from)
    .where('slot', '<=', to)
    .execute();
  return new Map(rows.map((row) => [row.slot!, row.state as RunState]));
}

async function medianDuration(store: Store, dagId: string): Promise<number | null> {
  const rows = await store.db
    .selectFrom('dagRun')
    .select(['startDate', 'endDate'])
    .where('dagId', '=', dagId)
    .where('state', '=', 'success')
    .orderBy('key', 'desc')
    .limit(HISTORY)
    .execute();
  const durations = rows.flatMap(({ startDate, endDate }) =>
    startDate === null || endDate === null ? [] : [endDate - startDate],
  );
  return median(durations);
}

/** How long a run of these tasks takes when nothing holds it up: the longest chain of their median durations. */
async function longestPath(store: Store, dagId: string, { tasks }: DagGraph): Promise<number | null> {
  const durations = await medianTaskDurations(store, dagId);
  if (durations.size === 0) return null;
  const ends: number[] = [];
  for (const { spec, upstream } of tasks) {
    const begins = Math.max(0, ...upstream.map((index) => ends[index]!));
    ends.push(begins + (durations.get(spec.taskId) ?? 0));
  }
  return Math.max(0, ...ends);
}
