/** Which page of a list, as it stands in the URL. Without a cursor: the first. */
export interface PageSearch {
  readonly cursor?: string | undefined;
  /** Cursors of the pages before this one but the first, oldest first: the server's cursors lead forward alone. */
  readonly back?: string | undefined;
}

/** Where the neighbours of a page are; undefined when there is none. */
export interface Paging {
  /** From 1. */
  readonly page: number;
  readonly next: PageSearch | undefined;
  readonly previous: PageSearch | undefined;
}

/** The page of a URL, given the cursor of the next one as the server told it. */
export function pagingOf({ cursor, back }: PageSearch, nextCursor: string | null | undefined): Paging {
  const before = back ? back.split(SEPARATOR) : [];
  const earlier = before.at(-1);
  return {
    page: cursor === undefined ? 1 : before.length + 2,
    next: nextCursor
      ? { cursor: nextCursor, back: cursor === undefined ? undefined : [...before, cursor].join(SEPARATOR) }
      : undefined,
    previous:
      cursor === undefined
        ? undefined
        : { cursor: earlier, back: before.slice(0, -1).join(SEPARATOR) || undefined },
  };
}

/** Cursors are base64url, which has no dot. */
const SEPARATOR = '.';

/** What a change of filters does to the page: it begins at the first again. */
export const FIRST_PAGE = { cursor: undefined, back: undefined } as const;
