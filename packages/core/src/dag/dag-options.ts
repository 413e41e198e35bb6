import type { Duration } from '../duration.ts';
import type { Callbacks } from '../notifiers/index.ts';
import type { ParamsSchema } from '../params/index.ts';
import type { Schedule } from '../timetables/index.ts';
import type { DefaultArgs, Limit } from './operator-options.ts';

/** Options of a DAG. */
export interface DagOptions<Schema extends ParamsSchema | undefined = undefined> {
  /** Unique in the installation: letters, digits, `_`, `-`, `.`, at most 250 characters. */
  readonly dagId: string;
  /**
   * When runs happen: a cron expression or preset, several of them, `{ every: '10m' }`, `{ everyMonths: 1 }`, `@once`,
   * `@continuous`, assets (`[orders, prices]` for all of them, `any(…)`, `orders.and(…)`, or `{ assets, time }` for both), a timetable.
   * Default null: only people and events start it.
   */
  readonly schedule?: Schedule | undefined;
  /** IANA name: schedule, `ds` and dates without an offset are read in it. Default `UTC`. */
  readonly timezone?: string | undefined;
  /** No tick before it. A date is the start of that day in `timezone`. Default: none. */
  readonly startDate?: string | Date | undefined;
  /** No tick after it; a date is that whole day. Default: none. */
  readonly endDate?: string | Date | undefined;
  /** Whether ticks that were missed each get a run. Default false: only the newest. */
  readonly catchup?: boolean | undefined;
  /**
   * What becomes of a tick while `maxActiveRuns` runs are active: `queue` (default) waits for one to end, `skip` passes over it. Of several
   * ticks that wait, the newest gets its run and the older ones are passed over, unless the DAG has `catchup`.
   */
  readonly onOverlap?: 'queue' | 'skip' | undefined;
  /** A tick whose run could only begin this much later, or more, is passed over; a number is seconds. Default: however late. */
  readonly skipDelayedBy?: Duration | undefined;
  /**
   * Spreads DAGs that share a tick: this one's runs become due up to `jitter` after it, always by the same time, which is a hash of the
   * DAG's id. A number is seconds. Logical date and data interval stay. Default: none.
   */
  readonly jitter?: Duration | undefined;
  /** A zod object. Forms and checks are made of it; tasks get its values typed. Default: any conf is taken. */
  readonly params?: Schema;
  /** Default 16; 1 with the schedule `@continuous`, which allows nothing else. */
  readonly maxActiveRuns?: Limit | undefined;
  /** Tasks of all its runs that may be active at once. Default 16; 0 pauses. */
  readonly maxActiveTasks?: Limit | undefined;
  /** Defaults for its tasks. A group's `defaultArgs` go over them, a task's own options over both. */
  readonly defaultArgs?: DefaultArgs | undefined;
  /** For finding it in lists: `['sales', 'daily']`. Default: none. */
  readonly tags?: readonly string[] | undefined;
  /** Who is asked about it. */
  readonly owner?: string | undefined;
  /** One line. */
  readonly description?: string | undefined;
  /** Markdown. */
  readonly doc?: string | undefined;
  /** Longest time for a run; a number is seconds. Then it fails and what is unfinished is skipped. Default: none. */
  readonly dagRunTimeout?: Duration | undefined;
  /** Ends the run when the first task fails for good. Its tasks must have the default trigger rule. Default false. */
  readonly failFast?: boolean | undefined;
  /** Whether it starts out paused when it is first seen. Default false. */
  readonly pausedUponCreation?: boolean | undefined;
  /** When something has to be done by. Each fires once for a run that is late. */
  readonly deadlines?: readonly Deadline[] | undefined;
  /** Called when a run succeeded. */
  readonly onSuccess?: Callbacks | undefined;
  /** Called when a run failed. */
  readonly onFailure?: Callbacks | undefined;
  /** Other files that belong to a version, as patterns relative to the DAG file: `['./sql/*.sql']`. */
  readonly files?: readonly string[] | undefined;
}

/** By when a task, or the whole run, has to be done: by the clock or within a time from the run's tick. */
export interface Deadline {
  /** Unique in the DAG; what the alert is about. */
  readonly name: string;
  /** Id of the task that has to be done; default: the run. */
  readonly task?: string | undefined;
  /**
   * Time on the clock of the DAG's zone, `HH:MM`, on the day the run becomes due; of the next day when it is past that time then. Runs of a
   * backfill have no deadlines.
   */
  readonly by?: string | undefined;
  /** From the moment the run becomes due; a number is seconds. */
  readonly within?: Duration | undefined;
  /** Called once for a run that is late, while it goes on. Default: nobody. */
  readonly onMiss?: Callbacks | undefined;
}

const NAMES: Readonly<Record<keyof DagOptions, true>> = {
  dagId: true,
  schedule: true,
  timezone: true,
  startDate: true,
  endDate: true,
  catchup: true,
  onOverlap: true,
  skipDelayedBy: true,
  jitter: true,
  params: true,
  maxActiveRuns: true,
  maxActiveTasks: true,
  defaultArgs: true,
  tags: true,
  owner: true,
  description: true,
  doc: true,
  dagRunTimeout: true,
  failFast: true,
  pausedUponCreation: true,
  deadlines: true,
  onSuccess: true,
  onFailure: true,
  files: true,
};

export const DAG_OPTION_NAMES: readonly string[] = Object.keys(NAMES);
