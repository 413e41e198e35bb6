/**
 * The schema, as the queries see it: one for SQLite and PostgreSQL. In SQL every name is snake_case (`dag_run.logical_date`).
 *
 * Types that are the same everywhere: instants are int8 milliseconds since 1970 UTC, documents are JSON text, flags are 0 or 1,
 * surrogate keys are int8 out of one sequence (`sequence`, handed out in blocks, so that a turn can link new rows without
 * asking the database). Who writes what: the dag processor writes `dag_file`, `import_error`, `dag_version`, `version_file` and
 * the definition columns of `dag`; the scheduler that holds a DAG's lease writes everything else that belongs to the DAG;
 * anybody inserts `intent` rows; `variable`, `pool`, `user` and friends are written by whoever changes them.
 */
export interface Tables {
  scheduler: SchedulerTable;
  sequence: { name: string; next: number };
  counter: CounterTable;
  dag: DagTable;
  dagVersion: DagVersionTable;
  versionFile: { bundle: string; path: string; content: string };
  dagFile: DagFileTable;
  importError: ImportErrorTable;
  dagRun: DagRunTable;
  taskInstance: TaskInstanceTable;
  attempt: AttemptTable;
  groupTry: GroupTryTable;
  xcom: XcomTable;
  event: EventTable;
  intent: IntentTable;
  backfill: BackfillTable;
  runner: RunnerTable;
  variable: VariableTable;
  variableHistory: VariableHistoryTable;
  pool: PoolTable;
  user: UserTable;
  session: { tokenHash: string; userId: number; createdAt: number; expiresAt: number; lastSeenAt: number };
  apiToken: ApiTokenTable;
  callback: CallbackTable;
  deadlineMiss: DeadlineMissTable;
  alert: AlertTable;
  asset: AssetTable;
  assetUse: AssetUseTable;
  assetEvent: AssetEventTable;
  assetArrival: AssetArrivalTable;
  connection: ConnectionTable;
  timetableHorizon: TimetableHorizonTable;
}

/** What is known of the runs of a DAG with a custom timetable. Writer: the dag processor; `wanted*`: who asks for a backfill. */
export interface TimetableHorizonTable {
  dagId: string;
  /** Every run with a logical date from here ... */
  knownFrom: number;
  /** ... up to and including here is known; null: there is none behind the last one. */
  knownUntil: number | null;
  /** Logical date of the run in the middle: once it has come the horizon is renewed. Null: it never needs to be. */
  renewAt: number | null;
  /** JSON list: an instant stands for a run there whose data interval begins at the run before, else its four instants. */
  runs: string;
  computedAt: number;
  /** 1: the DAG catches up, so its high-water mark is what has to stay inside. */
  catchup: number;
  /** Range of a backfill that was asked for last. */
  wantedFrom: number | null;
  wantedUntil: number | null;
  wantedAt: number | null;
  /** 1: nobody answered that yet. */
  isWanted: number;
}

/** What the current version of a DAG says about an asset. Writer: the dag processor. */
export interface AssetTable {
  name: string;
  dagId: string;
  uri: string | null;
  description: string | null;
  freshnessMs: number | null;
}

/** What the current version of a DAG has to do with an asset. Writer: the dag processor. */
export interface AssetUseTable {
  dagId: string;
  asset: string;
  /** `schedule`, `outlet`, `sensor`. */
  role: string;
  /** Empty: the DAG itself. */
  taskId: string;
}

/** Writers: the holder of the DAG whose task it was, or who posts it. Never changed. */
export interface AssetEventTable {
  eventId: number;
  asset: string;
  at: number;
  partitionKey: string | null;
  /** JSON object. */
  extra: string;
  actor: string;
  /** The task that brought it about; null: it was posted. */
  dagId: string | null;
  runKey: number | null;
  runId: string | null;
  taskId: string | null;
  mapPath: string | null;
  /** Data interval of that run. */
  intervalStart: number | null;
  intervalEnd: number | null;
  /** Of a posted one. */
  idempotencyKey: string | null;
}

/** An event that reached a DAG which is scheduled on its asset. Writer: the DAG's holder. */
export interface AssetArrivalTable {
  dagId: string;
  eventId: number;
  asset: string;
  partitionKey: string | null;
  at: number;
  intervalStart: number | null;
  intervalEnd: number | null;
  /** `pending`; `taken`: it made the run `runKey`; `dropped`: the schedule names the asset no longer. */
  state: string;
  runKey: number | null;
}

