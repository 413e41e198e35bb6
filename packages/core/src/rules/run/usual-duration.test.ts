import { expect, it } from 'vitest';
import { isAnomalous, overdueAfterMs, usualDuration } from './usual-duration.ts';

const M = 60_000;
const H = 60 * M;

it.each<[why: string, durations: number[], median: number | null, usual: number | null]>([
  ['four say nothing', [M, M, M, M], null, null],
  ['five do', [5, 4, 3, 2, 1], 3, 5],
  ['one outlier of twenty is not usual', [...Array.from({ length: 19 }, () => M), 9 * H], M, M],
  ['two of twenty are', [...Array.from({ length: 18 }, () => M), 9 * H, 9 * H], M, 9 * H],
])('%s', (_why, durations, medianMs, usualMs) => {
  const usual = usualDuration(durations);
  expect(usual && [usual.medianMs, usual.usualMs, usual.samples]).toEqual(
    medianMs === null ? null : [medianMs, usualMs, durations.length],
  );
});

it.each<[usualMs: number, overdueAfter: number]>([
  [1_000, M + 1_000], // a minute at least
  [2 * M, 3 * M],
  [10 * H, 15 * H],
])('what 95 %% took in %i ms is overdue after %i', (usualMs, overdueAfter) => {
  expect(overdueAfterMs({ samples: 5, medianMs: usualMs, usualMs })).toBe(overdueAfter);
});

it.each<[why: string, medianMs: number, usualMs: number, tookMs: number, isFarOff: boolean]>([
  ['as usual', 10 * M, 12 * M, 11 * M, false],
  ['twice what is usual, exactly', 10 * M, 12 * M, 24 * M, false],
  ['more than that', 10 * M, 12 * M, 24 * M + 1, true],
  ['a second that became ten', 1_000, 1_000, 10_000, false],
  ['a second that became more than a minute', 1_000, 1_000, M + 1_001, true],
  ['a quarter of the median', 8 * M, 9 * M, 2 * M, false],
  ['less: it may have had nothing to do', 8 * M, 9 * M, 2 * M - 1, true],
  ['a short thing that was shorter', 59_000, 60_000, 1, false],
])('%s', (_why, medianMs, usualMs, tookMs, isFarOff) => {
  expect(isAnomalous(tookMs, { samples: 9, medianMs, usualMs })).toBe(isFarOff);
});
