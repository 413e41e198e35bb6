import { Script } from 'node:vm';
import type { AnyDag } from '../dag/dag.ts';
import { DagDefinitionError, pointingAt } from '../dag/definition-error.ts';
import { errorMessage } from '../errors.ts';
import {
  AssetTimetable,
  AuthoredTimetable,
  computeHorizon,
  InvalidScheduleError,
  type PackedHorizon,
  packHorizon,
  type Timetable,
} from '../timetables/index.ts';

/** What the database says of a DAG that has a custom timetable. Instants are milliseconds since 1970 UTC. */
export interface HorizonNeed {
  /** The newest slot that was created or passed over; null: none. */
  readonly mark: number | null;
  /** A range that a backfill is about, both ends included. */
  readonly range: { readonly from: number; readonly until: number } | null;
}

/** A timetable that computes this long would hold up every reading of its file. A year of a slow one takes milliseconds. */
const HORIZON_LIMIT_MS = 5_000;

/**
 * The runs that the custom timetable of a DAG plans, from what is still to be made to a thousand runs ahead of `now`; null when its schedule is
 * none of its author's. Calls the author's code, so only where that may run.
 *
 * Throws `DagDefinitionError` when that code throws, answers something that is no run, goes backwards, or does not come back within
 * 5 s: it leads to the author's line, or to that of the DAG.
 */
export function dagHorizon(dag: AnyDag, need: HorizonNeed, now: number): PackedHorizon | null {
  const timetable = authoredTimetable(dag.timetable);
  if (timetable === null) return null;
  const { mark, range } = need;
  const since = dag.catchup ? (mark ?? dag.startDate?.getTime() ?? null) : null;
  try {
    return packHorizon(withinTime(() => computeHorizon(timetable, { now, since, range })));
  } catch (error) {
    throw asProblem(dag, timetable, error);
  }
}

function authoredTimetable(timetable: Timetable): AuthoredTimetable | null {
  if (timetable instanceof AuthoredTimetable) return timetable;
  if (timetable instanceof AssetTimetable && timetable.time !== null)
    return authoredTimetable(timetable.time);
  return null;
}

const WORK = Symbol.for('tsflow.horizon');
const CALL = new Script("globalThis[Symbol.for('tsflow.horizon')]()", { filename: 'tsflow-horizon' });

/** Calls `work`, and ends even an endless loop in it: V8 stops what a script began, whosever functions it is in. */
function withinTime<T>(work: () => T): T {
  const shared = globalThis as { [WORK]?: () => T };
  shared[WORK] = work;
  try {
    return CALL.runInThisContext({ timeout: HORIZON_LIMIT_MS }) as T;
  } finally {
    delete shared[WORK];
  }
}

function asProblem(dag: AnyDag, { name }: AuthoredTimetable, error: unknown): DagDefinitionError {
  const what = `DAG "${dag.dagId}"`;
  const problem = (message: string) =>
    new DagDefinitionError('invalid_schedule', `${what}: ${message}`, { cause: error });
  if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
    const seconds = HORIZON_LIMIT_MS / 1_000;
    return pointingAt(
      dag.site,
      problem(
        `${name} did not say its next runs within ${seconds} s: is there an end to its loop? Where there is no run any more, nextRun answers null.`,
      ),
    );
  }
  if (error instanceof InvalidScheduleError) return pointingAt(dag.site, problem(error.message));
  const thrown = problem(`nextRun of ${name} threw: ${errorMessage(error)}`);
  return error instanceof Error ? pointingAt(error, thrown) : pointingAt(dag.site, thrown);
}