export interface SchedulerTable {
  id: string;
  host: string;
  pid: number;
  /** Grows by one with each commit: the fence of its writer, and the answer when the reply of a COMMIT is lost. */
  turn: number;
  /** Grows with each heartbeat; observers judge expiry by their own monotonic clock. */
  beat: number;
  beatAt: number;
  startedAt: number;
  /** Null while it lives; set by a clean stop, or by the scheduler that took its DAGs over. */
  stoppedAt: number | null;
  /** Path of its task API's Unix socket, for pings. */
  socketPath: string | null;
  /** How long its newest turn took, in ms: the health lamp. */
  lastTurnMs: number | null;
  /** Start of the machine and PID namespace in which `pid` means something; empty: unknown. */
  bootId: string;
  /** When its process started, in ticks of that machine: tells it from a later one of the same pid. Empty: unknown. */
  pidStart: string;
}

/** What a scheduler says of itself when it begins. */
export type NewScheduler = Pick<
  SchedulerTable,
  'id' | 'host' | 'bootId' | 'pid' | 'pidStart' | 'startedAt' | 'socketPath'
>;

/** Slots in use of a limit that spans DAGs: `parallelism`, `pool:<name>`, `key:<concurrency key>`. */
export interface CounterTable {
  name: string;
  used: number;
}

export interface DagTable {
  dagId: string;
  // Definition: the dag processor's columns.
  file: string;
  currentVersion: string | null;
  isStale: number;
  description: string | null;
  tags: string;
  owner: string | null;
  schedule: string;
  timezone: string;
  definedAt: number;
  // State: the lease holder's columns.
  holder: string | null;
  epoch: number;
  /** At creation `SerializedDag.pausedUponCreation`; afterwards the holder's. */
  isPaused: number;
  /** High-water mark: the newest slot that was created or passed over. Null before the first. */
  mark: number | null;
  /** Version for which `mark` and `nextTick` were computed. */
  markVersion: string | null;
  nextTick: number | null;
  /** No tick before it: a person told the schedule to stay silent until then. */
  skipUntil: number | null;
}

export interface DagVersionTable {
  version: string;
  dagId: string;
  /** 1, 2, 3… per DAG: for people. */
  number: number;
  /** Digest of the bundle and the files it reads; key of `version_file`. */
  bundle: string;
  /** Path of the bundle inside the version's directory. */
  entry: string;
  /** Path of the DAG's file below the dags folder: for people. */
  file: string;
  /** `SerializedDag` as canonical JSON. */
  serialized: string;
  lockfileDigest: string | null;
  createdAt: number;
}

export interface DagFileTable {
  path: string;
  /** Digest of its text when it was last parsed. */
  digest: string;
  modifiedAt: number;
  parsedAt: number;
  parseMs: number;
  /** JSON list. */
  dagIds: string;
}

export interface ImportErrorTable {
  file: string;
  /** `syntax`, `load`, `timeout`, `memory`, `exit`, `cycle`, `duplicate_dag_id`, …. */
  kind: string;
  message: string;
  line: number | null;
  column: number | null;
  codeFrame: string | null;
  stack: string | null;
  since: number;
  /** Newest attempt to load it. */
  seenAt: number;
}

export interface DagRunTable {
  key: number;
  dagId: string;
  runId: string;
  runType: string;
  /** The tick's instant, shared by scheduled and backfill runs; null for manual and event runs. Unique per DAG. */
  slot: number | null;
  logicalDate: number;
  dataIntervalStart: number;
  dataIntervalEnd: number;
  state: string;
  version: string;
  conf: string;
  queuedAt: number;
  startDate: number | null;
  endDate: number | null;
  triggeredBy: string | null;
  note: string | null;
  /** Why it failed, in words, when no task of it says so (deadlock, run timeout). */
  reason: string | null;
  /** State that the run takes once all of it has ended, whatever its leaves say: marked by hand, or timed out. */
  targetState: string | null;
  backfillKey: number | null;
  /** Order in which queued runs start: slot for scheduled, ordinal for backfills. */
  ordinal: number;
  /** How often something of it was cleared. */
  clearNumber: number;
  /** Which part of its assets an asset-triggered run is about. */
  partitionKey: string | null;
  /** 1: a person decided how it ends, so nobody is told of its end. */
  setByHand: number;
  /** JSON list of the tasks that it is about; null: all of its version. */
  taskIds: string | null;
}

