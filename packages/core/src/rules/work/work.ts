import type { Waiting } from '../../dag/wait.ts';
import type { SerializedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { LiveNumber } from '../../serialization/index.ts';
import type { RunState, RunType, TaskState } from '../../state/index.ts';
import type { ClosedGroup } from '../graph/closed-group.ts';
import type { DagGraph, GraphTask } from '../graph/dag-graph.ts';
import type { UpstreamEnds } from '../graph/trigger-rule.ts';
import type { AssetArrivals } from '../schedule/asset-arrivals.ts';
import type { PastWaits } from './past.ts';

/**
 * The working state of a DAG's active runs, as the scheduler that holds its lease keeps it in memory. The database is always
 * enough to rebuild it: a turn changes this copy, writes the changes in one commit, and throws the copy away when the commit
 * does not go through.
 */
export interface DagWorkState {
  readonly dagId: string;
  readonly epoch: number;
  isPaused: boolean;
  isStale: boolean;
  /** Graph of the newest version: what new runs and clears by a person take. */
  graph: DagGraph;
  /** Events of assets that it is scheduled on, since the last run that such events made. */
  readonly assetArrivals: AssetArrivals;
  mark: number | null;
  markVersion: string | null;
  nextTick: number | null;
  /** No tick before it; null: none. */
  skipUntil: number | null;
  /** Runs with instances in memory, by key. */
  readonly runs: Map<number, RunWork>;
  /** Queued runs in the database, of no backfill (null) or of one: they cost no memory. */
  readonly queuedRuns: Map<number | null, number>;
  readonly backfills: Map<number, BackfillWork>;
  /** Running runs by the same keys. */
  readonly activeRuns: Map<number | null, number>;
  /** Instances that hold a slot (queued, running, restarting). */
  activeTasks: number;
  /** The same per task id, for tasks with a limit of their own. */
  readonly activeByTask: Map<string, number>;
  /** Most instances that one expansion may make. */
  readonly maxMapLength: number;
}

export interface RunWork {
  readonly key: number;
  readonly dag: DagWorkState;
  readonly runId: string;
  readonly runType: RunType;
  readonly slot: number | null;
  readonly logicalDate: number;
  readonly dataIntervalStart: number;
  readonly dataIntervalEnd: number;
  /** Which part of its assets it is about. */
  readonly partition: string | null;
  backfillKey: number | null;
  readonly queuedAt: number;
  readonly triggeredBy: string;
  state: RunState;
  graph: DagGraph;
  conf: JsonObject;
  startDate: number | null;
  endDate: number | null;
  reason: string | null;
  targetState: 'success' | 'failed' | null;
  clearNumber: number;
  /** A person decided how it ends: nobody is told of its end. */
  setByHand: boolean;
  /** Names of its deadlines that passed. */
  readonly deadlinesMissed: Set<string>;
  note: string | null;
  /** The tasks that it is about; null: all of its version. */
  readonly taskIds: readonly string[] | null;
  /** By task index of the graph; empty while the run is queued. */
  readonly tasks: TaskWork[];
  /** Its closed groups, by their id and map path. */
  readonly groups: Map<string, GroupWork>;
  /** Those of them that are about to begin again. */
  readonly restarting: Set<GroupWork>;
  /** Those of these that something happened to which may let them take their next step. */
  readonly continuing: Set<GroupWork>;
  /** Those in which nothing is unfinished any more, until what is outside of them was told. */
  readonly ending: Set<GroupWork>;
  /** Instances that have not ended. */
  readonly unfinished: { count: number };
  /** Being ended, since its version does not have their task any more: it is over when they are. */
  readonly leaving: Set<InstanceWork>;
  /** Instances that something will still happen to by itself: scheduled, queued, running, waiting for a time. */
  readonly live: { count: number };
  /** Instances that wait for the previous run. */
  readonly waitingOnPast: PastWaits;
  /** States of the previous run's tasks, when a task of this one depends on its past; null: there is no previous run. */
  past: PastRun | null;
  /** Runs whose `past` this one is. */
  readonly followers: Set<RunWork>;
  /** Instances that hold a slot, by the name of the run limit that they count against. */
  readonly activeByLimit: Map<string, number>;
}

/** The previous run as depends-on-past sees it. */
export interface PastRun {
  readonly runKey: number;
  readonly runId: string;
  /** By task id, the instances that hold the next run up, by map path, and their states. */
  readonly blocking: Map<string, Map<string, TaskState>>;
}

/** The instances of one task in one run: one, unless it is mapped. */
export interface TaskWork {
  readonly task: GraphTask;
  /** All of them are counted here. */
  readonly root: MapScope;
  /** Counts of those of one map path prefix, by that prefix, for tasks that have upstream or consumers in the same mapped group. */
  readonly scopes: Map<string, MapScope> | null;
}

/**
 * Instances of a task that wait for the very same upstream instances: counted once for all of them, so that the end of one upstream
 * instance costs one step however many wait.
 */
export interface MapScope {
  /** In the order of their paths. */
  instances: InstanceWork[];
  /** Those that have not ended. */
  unfinished: number;
  /** How the direct upstream ended so far. */
  readonly ends: EndCounts;
  /** How the setups ended whose scope they are in. */
  readonly setupEnds: EndCounts;
}

/** A closed group in one run: one for each of its map indexes, when it is mapped. */
export interface GroupWork {
  readonly group: ClosedGroup;
  readonly run: RunWork;
  readonly mapPath: string;
  /** Its instances that have not ended. */
  unfinished: number;
  /** Its instances that something will still happen to by itself. */
  live: number;
  /** All have ended, and those outside were told. */
  isOver: boolean;
  /** How often it began, this time included. Never reset. */
  tryNumber: number;
  /** It begins again while `tryNumber <= maxTries`; a clear by a person adds to it. */
  maxTries: number;
  /** The instance whose failure makes it begin again, at its `nextAt`; null: it does not. */
  failed: InstanceWork | null;
}

export interface EndCounts extends UpstreamEnds {
  /** Instances above, ended or not. */
  expected: number;
}

export interface InstanceWork {
  /** 0 until the commit that inserts it. */
  key: number;
  readonly run: RunWork;
  task: GraphTask;
  /** Shorter than its task is deep while a list is not known yet. */
  mapPath: string;
  /** {@link mapPath} as text that sorts. */
  mapSort: string;
  state: TaskState;
  /** States passed since the last commit, the one in the database first; null: unchanged. */
  path: TaskState[] | null;
  tryNumber: number;
  infraNumber: number;
  maxTries: number;
  /** How often a person had it run again: what it makes elsewhere is named after that. Never reset. */
  clearNumber: number;
  attempt: AttemptWork | null;
  /** Attempt of the newest try, also after it ended: whose XComs are read. */
  attemptId: number | null;
  grantNumber: number;
  scheduledAt: number | null;
  queuedAt: number | null;
  /** Start of the first attempt since it was cleared. */
  begunAt: number | null;
  startDate: number | null;
  endDate: number | null;
  nextAt: number | null;
  targetState: TaskState | null;
  reason: string | null;
  decision: string | null;
  /** How people call its map index; null: by its number. */
  renderedMapIndex: string | null;
  /** What the last attempt left for the next one: it was lost, or failed. */
  savedState: JsonObject | null;
  /** Effective weight that a person gave it; null: its task's. */
  priorityWeight: number | null;
  /** Null: it holds no slot. */
  occupied: Occupied | null;
  /** What it keeps of its pool while it holds a slot or is deferred; null: it does neither. */
  inPool: PoolUse | null;
  /** Where it is counted, widest first. */
  scopes: readonly MapScope[];
  /** For each of its task's closed groups, the one that it stands in. */
  groups: readonly GroupWork[];
  /** Its XComs while consumers need them, when small; null: read them from the database. */
  outputs: JsonObject | null;
  /** What something is mapped over: the length of each of its outputs, -1 for a value that is no list; absent: null. */
  listLengths: ReadonlyMap<string, number> | null;
}

/** Slots of a pool. */
export interface PoolUse {
  readonly pool: string;
  readonly poolSlots: number;
}

/** What an instance occupies while it holds a slot: given back as it was taken, whatever a new version says meanwhile. */
export interface Occupied extends PoolUse {
  readonly taskId: string;
  readonly concurrencyKey: string | null;
  readonly runLimits: readonly string[];
}

/** An attempt that has not ended. */
export interface AttemptWork {
  readonly attemptId: number;
  grantNumber: number;
  /** Grant under which the database knows it. */
  storedGrant: number;
  state: 'queued' | 'running' | 'deferred' | 'up_for_reschedule' | 'on_kill';
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly version: string;
  readonly queuedAt: number;
  startDate: number | null;
  runnerId: string | null;
  host: string | null;
  pid: number | null;
  readonly processGroups: number[];
  /** Where its lines are since it was called last; null: it has not begun since. */
  log: { segment: string; start: number } | null;
  /** Where those of its earlier calls are. */
  readonly earlierLogs: { segment: string; start: number; end: number | null }[];
  savedState: JsonObject | null;
  /** How it waits, or waited last; null: it never did. */
  waiting: Waiting | null;
  /** With what its try ends once its `onKill` is done: it ran out of its time, or its wait was given up. */
  pendingError: SerializedError | null;
  /** Runners that its `onKill` was lost with, in this scheduler's life. */
  onKillLosses: number;
}

export interface BackfillWork {
  readonly key: number;
  readonly fromDate: number;
  readonly toDate: number;
  readonly options: BackfillOptions;
  readonly actor: string;
  readonly createdAt: number;
  state: 'running' | 'paused' | 'success' | 'failed' | 'cancelled';
  endDate: number | null;
  cursor: number | null;
  total: number;
  created: number;
  existing: number;
  inFlight: number;
  cleared: number;
  succeeded: number;
  failed: number;
}

export interface BackfillOptions {
  readonly reprocess: 'none' | 'failed' | 'completed';
  readonly reverse: boolean;
  readonly maxActiveRuns: LiveNumber;
  readonly conf: JsonObject;
  /** Somebody gave params: runs that it clears take them too, in place of their own. */
  readonly replacesConf?: boolean;
  /** As they were asked for; absent: all tasks. */
  readonly taskIds?: readonly string[];
  readonly upstream?: boolean;
  readonly downstream?: boolean;
}
