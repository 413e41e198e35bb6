import type { TriggerRule } from '../../state/index.ts';

/** How the relevant upstream instances of a task ended so far. */
export interface UpstreamEnds {
  success: number;
  skipped: number;
  failed: number;
  upstreamFailed: number;
  removed: number;
}

/** What a rule says: not yet, run, or never (and what the task becomes instead). */
export type RuleVerdict = 'wait' | 'run' | 'skipped' | 'upstream_failed';

export const noEnds = (): UpstreamEnds => ({
  success: 0,
  skipped: 0,
  failed: 0,
  upstreamFailed: 0,
  removed: 0,
});

/**
 * The trigger rules, one `case` a row. `expected` is N, the number of relevant upstream instances; `setups`
 * counts the direct upstream setups, which only `all_done_setup_success` looks at.
 *
 * An instance that was removed has ended and counts for nothing else. None is removed here: an index goes with the list that it
 * came from (adr-003-an-index-is-removed-with-its-own-list.md).
 *
 * A rule is asked after every upstream end, so "at once" holds by itself: the first event that decides, decides.
 */
export function evaluateTriggerRule(
  rule: TriggerRule,
  ends: UpstreamEnds,
  expected: number,
  setups: { readonly expected: number; readonly ends: UpstreamEnds },
): RuleVerdict {
  if (expected === 0) return 'run';
  const { success: S, skipped: K, failed: F, upstreamFailed: U, removed: R } = ends;
  const N = expected;
  const D = S + K + F + U + R;
  switch (rule) {
    case 'all_success':
      if (F + U > 0) return 'upstream_failed';
      if (K > 0) return 'skipped';
      return S >= N - R && D >= N ? 'run' : 'wait';
    case 'all_failed':
      if (S > 0 || K > 0) return 'skipped';
      return F + U >= N - R && D >= N ? 'run' : 'wait';
    case 'all_done':
      return D >= N ? 'run' : 'wait';
    case 'all_done_min_one_success':
      if (K > 0) return 'skipped';
      if (D < N) return 'wait';
      return S >= 1 ? 'run' : 'upstream_failed';
    case 'all_skipped':
      if (S + F + U > 0) return 'skipped';
      return D >= N ? 'run' : 'wait';
    case 'one_success':
      if (S >= 1) return 'run';
      if (D < N) return 'wait';
      return K > 0 && K + R >= N ? 'skipped' : 'upstream_failed';
    case 'one_failed':
      if (F + U >= 1) return 'run';
      return D >= N ? 'skipped' : 'wait';
    case 'one_done':
      if (S + F >= 1) return 'run';
      return D >= N ? 'skipped' : 'wait';
    case 'none_failed':
      if (F + U > 0) return 'upstream_failed';
      return D >= N ? 'run' : 'wait';
    case 'none_failed_min_one_success':
      if (F + U > 0) return 'upstream_failed';
      if (K >= N) return 'skipped';
      if (D < N) return 'wait';
      return S >= 1 ? 'run' : 'skipped';
    case 'none_skipped':
      if (K > 0) return 'skipped';
      return D >= N ? 'run' : 'wait';
    case 'always':
      return 'run';
    case 'all_done_setup_success':
      return evaluateTeardownRule(D >= N, setups);
  }
}

/** A setup that failed or was skipped ends whatever is in its scope and is no teardown, before the task's own rule is asked. */
export function evaluateSetups(ends: UpstreamEnds, expected: number): RuleVerdict {
  if (ends.failed + ends.upstreamFailed > 0) return 'upstream_failed';
  if (ends.skipped > 0) return 'skipped';
  return ends.success + ends.removed >= expected ? 'run' : 'wait';
}

function evaluateTeardownRule(
  allDone: boolean,
  setups: { expected: number; ends: UpstreamEnds },
): RuleVerdict {
  const { expected, ends } = setups;
  if (!allDone) return 'wait';
  if (expected === 0 || ends.success > 0) return 'run';
  return ends.skipped + ends.removed >= expected ? 'skipped' : 'upstream_failed';
}