export interface TaskInstanceTable {
  key: number;
  runKey: number;
  dagId: string;
  taskId: string;
  /** '' or `3` or `3.0`: nested mapping and loop iterations are components of one path. */
  mapPath: string;
  /** The path with each component padded to ten digits, so that SQL sorts it. */
  mapSort: string;
  state: string;
  /** Number of the current (or newest) try; 0 before the first. Never reset. */
  tryNumber: number;
  infraNumber: number;
  /** Airflow's word: a failed try is retried while `tryNumber <= maxTries`. `retries` at first; a clear sets tryNumber + retries. */
  maxTries: number;
  /** How often a person had it run again: part of the identity of what it makes elsewhere. Never reset. */
  clearNumber: number;
  attemptId: number | null;
  /** Newest grant of that attempt: the fence. */
  grantNumber: number;
  scheduledAt: number | null;
  queuedAt: number | null;
  /** Start of the first attempt since it was cleared: a sensor's time-out counts from it. */
  begunAt: number | null;
  startDate: number | null;
  endDate: number | null;
  /** When an instance that waits (retry, reschedule, deferral) is due. */
  nextAt: number | null;
  /** State that follows `restarting` once the process tree is gone. */
  targetState: string | null;
  /** Why it is in this state, in words, when the state alone does not say. */
  reason: string | null;
  /** What is noted about it besides its state, with `;` between: see `rules/work/decision.ts`. */
  decision: string | null;
  priorityWeight: number;
  /** While it holds a slot: what it occupies. Otherwise what it would take. */
  pool: string;
  poolSlots: number;
  concurrencyKey: string | null;
  /** How people call its map index, as its newest attempt rendered it; null: by its number. */
  renderedMapIndex: string | null;
}

export interface AttemptTable {
  attemptId: number;
  taskInstanceKey: number;
  runKey: number;
  dagId: string;
  taskId: string;
  mapPath: string;
  tryNumber: number;
  infraNumber: number;
  version: string;
  /** `queued`, `running`, `deferred`, `up_for_reschedule`, `on_kill`, then an outcome: `success`, `failed`, `skipped`, `lost`, `killed`. */
  state: string;
  grantNumber: number;
  queuedAt: number;
  startDate: number | null;
  endDate: number | null;
  runnerId: string | null;
  host: string | null;
  pid: number | null;
  /** JSON list of the process groups that operators reported: what a kill goes to besides the runner's own. */
  processGroups: string | null;
  /** Place of its log lines: segment below the log folder, first byte, byte after the last. */
  logSegment: string | null;
  logStart: number | null;
  logEnd: number | null;
  /** JSON list of the places of its earlier calls' lines, `LogPiece` each; null: it was called once so far. */
  earlierLogs: string | null;
  /** `SerializedError` JSON of a failure. */
  error: string | null;
  /** Rendered template fields, JSON, secrets masked. */
  rendered: string | null;
  /** What the task saved last, JSON; `null` as JSON: it is of no use to the next attempt. */
  savedState: string | null;
  /** JSON of `Waiting`: how often it was called, what it waits for and what came of that. */
  waiting: string | null;
  /** DAG whose run or task it waits for while it is deferred. */
  waitsForDag: string | null;
  /** JSON: which try of the groups around it that began more than once, by their ids; null: the first of each. */
  groupTries: string | null;
}

/** A group that began more than once in a run, or is about to. Writer: the DAG's holder. */
export interface GroupTryTable {
  runKey: number;
  groupId: string;
  /** Of a mapped group: which index. */
  mapPath: string;
  dagId: string;
  /** How often it began, this time included. */
  tryNumber: number;
  /** It begins again while `tryNumber <= maxTries`. */
  maxTries: number;
  /** The task instance whose failure makes it begin again, at its `nextAt`. */
  failedKey: number | null;
}

export interface XcomTable {
  attemptId: number;
  key: string;
  value: string;
}

/** Append-only: audit log, source of live updates and of the Gantt. `id` grows in the order of commit on SQLite. */
export interface EventTable {
  id: number;
  at: number;
  dagId: string | null;
  runKey: number | null;
  taskInstanceKey: number | null;
  attemptId: number | null;
  /** `task_state`, `run_state`, `run_created`, `dag_paused`, `infra_lost`, `intent_applied`, …: see `events/event.ts`. */
  type: string;
  fromState: string | null;
  toState: string | null;
  /** A user's name, `scheduler`, or `cli:<os user>`. */
  actor: string;
  /** JSON object. */
  data: string | null;
}

export interface IntentTable {
  id: number;
  dagId: string;
  kind: string;
  /** JSON: the shape of its kind in `core/intents`. */
  payload: string;
  actor: string;
  requestedAt: number;
  idempotencyKey: string | null;
  /** `pending`, `applied`, `refused`. */
  state: string;
  /** JSON: what it did, or `{ "error": SerializedError }`. */
  result: string | null;
  decidedAt: number | null;
}

