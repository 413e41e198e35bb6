import { describe, expect, it } from 'vitest';
import { TsflowError } from '../../errors.ts';
import { isBusy, sqliteFailure } from './sqlite-failure.ts';

const better = (code: string, message = 'said SQLite') => Object.assign(new Error(message), { code });
const node = (errcode: number, message = 'said SQLite') =>
  Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode });

describe('what SQLite says', () => {
  it.each([
    [better('SQLITE_BUSY'), 'database_busy', true],
    [better('SQLITE_BUSY_SNAPSHOT'), 'database_busy', true],
    [better('SQLITE_LOCKED_SHAREDCACHE'), 'database_busy', true],
    [better('SQLITE_FULL'), 'database_full', true],
    [better('SQLITE_IOERR_FSYNC'), 'database_unavailable', true],
    [better('SQLITE_CANTOPEN'), 'database_unavailable', true],
    [better('SQLITE_READONLY_DBMOVED'), 'database_read_only', false],
    [better('SQLITE_CORRUPT_VTAB'), 'database_corrupt', false],
    [better('SQLITE_NOTADB'), 'database_corrupt', false],
    [node(5), 'database_busy', true],
    [node(5 | (2 << 8)), 'database_busy', true],
    [node(1032), 'database_read_only', false],
    [node(11), 'database_corrupt', false],
    [node(13), 'database_full', true],
  ])('%o is %s', (error, code, isTransient) => {
    expect(sqliteFailure(error, 'tsflow.db')).toMatchObject({ code, isTransient, cause: error });
  });

  it('tells a second row from a value that does not fit', () => {
    const unique = better(
      'SQLITE_CONSTRAINT_UNIQUE',
      'UNIQUE constraint failed: dag_run.dag_id, dag_run.slot',
    );
    expect(sqliteFailure(unique, 'f')).toMatchObject({
      code: 'conflict',
      facts: { constraint: 'dag_run.dag_id, dag_run.slot' },
    });
    expect(sqliteFailure(better('SQLITE_CONSTRAINT_DATATYPE'), 'f')).toMatchObject({
      code: 'content_refused',
    });
    expect(
      sqliteFailure(new TypeError('SQLite3 can only bind numbers, strings, bigints, buffers, and null'), 'f'),
    ).toMatchObject({
      code: 'content_refused',
    });
  });

  it('leaves everything else as it is', () => {
    for (const error of [new Error('mine'), new TsflowError('x', 'y'), 'text', better('SQLITE_ERROR')]) {
      expect(sqliteFailure(error, 'f')).toBe(error);
    }
    expect(isBusy(node(5))).toBe(true);
    expect(isBusy(node(13))).toBe(false);
    expect(isBusy(sqliteFailure(better('SQLITE_BUSY'), 'f'))).toBe(true);
  });
});
