import { expect, it } from 'vitest';
import { type PageSearch, pagingOf } from './paging.ts';

it('goes forward through the pages and back the same way', () => {
  const cursors = ['b', 'c', 'd', null];
  let at: PageSearch = {};
  const seen: PageSearch[] = [];
  for (const [index, cursor] of cursors.entries()) {
    const paging = pagingOf(at, cursor);
    expect(paging.page).toBe(index + 1);
    seen.push(at);
    if (paging.next) at = paging.next;
  }
  expect(at).toEqual({ cursor: 'd', back: 'b.c' });
  for (const expected of seen.slice(0, -1).reverse()) {
    at = pagingOf(at, null).previous!;
    expect(at.cursor).toBe(expected.cursor);
    expect(at.back || undefined).toBe(expected.back);
  }
  expect(pagingOf(at, 'b').previous).toBeUndefined();
});
