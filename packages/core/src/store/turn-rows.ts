import { ContentRefusedError } from './store-errors.ts';
import type {
  AssetArrivalTable,
  AssetEventTable,
  BackfillTable,
  DagRunTable,
  DeadlineMissTable,
  EventTable,
  GroupTryTable,
  IntentTable,
  XcomTable,
} from './tables.ts';
import type {
  AttemptUpdate,
  CallbackUpdate,
  DecidedIntent,
  NewAlert,
  NewAttempt,
  NewCallback,
  NewEvent,
  NewIntent,
  NewTaskInstance,
  RunUpdate,
  TaskMove,
  TaskName,
  TaskUpdate,
} from './turn.ts';

/**
 * How one list of a turn is laid out as rows of SQL: the same for both databases, which bind it one row or one column at a time.
 * `T` is the row as the turn has it; a name in camelCase is a column in snake_case.
 */
export interface RowLayout<T> {
  readonly table: string;
  readonly columns: readonly Column<T>[];
}

export interface Column<T> {
  readonly name: Extract<keyof T, string>;
  readonly sqlName: string;
  readonly type: 'int8' | 'text';
}

/** A value as both databases take it. */
export type SqlValue = string | number | null;

type ColumnNames<T> = { readonly [K in Extract<keyof T, string>]: Column<T>['type'] };

export const BACKFILLS: RowLayout<BackfillTable> = layout('backfill', {
  key: 'int8',
  dagId: 'text',
  fromDate: 'int8',
  toDate: 'int8',
  options: 'text',
  state: 'text',
  actor: 'text',
  createdAt: 'int8',
  endDate: 'int8',
  cursor: 'int8',
  total: 'int8',
  created: 'int8',
  existing: 'int8',
  inFlight: 'int8',
  cleared: 'int8',
  succeeded: 'int8',
  failed: 'int8',
});

/** Ends with what finds the row. */
export const BACKFILL_UPDATES: RowLayout<BackfillTable> = {
  table: BACKFILLS.table,
  columns: [...BACKFILLS.columns.slice(1), BACKFILLS.columns[0]!],
};

export const RUNS: RowLayout<DagRunTable> = layout('dag_run', {
  key: 'int8',
  dagId: 'text',
  runId: 'text',
  runType: 'text',
  slot: 'int8',
  logicalDate: 'int8',
  dataIntervalStart: 'int8',
  dataIntervalEnd: 'int8',
  state: 'text',
  version: 'text',
  conf: 'text',
  queuedAt: 'int8',
  startDate: 'int8',
  endDate: 'int8',
  triggeredBy: 'text',
  note: 'text',
  reason: 'text',
  targetState: 'text',
  backfillKey: 'int8',
  ordinal: 'int8',
  clearNumber: 'int8',
  partitionKey: 'text',
  setByHand: 'int8',
  taskIds: 'text',
});

/** Ends with what finds the row. */
export const RUN_UPDATES: RowLayout<RunUpdate> = layout('dag_run', {
  state: 'text',
  startDate: 'int8',
  endDate: 'int8',
  reason: 'text',
  targetState: 'text',
  version: 'text',
  conf: 'text',
  clearNumber: 'int8',
  note: 'text',
  backfillKey: 'int8',
  setByHand: 'int8',
  key: 'int8',
  from: 'text',
});

export const TASKS: RowLayout<NewTaskInstance> = layout('task_instance', {
  key: 'int8',
  runKey: 'int8',
  dagId: 'text',
  taskId: 'text',
  mapPath: 'text',
  mapSort: 'text',
  state: 'text',
  tryNumber: 'int8',
  infraNumber: 'int8',
  maxTries: 'int8',
  clearNumber: 'int8',
  attemptId: 'int8',
  grantNumber: 'int8',
  scheduledAt: 'int8',
  queuedAt: 'int8',
  begunAt: 'int8',
  startDate: 'int8',
  endDate: 'int8',
  nextAt: 'int8',
  targetState: 'text',
  reason: 'text',
  decision: 'text',
  priorityWeight: 'int8',
  pool: 'text',
  poolSlots: 'int8',
  concurrencyKey: 'text',
});

