import { MAX_PAGE_ROWS, type Page, type PageArgs } from '@tsflow/core/queries';
import { InvalidArgumentError } from 'commander';

/** Reads as many rows as were asked for, a page after the other. */
export async function everyPage<T>(
  limit: number,
  read: (page: PageArgs) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await read({ limit: Math.min(MAX_PAGE_ROWS, limit - items.length), cursor });
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
