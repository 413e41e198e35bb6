import type { IdempotencyKey } from '../rules/index.ts';
import type {
  AlertTable,
  AssetArrivalTable,
  AssetEventTable,
  BackfillTable,
  CallbackTable,
  DagRunTable,
  DeadlineMissTable,
  EventTable,
  GroupTryTable,
  TaskInstanceTable,
  XcomTable,
} from './tables.ts';

/**
 * Everything that a scheduler decided in one turn: written in one transaction, or not at all.
 *
 * Order inside the transaction: the scheduler row (`turn = turn + 1 WHERE id AND turn`), the dag rows by id (those that are no
 * longer held leave with all their effects), the counters by name, then the rest.
 */
export interface Turn {
  readonly schedulerId: string;
  /** Value of `scheduler.turn` that this commit expects; it becomes `turn + 1`. */
  readonly turn: number;
  readonly turnMs: number;
  /** Changes of the limits that span DAGs. A positive net delta that would pass the limit refuses the commit. */
  readonly counters: readonly CounterChange[];
  readonly dags: readonly DagEffects[];
}

export interface CounterChange {
  readonly name: string;
  readonly delta: number;
  /** -1: unlimited. */
  readonly limit: number;
}

/** What a turn does to one DAG. Lists are written in the order of the members here. */
export interface DagEffects {
  readonly dagId: string;
  /** Epoch under which the writer holds the DAG. */
  readonly epoch: number;
  readonly dag?: DagChange;
  readonly backfillsInserted: BackfillTable[];
  readonly backfillsUpdated: BackfillTable[];
  readonly runsInserted: DagRunTable[];
  readonly runsUpdated: RunUpdate[];
  readonly tasksInserted: NewTaskInstance[];
  readonly tasksUpdated: TaskUpdate[];
  /** Instances that also get another map path: none of them is among `tasksUpdated`. */
  readonly tasksMoved: TaskMove[];
  readonly tasksNamed: TaskName[];
  /** Groups that begin again; one that is there already takes its new numbers. */
  readonly groupTries: GroupTryTable[];
  readonly attemptsInserted: NewAttempt[];
  readonly attemptsUpdated: AttemptUpdate[];
  readonly xcoms: XcomTable[];
  readonly events: NewEvent[];
  readonly intentsDecided: DecidedIntent[];
  readonly intentsSent: NewIntent[];
  readonly callbacksInserted: NewCallback[];
  readonly callbacksUpdated: CallbackUpdate[];
  /** A name that a run has already is left alone. */
  readonly deadlinesMissed: DeadlineMissTable[];
  /** Events of outlets of the DAG's tasks. */
  readonly assetEvents: AssetEventTable[];
  /** Events that reached the DAG; one that is there already takes the new state and run. */
  readonly assetArrivals: AssetArrivalTable[];
  /** An id that is there already is left alone. */
  readonly alerts: NewAlert[];
}

/** A turn that does nothing to a DAG, to be filled. */
export function emptyEffects(dagId: string, epoch: number): DagEffects {
  return {
    dagId,
    epoch,
    backfillsInserted: [],
    backfillsUpdated: [],
    runsInserted: [],
    runsUpdated: [],
    tasksInserted: [],
    tasksUpdated: [],
    tasksMoved: [],
    tasksNamed: [],
    groupTries: [],
    attemptsInserted: [],
    attemptsUpdated: [],
    xcoms: [],
    events: [],
    intentsDecided: [],
    intentsSent: [],
    callbacksInserted: [],
    callbacksUpdated: [],
    deadlinesMissed: [],
    assetEvents: [],
    assetArrivals: [],
    alerts: [],
  };
}

export interface DagChange {
  readonly isPaused?: boolean;
  /** Null: no run is held back any more. */
  readonly skipUntil?: number | null;
  /** New high-water mark, moved by compare-and-set on the old pair. */
  readonly mark?: {
    readonly from: number | null;
    readonly to: number | null;
    readonly version: string;
    readonly nextTick: number | null;
  };
}