export interface BackfillTable {
  key: number;
  dagId: string;
  /** First and last logical date, inclusive. */
  fromDate: number;
  toDate: number;
  /** JSON: reprocess, reverse, maxActiveRuns, conf, tasks. Canonical, so that the same request is found again. */
  options: string;
  /** `running`, `paused`, `success`, `failed`, `cancelled`. */
  state: string;
  actor: string;
  createdAt: number;
  endDate: number | null;
  /** Slot of the newest run that was looked at; expansion goes on behind it. */
  cursor: number | null;
  total: number;
  created: number;
  /** Of another origin and finished: left alone. */
  existing: number;
  inFlight: number;
  cleared: number;
  succeeded: number;
  failed: number;
}

/** A runner process that this installation started: what a restarted scheduler looks for. */
export interface RunnerTable {
  runnerId: string;
  schedulerId: string;
  host: string;
  bootId: string;
  pid: number;
  /** Start time of the pid in clock ticks since boot (`/proc/<pid>/stat` field 22): a pid alone may be reused. */
  pidStart: string;
  startedAt: number;
  endedAt: number | null;
}

export interface VariableTable {
  key: string;
  /** JSON. */
  value: string;
  description: string | null;
  isSecret: number;
  updatedAt: number;
  updatedBy: string;
}

export interface VariableHistoryTable {
  id: number;
  key: string;
  at: number;
  actor: string;
  fromValue: string | null;
  toValue: string | null;
}

export interface PoolTable {
  name: string;
  /** -1: unlimited. */
  slots: number;
  description: string | null;
  /** Whether tasks that wait for a trigger keep their slots. */
  includeDeferred: number;
  /** What the slots follow, JSON of a `LiveNumber`; null: they are `slots`, which else is what holds without it. */
  live: string | null;
}

export interface UserTable {
  id: number;
  name: string;
  /** scrypt, `scrypt$N$r$p$salt$hash`. */
  passwordHash: string;
  role: string;
  createdAt: number;
  disabledAt: number | null;
}

export interface ApiTokenTable {
  id: number;
  userId: number;
  name: string;
  /** First characters of the token, to recognise it by. */
  prefix: string;
  tokenHash: string;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

/** The outbox of callbacks: a row is committed with the state it tells of, and its functions are called afterwards in a runner. */
export interface CallbackTable {
  /** Of the same sequence as attempts: a runner is granted it like one. The id by which a receiver drops a repeat. */
  key: number;
  dagId: string;
  runKey: number;
  /** Null: of the run. */
  taskInstanceKey: number | null;
  /** The attempt that ended. */
  attemptId: number | null;
  /** `onSuccess`, `onFailure`, `onRetry`, `onSkipped`, `onMiss`. */
  event: string;
  /** Name of the deadline that was missed. */
  deadline: string | null;
  /** JSON: `CallbackFacts`. */
  facts: string;
  /** Version whose functions are called. */
  version: string;
  /** `pending`, then `success`, or `failed`: it threw, ran out of time, or lost its runner too often. */
  state: string;
  /** How often it was handed to a runner. */
  grantNumber: number;
  createdAt: number;
  endDate: number | null;
  logSegment: string | null;
  logStart: number | null;
  logEnd: number | null;
  /** `SerializedError` JSON. */
  error: string | null;
}

/** A deadline that passed while what it is about was not done. Once for each run and name. */
export interface DeadlineMissTable {
  runKey: number;
  name: string;
  dagId: string;
  /** Null: the run. */
  taskId: string | null;
  dueAt: number;
  missedAt: number;
}

/** The outbox of the installation's own alerts. */
export interface AlertTable {
  /** What happened, as text that is the same whoever notices it: inserted once. */
  id: string;
  /** `task_failure`, `run_failure`, …: see `notifiers/alert.ts`. */
  kind: string;
  /** JSON. */
  facts: string;
  /** `pending`, `sent`, `failed`. */
  state: string;
  tries: number;
  /** When it may be tried (again); moved ahead by whoever tries it. */
  nextAt: number;
  createdAt: number;
  endDate: number | null;
  error: string | null;
}

export interface ConnectionTable {
  connectionId: string;
  type: string;
  host: string | null;
  port: number | null;
  login: string | null;
  schema: string | null;
  description: string | null;
  /** `{ password, extra }`, sealed: `v1.<key id>.<iv>.<tag>.<text>`. */
  secret: string;
  updatedAt: number;
  updatedBy: string;
}
