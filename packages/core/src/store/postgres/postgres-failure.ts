import { ConflictError, TsflowError } from '../../errors.ts';
import { ContentRefusedError, DatabaseError } from '../store-errors.ts';

/**
 * What PostgreSQL and its driver say, in the words of the store. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 * Anything else is returned as it is.
 */
export function postgresFailure(error: unknown): unknown {
  if (error instanceof TsflowError || !(error instanceof Error)) return error;
  const because = { cause: error };
  const { message } = error;
  const code = sqlState(error);
  if (code === null) return isConnectionLoss(error) ? unavailable(error) : error;
  if (LOST_RACES.has(code)) {
    return new DatabaseError(
      'database_busy',
      `PostgreSQL gave another transaction the way: ${message}.`,
      because,
    );
  }
  switch (code) {
    case '57014':
    case '55P03':
    case '25P03':
      return new DatabaseError(
        'database_busy',
        `PostgreSQL did not answer within five seconds (${message}). Look for a long transaction in pg_stat_activity.`,
        because,
      );
    case '53100':
      return new DatabaseError(
        'database_full',
        `No space is left for PostgreSQL (${message}). Nothing was written; it goes on when there is space again.`,
        because,
      );
    case '25006':
      return new DatabaseError(
        'database_read_only',
        'PostgreSQL takes no writes here: this is a standby, or default_transaction_read_only is on. Connect to the primary.',
        because,
      );
    case 'XX001':
    case 'XX002':
      return new DatabaseError(
        'database_corrupt',
        `PostgreSQL found damaged data (${message}). Stop tsflow and restore a backup.`,
        because,
      );
    case '23505':
      return new ConflictError(`This exists already: ${message}.`, {
        constraint: (error as { constraint?: string }).constraint ?? null,
      });
    case '3D000':
    case '42501':
      return new DatabaseError('database_refused', `PostgreSQL refused: ${message}.`, because);
    case '54000':
    case '23502':
    case '23514':
      return new ContentRefusedError(`${message}.`, {}, because);
  }
  switch (code.slice(0, 2)) {
    case '28':
      return new DatabaseError(
        'database_refused',
        `PostgreSQL refused: ${message}. Check user and password in the database URL.`,
        because,
      );
    case '22':
      return new ContentRefusedError(`${message}.`, {}, because);
    case '08':
    case '53':
    case '57':
      return unavailable(error);
    default:
      return error;
  }
}

/** Did the database undo the transaction so that another could go on? The same one may pass now. */
export function isLostRace(error: unknown): boolean {
  const cause = error instanceof DatabaseError ? error.cause : error;
  return cause instanceof Error && LOST_RACES.has(sqlState(cause) ?? '');
}

/** Serialization failure, deadlock. */
const LOST_RACES: ReadonlySet<string> = new Set(['40001', '40P01']);

const unavailable = (error: Error) =>
  new DatabaseError(
    'database_unavailable',
    `PostgreSQL cannot be reached: ${error.message || sqlState(error)}.`,
    {
      cause: error,
    },
  );

/** No class of SQLSTATE begins with E, while an errno may have five letters too: EPIPE. */
function sqlState(error: Error): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : null;
}

/** Failures of the socket carry an errno; the driver's own have only words. A refused host may be an AggregateError without any. */
function isConnectionLoss(error: Error): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return /^E[A-Z_]{3,}$/.test(code);
  return (
    error instanceof AggregateError ||
    /connection|not queryable|client was closed|timeout|cannot use a pool after/i.test(error.message)
  );
}
