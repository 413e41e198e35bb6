import type { InstanceWork } from './work.ts';

/** What is stored about an instance besides its state, in its `decision`. */

const SKIPPED_BY = 'skipped_by:';

/** It was skipped because the run ended before it could: "only failed" means it too, and a clear forgets it. */
export const ENDED_WITH_RUN = 'ended_with_run';

/** A branch or short-circuit decided that the instance is skipped. It survives a clear of the instance alone. */
export const skippedBy = (deciderId: string): string => `${SKIPPED_BY}${deciderId}`;

/** The task that decided to skip the instance; null: none did. */
export function deciderOf({ decision }: Pick<InstanceWork, 'decision'>): string | null {
  return decision?.startsWith(SKIPPED_BY) === true ? decision.slice(SKIPPED_BY.length) : null;
}

/** Notes that the run's end takes the instance with it. What a branch decided about it stays. */
export function noteEndedWithRun(instance: InstanceWork): void {
  instance.decision ??= ENDED_WITH_RUN;
}