/** Compare-and-set on `from`; all other members are the run's new values, null included. */
export interface RunUpdate {
  readonly key: number;
  readonly from: string;
  readonly state: string;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly reason: string | null;
  readonly targetState: string | null;
  readonly version: string;
  readonly conf: string;
  readonly clearNumber: number;
  readonly note: string | null;
  /** A backfill that clears a run in place takes it over. */
  readonly backfillKey: number | null;
  readonly setByHand: number;
}

/** An instance that is about to be: nothing has named it yet. */
export type NewTaskInstance = Omit<TaskInstanceTable, 'renderedMapIndex'>;

/** Compare-and-set on `from`; all other members are the instance's new values. */
export interface TaskUpdate
  extends Omit<
    TaskInstanceTable,
    'runKey' | 'dagId' | 'taskId' | 'mapPath' | 'mapSort' | 'renderedMapIndex'
  > {
  readonly from: string;
}

/** A {@link TaskUpdate} of an instance that stood for a whole list until now. */
export interface TaskMove extends TaskUpdate {
  readonly mapPath: string;
  readonly mapSort: string;
}

/** How people call an instance. A list of its own, since few have a name, and one is given once in the life of an attempt. */
export interface TaskName {
  readonly key: number;
  readonly renderedMapIndex: string;
}

export interface NewAttempt {
  readonly attemptId: number;
  readonly taskInstanceKey: number;
  readonly runKey: number;
  readonly dagId: string;
  readonly taskId: string;
  readonly mapPath: string;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly version: string;
  readonly state: string;
  readonly grantNumber: number;
  readonly queuedAt: number;
  /** What the attempt before it left. */
  readonly savedState: string | null;
  readonly groupTries: string | null;
}

/**
 * Repeats its claim: written only `WHERE attempt_id AND grant_number`. Null leaves a column as it is, so that a report repeats nothing that
 * it does not know; but for where the attempt runs, which null says is nowhere.
 */
export interface AttemptUpdate {
  readonly attemptId: number;
  /** Grant under which the writer knows the attempt; `newGrant` replaces it. */
  readonly grantNumber: number;
  readonly newGrant: number;
  readonly state: string;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly runnerId: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly processGroups: string | null;
  readonly logSegment: string | null;
  readonly logStart: number | null;
  readonly logEnd: number | null;
  readonly earlierLogs: string | null;
  readonly error: string | null;
  readonly rendered: string | null;
  readonly savedState: string | null;
  readonly waiting: string | null;
  readonly waitsForDag: string | null;
}

/** A callback that is to be called once the turn is committed. */
export type NewCallback = Omit<CallbackTable, 'endDate' | 'logSegment' | 'logStart' | 'logEnd' | 'error'>;

/** Written only `WHERE key AND grant_number`: the end of a callback, or another grant of it. */
export interface CallbackUpdate
  extends Pick<
    CallbackTable,
    'key' | 'state' | 'grantNumber' | 'endDate' | 'logSegment' | 'logStart' | 'logEnd' | 'error'
  > {
  readonly newGrant: number;
}

export type NewAlert = Omit<AlertTable, 'endDate' | 'error'>;

export type NewEvent = Omit<EventTable, 'id'>;

export interface DecidedIntent {
  readonly id: number;
  readonly state: 'applied' | 'refused';
  readonly result: string;
  readonly decidedAt: number;
}

/** An intent before the store numbered it. A key that was seen before makes the insert a no-op. */
export interface NewIntent {
  readonly dagId: string;
  readonly kind: string;
  readonly payload: string;
  readonly actor: string;
  readonly requestedAt: number;
  readonly idempotencyKey: IdempotencyKey | null;
}

/** How a commit ended. */
export type TurnResult =
  | {
      readonly status: 'committed';
      /** DAGs whose lease another scheduler holds by now: nothing of them was written. */
      readonly lostDags: readonly string[];
      /** Use of each counter named in the turn, after it: other schedulers move them too. */
      readonly counters: ReadonlyMap<string, number>;
    }
  /** Another life of this scheduler id, or one that took it over, has moved `turn`: stop at once. */
  | { readonly status: 'fenced' }
  /** Somebody else took the slots first. Nothing was written; `counters` has the real use. */
  | { readonly status: 'counters_refused'; readonly counters: ReadonlyMap<string, number> };
