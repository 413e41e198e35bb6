import type { Page } from '@tsflow/core/queries';
import { MAX_PAGE_ROWS } from '@tsflow/core/queries';
import { z } from 'zod';

/** The part of a query that says which page of a list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).optional().describe('Default 50.'),
  cursor: z.string().max(1000).optional().describe('`nextCursor` of the page before.'),
});

/** A boolean in a query. */
export const flagParameter = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A page of a long list: `nextCursor` null says that it was the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
    total: z.number().int().optional(),
  });
}

/** A whole list, in the form of a page. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.null() });
}

export function pageJson<T, J>(
  page: Page<T>,
  toJson: (item: T) => J,
): { items: J[]; nextCursor: string | null } {
  return { items: page.items.map(toJson), nextCursor: page.nextCursor };
}

export function listJson<T, J>(
  items: readonly T[],
  toJson: (item: T) => J,
): { items: J[]; nextCursor: null } {
  return { items: items.map(toJson), nextCursor: null };
}
