import { InvalidScheduleError } from './schedule-error.ts';
import type { RunInfo, Timetable } from './timetable.ts';

/** The runs of a custom timetable as far as they are known. Instants are milliseconds since 1970 UTC. */
export interface TickHorizon {
  /** Every run with a logical date from here on ... */
  readonly from: number;
  /** ... up to and including here is among `runs`. Null: the timetable has ended, there is none behind the last one. */
  readonly until: number | null;
  /** Oldest first. */
  readonly runs: readonly RunInfo[];
}

/** Which stretch of time is wanted. */
export interface HorizonWish {
  readonly now: number;
  /** Runs after this instant are still to be made, however long ago that was; null: only the newest missed one. */
  readonly since: number | null;
  /** A range that somebody asked for, both ends included: a backfill. */
  readonly range: { readonly from: number; readonly until: number } | null;
}

/** How large a horizon becomes. */
export interface HorizonLimits {
  /** Runs ahead of now. */
  readonly ahead: number;
  /** Time ahead of now, in ms, though one run at least. */
  readonly aheadMs: number;
  /** Runs in all. */
  readonly runs: number;
}

const DAY_MS = 86_400_000;
/** A thousand runs are six weeks of hours; 20,000 are half a century of days, and some 500 KB. */
const HORIZON_LIMITS: HorizonLimits = { ahead: 1_000, aheadMs: 400 * DAY_MS, runs: 20_000 };
/** How far back a run is looked for, in turn: dense timetables should not be walked through for years. */
const LOOK_BACK_DAYS = [2, 40, 400, 4_000];

/**
 * Asks a custom timetable for the runs of the stretch that is wanted. It begins with a run before that stretch, so that the newest missed
 * one and the last complete interval are known. A range that would need more runs than there may be is left out: then
 * `from` and `until` do not cover it.
 *
 * Throws {@link InvalidScheduleError} for an answer that no timetable may give: something that is no run, or goes back in time.
 */
export function computeHorizon(
  timetable: Pick<Timetable, 'nextRun' | 'describe'>,
  wish: HorizonWish,
  limits: HorizonLimits = HORIZON_LIMITS,
): TickHorizon {
  const { now, range } = wish;
  const since = Math.min(wish.since ?? now, now);
  const asker = new Asker(timetable, now);
  if (range !== null) {
    const horizon = walk(asker, Math.min(since, range.from), Math.max(now, range.until), limits);
    if (horizon.until === null || horizon.until >= Math.max(now, range.until)) return horizon;
  }
  return walk(asker, since, now, limits);
}

/** From a run before `from` to as far behind `to` as the limits allow. */
function walk(asker: Asker, from: number, to: number, limits: HorizonLimits): TickHorizon {
  const { begins, first } = asker.startBefore(from);
  const runs: RunInfo[] = [];
  let run = first;
  let ahead = 0;
  while (run !== null) {
    runs.push(run);
    const at = run.logicalDate.getTime();
    if (at > to) ahead += 1;
    const isFarEnough = ahead >= limits.ahead || (ahead > 0 && at > to + limits.aheadMs);
    if (isFarEnough || runs.length >= limits.runs) break;
    run = asker.next(run.logicalDate, null);
  }
  return { from: begins, until: run === null ? null : run.logicalDate.getTime(), runs };
}

/** Asks the author's code, and believes it nothing. */
class Asker {
  readonly #timetable: Pick<Timetable, 'nextRun' | 'describe'>;
  readonly #now: Date;

  constructor(timetable: Pick<Timetable, 'nextRun' | 'describe'>, now: number) {
    this.#timetable = timetable;
    this.#now = new Date(now);
  }

  next(last: Date | null, earliest: Date | null): RunInfo | null {
    // Dates can be changed: the author gets his own.
    const restriction = {
      earliest: earliest === null ? null : new Date(earliest),
      latest: null,
      catchup: true,
      now: new Date(this.#now),
    };
    const run = this.#timetable.nextRun(last === null ? null : new Date(last), restriction);
    if (run === null) return null;
    this.#check(run, last, earliest);
    return run;
  }

  /**
   * A run that is not behind `instant`, and not too far before it, with the instant from which on everything is known. It has one before
   * itself, if there is any: what an author's Date says of the first begins at itself, that of the next at the one before.
   */
  startBefore(instant: number): { begins: number; first: RunInfo | null } {
    let oldest: RunInfo | null = null;
    let begins = instant;
    for (const days of LOOK_BACK_DAYS) {
      begins = instant - days * DAY_MS;
      oldest = this.next(null, new Date(begins));
      const second = oldest === null ? null : this.next(oldest.logicalDate, null);
      if (oldest !== null && second !== null && second.logicalDate.getTime() <= instant)
        return { begins: oldest.logicalDate.getTime() + 1, first: second };
    }
    return { begins, first: oldest };
  }

  #check(run: unknown, last: Date | null, earliest: Date | null): asserts run is RunInfo {
    if (!isRun(run)) {
      throw this.#wrong(
        `nextRun(${said(last)}) answered ${inShort(run)}. Expected a Date, { runAfter, logicalDate, dataInterval: { start, end } } of dates, or null.`,
      );
    }
    const { logicalDate, dataInterval } = run;
    if (last !== null && logicalDate <= last) {
      throw this.#wrong(
        `nextRun(${said(last)}) answered ${said(logicalDate)}, which is not later: a timetable goes forward with every run.`,
      );
    }
    if (last === null && earliest !== null && logicalDate < earliest) {
      throw this.#wrong(
        `nextRun(null) answered ${said(logicalDate)}, although restriction.earliest was ${said(earliest)}: expected the first run that is not before it.`,
      );
    }
    if (dataInterval.end < dataInterval.start) {
      throw this.#wrong(`the data interval of ${said(logicalDate)} ends before it starts.`);
    }
  }

  #wrong(problem: string): InvalidScheduleError {
    return new InvalidScheduleError(this.#timetable.describe(), problem);
  }
}

function isRun(run: unknown): run is RunInfo {
  if (typeof run !== 'object' || run === null) return false;
  const { runAfter, logicalDate, dataInterval } = run as Partial<RunInfo>;
  return [runAfter, logicalDate, dataInterval?.start, dataInterval?.end].every(
    (date) => date instanceof Date && Number.isFinite(date.getTime()),
  );
}

const said = (date: Date | null): string => (date === null ? 'null' : date.toISOString());

function inShort(value: unknown): string {
  if (value instanceof Promise) return 'a promise (it may not be async)';
  return (JSON.stringify(value) ?? String(value)).slice(0, 200);
}
