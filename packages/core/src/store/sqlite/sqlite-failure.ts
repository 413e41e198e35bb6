import { ConflictError, TsflowError } from '../../errors.ts';
import { ContentRefusedError, DatabaseError } from '../store-errors.ts';

/** What SQLite says, in the words of the store. Anything that is not SQLite's is returned as it is. */
export function sqliteFailure(error: unknown, path: string): unknown {
  if (error instanceof TsflowError || !(error instanceof Error)) return error;
  const code = primaryCode(error);
  const message = error.message;
  switch (code) {
    case 'BUSY':
    case 'LOCKED':
      return new DatabaseError(
        'database_busy',
        `${path} was locked by another process for too long. Look for a program that keeps a transaction open.`,
        { cause: error },
      );
    case 'FULL':
      return new DatabaseError(
        'database_full',
        `No space is left for ${path}. Nothing was written; it goes on when there is space again.`,
        { cause: error },
      );
    case 'READONLY':
      return new DatabaseError(
        'database_read_only',
        `${path} cannot be written (${message}). Check the permissions of the file, its folder and the mount, then restart.`,
        { cause: error },
      );
    case 'CORRUPT':
    case 'NOTADB':
      return new DatabaseError(
        'database_corrupt',
        `${path} is damaged or is not a SQLite database (${message}). Stop tsflow and restore a backup; ` +
          '"sqlite3 <file> .recover" may save most of it.',
        { cause: error },
      );
    case 'IOERR':
    case 'CANTOPEN':
      return new DatabaseError('database_unavailable', `${path} cannot be read or written: ${message}.`, {
        cause: error,
      });
    case 'CONSTRAINT':
      return /unique|primary key/i.test(message)
        ? new ConflictError(`This exists already: ${message}.`, { constraint: constraintColumns(message) })
        : new ContentRefusedError(`${message}.`, {}, { cause: error });
    case 'TOOBIG':
    case 'MISMATCH':
      return new ContentRefusedError(`${message}.`, {}, { cause: error });
    default:
      return isBindingError(error) ? new ContentRefusedError(message, {}, { cause: error }) : error;
  }
}

export function isBusy(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === 'database_busy';
  const code = error instanceof Error ? primaryCode(error) : null;
  return code === 'BUSY' || code === 'LOCKED';
}

/** better-sqlite3 says `SQLITE_BUSY_SNAPSHOT`, node:sqlite a number whose low byte is the primary code. */
function primaryCode(error: Error): string | null {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return PRIMARY_CODES[errcode & 0xff] ?? null;
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return null;
  return code.split('_')[1] ?? null;
}

/** https://www.sqlite.org/rescode.html */
const PRIMARY_CODES: Readonly<Record<number, string>> = {
  5: 'BUSY',
  6: 'LOCKED',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  26: 'NOTADB',
};

const isBindingError = (error: Error) =>
  error instanceof TypeError && /can only bind|cannot be bound/i.test(error.message);

/** `UNIQUE constraint failed: dag_run.dag_id, dag_run.slot` names columns; an index with an expression its name. */
const constraintColumns = (message: string) => message.split('failed: ')[1] ?? message;
