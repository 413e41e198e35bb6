import { InvalidInputError } from '../../errors.ts';

/** One page of a list. `nextCursor` is opaque and stays valid while rows come and go; null: this was the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** How much of a list, and from where. */
export interface PageArgs {
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | null | undefined;
}

/** Rows a page has when nobody says otherwise. */
const DEFAULT_PAGE_ROWS = 50;

/** Most rows that one page gives: a bound for memory here and in a browser. */
export const MAX_PAGE_ROWS = 500;

/** The number of rows that a page may have. Throws {@link InvalidInputError} unless it is a whole number from 1 to 500. */
export function pageLimit(args: PageArgs): number {
  const limit = args.limit ?? DEFAULT_PAGE_ROWS;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_ROWS) return limit;
  throw new InvalidInputError(`limit: expected a whole number from 1 to ${MAX_PAGE_ROWS}, got ${limit}.`);
}

/**
 * Makes a page out of `rows`, of which the query asked for one more than `limit`: the extra one only says that there is a next
 * page. `position` gives the sort key of a row, which the next query starts behind.
 */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  position: (row: Row) => readonly CursorPart[],
  toItem: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null,
  };
}

type CursorPart = string | number;

/** The opaque text of a sort key. */
export function encodeCursor(parts: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * The sort key that `cursor` stands for, or null for the first page. Throws {@link InvalidInputError} when its parts are not of the
 * given types: a cursor of another list, or one that somebody wrote by hand.
 */
export function decodeCursor<const Types extends readonly ('string' | 'number')[]>(
  cursor: string | null | undefined,
  types: Types,
): { -readonly [I in keyof Types]: Types[I] extends 'string' ? string : number } | null {
  if (cursor === null || cursor === undefined) return null;
  const parts = parseParts(cursor);
  if (parts?.length !== types.length || !parts.every((part, i) => typeof part === types[i])) {
    throw new InvalidInputError('cursor: expected the nextCursor of the page before, of the same list.');
  }
  return parts as never;
}

function parseParts(cursor: string): unknown[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : null;
  } catch {
    return null;
  }
}
