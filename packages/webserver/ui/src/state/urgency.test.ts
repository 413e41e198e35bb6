import { expect, it } from 'vitest';
import { mostUrgent } from './urgency.ts';

it.each([
  ['nothing is there', {}, 'none'],
  ['one of many failed', { success: 9, failed: 1, removed: 1 }, 'failed'],
  ['some were skipped', { success: 2, skipped: 1 }, 'skipped'],
  ['the list got shorter, or the loop ended earlier', { success: 3, removed: 3 }, 'success'],
  ['all were removed', { removed: 3 }, 'removed'],
] as const)('when %s', (_what, counts, state) => expect(mostUrgent(counts)).toBe(state));
