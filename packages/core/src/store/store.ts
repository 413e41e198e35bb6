import type { Kysely } from 'kysely';
import type { WrittenLimit } from '../config/index.ts';
import type { JsonObject } from '../json.ts';
import type { IdempotencyKey } from '../rules/index.ts';
import type { HorizonNeed, SerializedDag } from '../serialization/index.ts';
import type { PackedHorizon, TickHorizon } from '../timetables/index.ts';
import type { AssetEventConsumer } from './post-asset-event.ts';
import type {
  AssetArrivalTable,
  AssetEventTable,
  AttemptTable,
  BackfillTable,
  CallbackTable,
  DagFileTable,
  DagRunTable,
  DagTable,
  DagVersionTable,
  EventTable,
  GroupTryTable,
  ImportErrorTable,
  IntentTable,
  NewScheduler,
  RunnerTable,
  SchedulerTable,
  Tables,
  TaskInstanceTable,
  VariableTable,
} from './tables.ts';
import type { NewIntent, Turn, TurnResult } from './turn.ts';

/**
 * The metadata database. Opened by `openStore(url)`: `sqlite:<path>`, `sqlite::memory:` or `postgres://…`. Everything is a promise,
 * also on SQLite, so that one code runs on both.
 *
 * Writers are split by owner (see `tables.ts`); reads for people live in `queries`.
 */