/** Ends with what finds the row. */
export const TASK_UPDATES: RowLayout<TaskUpdate> = layout('task_instance', {
  state: 'text',
  tryNumber: 'int8',
  infraNumber: 'int8',
  maxTries: 'int8',
  clearNumber: 'int8',
  attemptId: 'int8',
  grantNumber: 'int8',
  scheduledAt: 'int8',
  queuedAt: 'int8',
  begunAt: 'int8',
  startDate: 'int8',
  endDate: 'int8',
  nextAt: 'int8',
  targetState: 'text',
  reason: 'text',
  decision: 'text',
  priorityWeight: 'int8',
  pool: 'text',
  poolSlots: 'int8',
  concurrencyKey: 'text',
  key: 'int8',
  from: 'text',
});

/** Ends with what finds the row. A list of its own: an update that names the path would rewrite its index for every change of state. */
export const TASK_MOVES: RowLayout<TaskMove> = {
  table: TASK_UPDATES.table,
  columns: [
    ...layout<Pick<TaskMove, 'mapPath' | 'mapSort'>>('task_instance', { mapPath: 'text', mapSort: 'text' })
      .columns,
    ...TASK_UPDATES.columns,
  ],
};

/** Ends with what finds the row. */
export const TASK_NAMES: RowLayout<TaskName> = layout('task_instance', {
  renderedMapIndex: 'text',
  key: 'int8',
});

export const ATTEMPTS: RowLayout<NewAttempt> = layout('attempt', {
  attemptId: 'int8',
  taskInstanceKey: 'int8',
  runKey: 'int8',
  dagId: 'text',
  taskId: 'text',
  mapPath: 'text',
  tryNumber: 'int8',
  infraNumber: 'int8',
  version: 'text',
  state: 'text',
  grantNumber: 'int8',
  queuedAt: 'int8',
  savedState: 'text',
  groupTries: 'text',
});

/** Ends with what finds the row. */
export const ATTEMPT_UPDATES: RowLayout<AttemptUpdate> = layout('attempt', {
  newGrant: 'int8',
  state: 'text',
  startDate: 'int8',
  endDate: 'int8',
  runnerId: 'text',
  host: 'text',
  pid: 'int8',
  processGroups: 'text',
  logSegment: 'text',
  logStart: 'int8',
  logEnd: 'int8',
  earlierLogs: 'text',
  error: 'text',
  rendered: 'text',
  savedState: 'text',
  waiting: 'text',
  waitsForDag: 'text',
  attemptId: 'int8',
  grantNumber: 'int8',
});

const WHERE_IT_RUNS: ReadonlySet<string> = new Set(['runner_id', 'host', 'pid', 'process_groups']);

/** What an update sets: grant and state, where the attempt runs (nowhere under a new grant), and all else of which it knows something. */
export function attemptAssignments(given: (sqlName: string) => string): string {
  const others = ATTEMPT_UPDATES.columns
    .slice(2, -2)
    .map(({ sqlName }) =>
      WHERE_IT_RUNS.has(sqlName)
        ? `${sqlName} = ${given(sqlName)}`
        : `${sqlName} = coalesce(${given(sqlName)}, attempt.${sqlName})`,
    );
  return [`grant_number = ${given('new_grant')}`, `state = ${given('state')}`, ...others].join(', ');
}

export const XCOMS: RowLayout<XcomTable> = layout('xcom', {
  attemptId: 'int8',
  key: 'text',
  value: 'text',
});

export const EVENTS: RowLayout<NewEvent> = layout<Omit<EventTable, 'id'>>('event', {
  at: 'int8',
  dagId: 'text',
  runKey: 'int8',
  taskInstanceKey: 'int8',
  attemptId: 'int8',
  type: 'text',
  fromState: 'text',
  toState: 'text',
  actor: 'text',
  data: 'text',
});

/** Ends with what finds the row. */
export const DECIDED_INTENTS: RowLayout<DecidedIntent> = layout<Pick<IntentTable, 'id'> & DecidedIntent>(
  'intent',
  { state: 'text', result: 'text', decidedAt: 'int8', id: 'int8' },
);

export const INTENTS: RowLayout<NewIntent> = layout('intent', {
  dagId: 'text',
  kind: 'text',
  payload: 'text',
  actor: 'text',
  requestedAt: 'int8',
  idempotencyKey: 'text',
});

