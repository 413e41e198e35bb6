import { InvalidArgumentError } from 'commander';

/** Most rows that one page of the API gives. */
const PAGE_ROWS = 500;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Reads as many rows as were asked for, a page after the other. */
export async function everyPage<T>(
  limit: number,
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const size = Math.min(PAGE_ROWS, limit - items.length);
    const page: Page<T> = await read(cursor === null ? { limit: size } : { limit: size, cursor });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < limit);
  return items;
}

/** commander's parser of an option that counts something. */
export function countOption(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a whole number from 1.');
  }
  return count;
}