export interface Store extends AsyncDisposable {
  readonly dialect: 'sqlite' | 'postgres';
  /** Whether several schedulers may work on it: then they watch each other's beat, divide the DAGs and share the slots. */
  readonly allowsSeveralSchedulers: boolean;
  /** For queries. Writes go through the named ports below. */
  readonly db: Kysely<Tables>;
  readonly leases: LeasePort;
  readonly turns: TurnPort;
  readonly catalog: CatalogPort;
  readonly intents: IntentPort;
  readonly variables: VariablePort;
  readonly pools: PoolPort;
  readonly runners: RunnerPort;
  readonly assets: AssetPort;
  readonly horizons: HorizonPort;
  readonly events: EventTail;
  /** Reserves `count` surrogate keys and returns the first. */
  reserveKeys(count: number): Promise<number>;
  /** Brings the schema up to this release. Safe to call from several processes at once; resumable after a kill. */
  migrate(): Promise<{ applied: readonly string[] }>;
  /** Throws in words when the schema is older or newer than this release. */
  assertMigrated(): Promise<void>;
  /**
   * Calls `onNotify` when another process said that something changed (LISTEN on PostgreSQL; nothing on SQLite, where the
   * scheduler's socket is pinged instead). Returns the way to stop.
   */
  listen(channel: Channel, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  notify(channel: Channel, payload: string): Promise<void>;
  close(): Promise<void>;
}

/** `intent`: something for a holder; `event`: something for watchers; `wake`: a Variable, a pool or a version changed. */
export type Channel = 'tsflow_intent' | 'tsflow_event' | 'tsflow_wake';

/** Who schedules, and which DAGs are whose. */
export interface LeasePort {
  /** Inserts the scheduler's row with turn 0 and beat 0. */
  register(scheduler: NewScheduler): Promise<void>;
  /** `beat = beat + 1`; false when the row is gone or marked stopped: stop at once. */
  beat(schedulerId: string, now: number): Promise<boolean>;
  /** Every scheduler that is not marked stopped. */
  living(): Promise<readonly SchedulerTable[]>;
  /** Marks a scheduler stopped and frees its DAGs, provided its beat is still `beat`. */
  retire(schedulerId: string, beat: number, now: number): Promise<boolean>;
  /**
   * Takes up to `limit` DAGs that nobody holds: `holder = me, epoch = epoch + 1`. Returns those taken (stale ones included: their
   * runs go on). `only`: none but these, for a scheduler that one command brought along.
   */
  acquire(schedulerId: string, limit: number, only?: readonly string[]): Promise<readonly DagTable[]>;
  /** Gives DAGs back, so that another scheduler takes them. */
  release(schedulerId: string, dagIds: readonly string[]): Promise<void>;
}

/** The holder's side: load the working state of a DAG, write turns. */
export interface TurnPort {
  commit(turn: Turn): Promise<TurnResult>;
  /** What a holder needs of one DAG to go on: only what is active, never history. Null: no such DAG. */
  load(dagId: string): Promise<DagWork | null>;
  /** The oldest `limit` queued runs of a DAG by ordinal; of one backfill, or (null) of none. */
  queuedRuns(dagId: string, backfillKey: number | null, limit: number): Promise<readonly DagRunTable[]>;
  /** Deadlines that somebody was told of already. */
  deadlinesMissed(
    runKeys: readonly number[],
  ): Promise<readonly { readonly runKey: number; readonly name: string }[]>;
  /** Task instances of a run, in topological order of insertion: for starting, clearing and marking. */
  taskInstances(runKeys: readonly number[]): Promise<readonly TaskInstanceTable[]>;
  run(dagId: string, runId: string): Promise<DagRunTable | null>;
  runsByKey(keys: readonly number[]): Promise<readonly DagRunTable[]>;
  /** Runs of the given slots: which ticks of a backfill exist already. */
  runsBySlot(dagId: string, slots: readonly number[]): Promise<readonly DagRunTable[]>;
  /** The scheduled or backfill run with the greatest slot below `slot`: depends-on-past. */
  previousRun(dagId: string, slot: number): Promise<DagRunTable | null>;
  /** The newest attempt of each instance of a run that may go on from what that attempt left. */
  newestAttempts(runKey: number): Promise<readonly AttemptTable[]>;
  attempt(attemptId: number): Promise<AttemptTable | null>;
  /**
   * Keeps what a running attempt saved, at once and outside of any turn. False, and nothing is written: the DAG is held under another epoch
   * by now, or the grant is not the attempt's newest.
   */
  saveState(saved: SavedState): Promise<boolean>;
  /** Attempts that are deferred until something of this DAG ends. */
  waitsForDag(dagId: string): Promise<readonly AttemptTable[]>;
  /** The newest run of a DAG with a logical date in this range, both ends included. */
  newestRunBetween(dagId: string, from: number, to: number): Promise<DagRunTable | null>;
  /** The newest successful run of a DAG with a logical date before this one. */
  newestSuccessBefore(dagId: string, logicalDate: number): Promise<DagRunTable | null>;
  /** Groups of runs that began more than once, or are about to. */
  groupTries(runKeys: readonly number[]): Promise<readonly GroupTryTable[]>;
  /** Values that task instances pushed in their newest attempt, by task instance key. */
  xcoms(taskInstanceKeys: readonly number[], key: string): Promise<ReadonlyMap<number, string>>;
  counters(): Promise<ReadonlyMap<string, number>>;
  /** Recounts `counter` out of the task instances and repairs it; returns what was wrong. */
  auditCounters(): Promise<readonly { name: string; recorded: number; actual: number }[]>;
}

/** What a running attempt saves, and who writes it. */
export interface SavedState {
  readonly dagId: string;
  /** Epoch under which the writer holds the DAG. */
  readonly epoch: number;
  readonly attemptId: number;
  readonly grantNumber: number;
  /** Null: what was saved before is forgotten. */
  readonly savedState: JsonObject | null;
}

export interface DagWork {
  readonly dag: DagTable;
  readonly activeRuns: readonly DagRunTable[];
  /** Of the running runs. */
  readonly taskInstances: readonly TaskInstanceTable[];
  /** Not yet ended. */
  readonly attempts: readonly AttemptTable[];
  /** Of the running runs: groups that began more than once. */
  readonly groupTries: readonly GroupTryTable[];
  readonly backfills: readonly BackfillTable[];
  /** Events of assets that have made no run yet. */
  readonly assetArrivals: readonly AssetArrivalTable[];
  /** Not yet delivered. */
  readonly callbacks: readonly CallbackTable[];
  /** Of the running runs. */
  readonly deadlinesMissed: readonly { readonly runKey: number; readonly name: string }[];
  /** Queued runs by origin: of no backfill under null. */
  readonly queuedRunCounts: ReadonlyMap<number | null, number>;
}

/** The dag processor's side, and who reads versions. */
export interface CatalogPort {
  /** One transaction for everything that one pass over files found. */
  record(pass: ParsePass): Promise<void>;
  files(): Promise<readonly DagFileTable[]>;
  importErrors(): Promise<readonly ImportErrorTable[]>;
  version(version: string): Promise<DagVersionTable | null>;
  serialized(version: string): Promise<SerializedDag | null>;
  versionFiles(bundle: string): Promise<readonly { path: string; content: string }[]>;
}

/** What a pass of the dag processor found out. */
export interface ParsePass {
  readonly at: number;
  readonly parsed: readonly ParsedFile[];
  readonly failed: readonly Omit<ImportErrorTable, 'since' | 'seenAt'>[];
  /** Files that are gone: their DAGs become stale, their history stays. */
  readonly removed: readonly string[];
}

export interface ParsedFile {
  readonly file: Omit<DagFileTable, 'dagIds' | 'parsedAt'>;
  readonly dags: readonly ParsedDag[];
}

export interface ParsedDag {
  readonly version: string;
  readonly bundle: string;
  readonly entry: string;
  readonly lockfileDigest: string | null;
  readonly files: readonly { path: string; content: string }[];
  readonly serialized: SerializedDag;
  /** Of a custom timetable: what its code said of its runs, and for which need. Absent: the schedule is none of its author's. */
  readonly horizon?: { readonly known: PackedHorizon; readonly need: HorizonNeed };
}

/** What is known of the runs of custom timetables. */
export interface HorizonPort {
  /** Of each of these DAGs that has one. */
  of(dagIds: readonly string[]): Promise<ReadonlyMap<string, KnownHorizon>>;
  /** Asks the dag processor for the runs of a range, both ends included. No-op for a DAG without a custom timetable. */
  want(dagId: string, range: { readonly from: number; readonly until: number }, at: number): Promise<void>;
  /** What the code of each custom timetable has to be asked for, and whether it is time to. */
  survey(now: number): Promise<readonly HorizonSurvey[]>;
}

export interface KnownHorizon {
  readonly horizon: TickHorizon;
  readonly computedAt: number;
  /** A range was asked for that nobody worked out yet. */
  readonly isWanted: boolean;
}

export interface HorizonSurvey {
  readonly dagId: string;
  /** The DAG's file, below the dags folder. */
  readonly file: string;
  readonly need: HorizonNeed;
  readonly isDue: boolean;
}

/** Everybody's side: ask for something, hear what became of it. */
export interface IntentPort {
  /** Returns the intent's id; with an idempotency key that was seen before, the first one's. */
  submit(intent: NewIntent): Promise<number>;
  /** Pending intents of the given DAGs (null: of all), oldest first. */
  pending(dagIds: readonly string[] | null, limit: number): Promise<readonly IntentTable[]>;
  get(id: number): Promise<IntentTable | null>;
}

export interface VariablePort {
  get(key: string): Promise<VariableTable | null>;
  list(): Promise<readonly VariableTable[]>;
  /** Writes value and history row in one transaction and wakes the schedulers. `value` is JSON text. */
  set(change: {
    key: string;
    value: string;
    description?: string | null;
    isSecret?: boolean;
    actor: string;
    at: number;
  }): Promise<void>;
  /** False when there was none. */
  delete(key: string, actor: string, at: number): Promise<boolean>;
  history(
    key: string,
  ): Promise<readonly { at: number; actor: string; fromValue: string | null; toValue: string | null }[]>;
  /** Grows with every change: cheap to poll. */
  revision(): Promise<number>;
}

/** Pools: slots that tasks of all DAGs share, such as the connections that a warehouse takes. */
export interface PoolPort {
  /** Every pool with its use, by name; `default_pool` also when nobody ever set it. */
  list(now: number): Promise<readonly PoolUse[]>;
  /** Makes or changes a pool and wakes the schedulers. Members that are absent stay. Throws `InvalidInputError`. */
  set(pool: {
    name: string;
    /** -1: unlimited. A Variable or a daily plan is followed within a second. */
    slots: WrittenLimit;
    description?: string | null;
    includeDeferred?: boolean;
    actor: string;
    at: number;
  }): Promise<void>;
  /** False when there was none. Throws `ConflictError` for `default_pool`. */
  delete(name: string, actor: string, at: number): Promise<boolean>;
}

export interface PoolUse {
  readonly name: string;
  /** At this moment; -1: unlimited. */
  readonly slots: number;
  /** What that is, or follows. */
  readonly limit: WrittenLimit;
  /** When a daily plan gives it another number of slots (ms since 1970), and which; null: only when somebody changes something. */
  readonly next: { readonly at: number; readonly slots: number } | null;
  /** Why the value of the Variable that it follows is not taken; null: it is. */
  readonly problem: string | null;
  readonly description: string | null;
  readonly includeDeferred: boolean;
  /** Slots that tasks occupy. */
  readonly used: number;
  /** Slots that scheduled tasks wait for, in this pool or at another limit. */
  readonly waiting: number;
}

export interface AssetPort {
  /**
   * Writes an event that no task brought about and tells the DAGs that wait for it, in one transaction. A key that was seen before writes
   * nothing: the first event's id comes back. Throws `NotFoundError` when no DAG names the asset, `ConflictError` when the key was used for
   * another asset.
   */
  post(event: PostedAssetEvent): Promise<{ eventId: number; repeated: boolean }>;
  /** Who has to be told of events of these assets: DAGs that are scheduled on them, or have tasks that wait for them. */
  listeners(assets: readonly string[]): Promise<readonly { asset: string; dagId: string }[]>;
  /** What became of an event in each DAG that is scheduled on its asset, so far. */
  reception(eventId: number, asset: string): Promise<readonly AssetEventConsumer[]>;
  /** The oldest event of an asset, about a part of it (null: any) and from an instant on (null: ever). */
  firstEvent(wanted: {
    readonly asset: string;
    readonly partition: string | null;
    readonly since: number | null;
  }): Promise<AssetEventTable | null>;
  /** The events that made a run, oldest first. */
  eventsOfRun(runKey: number): Promise<readonly AssetEventTable[]>;
}

export interface PostedAssetEvent {
  readonly asset: string;
  readonly extra: JsonObject;
  readonly partition: string | null;
  readonly actor: string;
  readonly at: number;
  readonly idempotencyKey: IdempotencyKey | null;
}

export interface RunnerPort {
  started(runner: RunnerTable): Promise<void>;
  ended(runnerId: string, at: number): Promise<void>;
  /** Runners of this host that nobody saw end. */
  open(host: string): Promise<readonly RunnerTable[]>;
}

/** The live tail of the events: every committed event once, none skipped, whatever the order in which transactions commit. */
export interface EventTail {
  /**
   * Up to `limit` events behind `cursor` (null: from the first one kept) and the cursor behind them. `lagging`: a long transaction
   * elsewhere holds newer events back for more than two seconds, so show what the tables say instead of waiting.
   */
  tail(
    cursor: string | null,
    limit: number,
  ): Promise<{ events: readonly EventTable[]; cursor: string; lagging: boolean }>;
  /** The cursor behind everything that is committed by now: where a watcher starts. */
  latest(): Promise<string>;
}