export const CALLBACKS: RowLayout<NewCallback> = layout('callback', {
  key: 'int8',
  dagId: 'text',
  runKey: 'int8',
  taskInstanceKey: 'int8',
  attemptId: 'int8',
  event: 'text',
  deadline: 'text',
  facts: 'text',
  version: 'text',
  state: 'text',
  grantNumber: 'int8',
  createdAt: 'int8',
});

/** Begins with the new grant and ends with what finds the row. */
export const CALLBACK_UPDATES: RowLayout<CallbackUpdate> = layout('callback', {
  newGrant: 'int8',
  state: 'text',
  endDate: 'int8',
  logSegment: 'text',
  logStart: 'int8',
  logEnd: 'int8',
  error: 'text',
  key: 'int8',
  grantNumber: 'int8',
});

export const DEADLINE_MISSES: RowLayout<DeadlineMissTable> = layout('deadline_miss', {
  runKey: 'int8',
  name: 'text',
  dagId: 'text',
  taskId: 'text',
  dueAt: 'int8',
  missedAt: 'int8',
});

export const ALERTS: RowLayout<NewAlert> = layout('alert', {
  id: 'text',
  kind: 'text',
  facts: 'text',
  state: 'text',
  tries: 'int8',
  nextAt: 'int8',
  createdAt: 'int8',
});

export const ASSET_EVENTS: RowLayout<AssetEventTable> = layout('asset_event', {
  eventId: 'int8',
  asset: 'text',
  at: 'int8',
  partitionKey: 'text',
  extra: 'text',
  actor: 'text',
  dagId: 'text',
  runKey: 'int8',
  runId: 'text',
  taskId: 'text',
  mapPath: 'text',
  intervalStart: 'int8',
  intervalEnd: 'int8',
  idempotencyKey: 'text',
});

export const ASSET_ARRIVALS: RowLayout<AssetArrivalTable> = layout('asset_arrival', {
  dagId: 'text',
  eventId: 'int8',
  asset: 'text',
  partitionKey: 'text',
  at: 'int8',
  intervalStart: 'int8',
  intervalEnd: 'int8',
  state: 'text',
  runKey: 'int8',
});

/** An arrival that is there already takes its new state. */
export const ARRIVED_BEFORE =
  'on conflict (dag_id, event_id) do update set state = excluded.state, run_key = excluded.run_key';

export const GROUP_TRIES: RowLayout<GroupTryTable> = layout('group_try', {
  runKey: 'int8',
  groupId: 'text',
  mapPath: 'text',
  dagId: 'text',
  tryNumber: 'int8',
  maxTries: 'int8',
  failedKey: 'int8',
});

/** A group that began more than once before takes its new numbers. */
export const BEGAN_BEFORE =
  'on conflict (run_key, group_id, map_path) do update set try_number = excluded.try_number, max_tries = excluded.max_tries, failed_key = excluded.failed_key';

/** The value of one column, refused in words when a database would not keep it as it is. */
export function columnValue<T>(layout: RowLayout<T>, column: Column<T>, row: T): SqlValue {
  const value: unknown = row[column.name];
  if (value === null) return null;
  if (column.type === 'text') {
    if (typeof value === 'string' && !value.includes('\0')) return value;
  } else if (Number.isSafeInteger(value)) return value as number;
  throw new ContentRefusedError(whyRefused(value, column.type), {
    table: layout.table,
    column: column.sqlName,
    ...dagOf(row),
  });
}

function whyRefused(value: unknown, type: Column<unknown>['type']): string {
  if (type === 'int8') return `expected a whole number or null, got ${String(value)}.`;
  return typeof value === 'string'
    ? 'the text holds a NUL character, which PostgreSQL cannot keep. Remove it or encode the value.'
    : `expected text or null, got ${typeof value}.`;
}

function dagOf(row: unknown): { dagId?: string } {
  const dagId = (row as { dagId?: unknown }).dagId;
  return typeof dagId === 'string' ? { dagId } : {};
}

export function layout<T>(table: string, columns: ColumnNames<T>): RowLayout<T> {
  return {
    table,
    columns: Object.entries(columns).map(([name, type]) => ({
      name: name as Extract<keyof T, string>,
      sqlName: snakeCase(name),
      type: type as Column<T>['type'],
    })),
  };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
