/** How long something usually takes, by what it took before. Milliseconds. */
export interface UsualDuration {
  /** How many it was made of. */
  readonly samples: number;
  readonly medianMs: number;
  /** 95 % of them took at most this. */
  readonly usualMs: number;
}

/** Fewer say nothing about what is usual. */
const MIN_SAMPLES = 5;
/** Longer than what 95 % took by half of it, and by a minute at least: a task of a second is not late after two. */
const OVERDUE_FACTOR = 1.5;
const OVERDUE_SLACK_MS = 60_000;
/** Far off: twice what 95 % took, or a quarter of the median (where that is long enough to say something). */
const FAR_ABOVE = 2;
const FAR_BELOW = 0.25;
const MIN_MEDIAN_MS = 60_000;

/** What is usual, by durations that ended well, in any order; null: there are fewer than five. */
export function usualDuration(durationsMs: readonly number[]): UsualDuration | null {
  if (durationsMs.length < MIN_SAMPLES) return null;
  const sorted = [...durationsMs].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  return { samples: sorted.length, medianMs: at(0.5), usualMs: at(0.95) };
}

/** How long something may take that usually takes `usual`, before it is overdue. */
export function overdueAfterMs({ usualMs }: UsualDuration): number {
  return Math.max(usualMs * OVERDUE_FACTOR, usualMs + OVERDUE_SLACK_MS);
}

/** Whether something ended after a time that is far off: long after what is usual, or suspiciously soon. */
export function isAnomalous(tookMs: number, usual: UsualDuration): boolean {
  if (tookMs > usual.usualMs * FAR_ABOVE && tookMs > usual.usualMs + OVERDUE_SLACK_MS) return true;
  return usual.medianMs >= MIN_MEDIAN_MS && tookMs < usual.medianMs * FAR_BELOW;
}
