import { TsflowError } from '../errors.ts';

export type DatabaseFailure =
  | 'database_busy'
  | 'database_full'
  | 'database_unavailable'
  | 'database_corrupt'
  | 'database_read_only'
  | 'database_gone'
  | 'database_refused'
  | 'driver_missing'
  | 'schema_older'
  | 'schema_newer';

const TRANSIENT: ReadonlySet<DatabaseFailure> = new Set([
  'database_busy',
  'database_full',
  'database_unavailable',
]);

/**
 * Thrown when the metadata database cannot do what it was asked, whatever the content. `isTransient` tells whether the same
 * call may succeed later (a restart of the server, a full disk, a lock); otherwise a person has to act, and a service stops.
 */
export class DatabaseError extends TsflowError {
  declare readonly code: DatabaseFailure;
  readonly isTransient: boolean;

  constructor(code: DatabaseFailure, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.isTransient = TRANSIENT.has(code);
  }
}

/** Thrown when the database takes no such value (a NUL in a text, a fraction where a whole number belongs, a missing column). */
export class ContentRefusedError extends TsflowError {
  readonly table: string | null;
  readonly column: string | null;
  readonly dagId: string | null;

  constructor(
    reason: string,
    where: { table?: string; column?: string; dagId?: string } = {},
    options?: ErrorOptions,
  ) {
    const place = [where.table, where.column].filter((part) => part !== undefined).join('.');
    const of = where.dagId === undefined ? '' : ` (DAG "${where.dagId}")`;
    super(
      'content_refused',
      `The database cannot keep this value${place === '' ? '' : ` in ${place}`}${of}: ${reason}`,
      options,
    );
    this.table = where.table ?? null;
    this.column = where.column ?? null;
    this.dagId = where.dagId ?? null;
  }
}

/**
 * Thrown when a row is no longer in the state from which a turn moves it: the lease was lost, or memory and database differ.
 * Nothing of the turn was written; the holder forgets what it has in memory and loads its DAGs again.
 */
export class CompareAndSetError extends TsflowError {
  readonly table: string;
  readonly key: number | string;
  readonly expected: string;
  readonly found: string | null;

  constructor(table: string, key: number | string, expected: string, found: string | null) {
    super(
      'compare_and_set',
      `${table} ${key} was expected with ${expected}, but ${found === null ? 'does not exist' : `has ${found}`}. ` +
        'Nothing was written; load the DAG again.',
    );
    this.table = table;
    this.key = key;
    this.expected = expected;
    this.found = found;
  }
}

/** Thrown when a second scheduler starts on a SQLite database, which has room for one. */
export class SchedulerRunningError extends TsflowError {
  constructor(holder: string) {
    super(
      'scheduler_running',
      `Another scheduler (${holder}) runs on this SQLite database, which takes one. Stop it first, or use PostgreSQL for several.`,
    );
  }
}
