import { expect, it } from 'vitest';
import { type BackfillDraft, backfillBody, backfillCommand } from './backfill-request.ts';

const draft: BackfillDraft = {
  dagId: 'etl',
  start: '2026-01-01',
  end: '2026-01-31',
  reprocess: 'none',
  maxActiveRuns: '4',
  reverse: false,
  unpause: false,
  taskIds: [],
  upstream: false,
  downstream: false,
  conf: null,
};
const asked = { start: '2026-01-01', end: '2026-01-31', reprocess: 'none', reverse: false, maxActiveRuns: 4 };
const words = 'tsflow backfill etl --start 2026-01-01 --end 2026-01-31';

const CASES: readonly (readonly [change: Partial<BackfillDraft>, body: unknown, command: string])[] = [
  [{}, asked, `${words} --max-active-runs 4`],
  [{ end: '' }, null, 'tsflow backfill etl --start 2026-01-01 --end 2026-01-31 --max-active-runs 4'],
  [{ conf: '{' }, null, `${words} --max-active-runs 4`],
  [{ conf: '{}', maxActiveRuns: 'x' }, { ...asked, maxActiveRuns: 1 }, `${words} --max-active-runs 1`],
  // The neighbours of nothing are nothing.
  [{ upstream: true, downstream: true }, asked, `${words} --max-active-runs 4`],
  [
    { taskIds: ['load', 'marts.stock'], downstream: true, conf: '{"shop":"a"}', unpause: true },
    { ...asked, taskIds: ['load', 'marts.stock'], downstream: true, conf: { shop: 'a' }, unpause: true },
    `${words} --max-active-runs 4 --tasks load,marts.stock --downstream --conf '{"shop":"a"}' --unpause`,
  ],
];

it.each(CASES)('%j', (change, body, command) => {
  expect(backfillBody({ ...draft, ...change })).toEqual(body);
  expect(backfillCommand({ ...draft, ...change })).toBe(command);
});
