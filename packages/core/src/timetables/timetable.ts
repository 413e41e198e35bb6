import type { AssetCondition } from '../assets/index.ts';
import type { JsonObject } from '../json.ts';
import type { TickHorizon } from './tick-horizon.ts';

/** A stretch of time that a run is about. Half open: `start` belongs to it, `end` does not. Instants, UTC. */
export interface DataInterval {
  /** The first instant that belongs to it. */
  readonly start: Date;
  /** The first instant that does not. */
  readonly end: Date;
}

/** What the next run may not overstep. "Now" arrives only here. */
export interface TimeRestriction {
  /** No tick before this instant (the DAG's startDate); null: none was given. */
  readonly earliest: Date | null;
  /** No tick after this instant (the DAG's endDate); null: for ever. */
  readonly latest: Date | null;
  /** Whether ticks that were missed each get a run. */
  readonly catchup: boolean;
  /** The scheduler's clock: the only way to learn of it. */
  readonly now: Date;
}

/** The next run of a schedule. */
export interface RunInfo {
  /** When the run becomes due: it is created at this instant or later. */
  readonly runAfter: Date;
  /** The slot of the run: unique per DAG. */
  readonly logicalDate: Date;
  /** The stretch of time the run is about. */
  readonly dataInterval: DataInterval;
}

/**
 * Decides when runs happen. Pure: equal arguments give equal answers; "now" arrives only in the restriction.
 */
export interface Timetable {
  /** The word under which `timetableFromJson` knows it: `cron`, `cron_data_interval`, `delta`, `once`, `none`, `custom`, …. */
  readonly type: string;
  /** Whether it has ticks without end and without state, so that a backfill can walk a range of it. */
  readonly periodic: boolean;
  /** When assets start runs, besides its ticks; absent: they do not. */
  readonly assets?: AssetCondition;
  /** What is known of its runs, where the code of a custom timetable is not; absent: all of them. */
  readonly horizon?: TickHorizon;
  /** The run that follows the slot `last` (null: none yet); null when there is none any more. */
  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null;
  /** The data interval of a run that a person starts at `runAfter`: the last complete one before it. */
  manualInterval(runAfter: Date): DataInterval;
  /** Every run whose logical date lies in `[start, end]`, oldest first: the plan of a backfill. Lazy. */
  runsBetween(start: Date, end: Date): Iterable<RunInfo>;
  /** The same as the schedule of a DAG in `timezone`: one that names a zone keeps it. Absent: no zone is in it. */
  inZone?(timezone: string): Timetable;
  /** In words, with its zone: `03:00 every day (Asia/Tokyo)`. */
  describe(): string;
  /** What serialization keeps; `timetableFromJson` reads it back. */
  toJson(): JsonObject;
}
