import type { TriggerRule } from '@tsflow/core/state';

/** The states that an upstream instance had within one transaction. */
type States = ReadonlySet<string>;

const ENDS = ['success', 'failed', 'skipped', 'upstream_failed', 'removed'];
const isOneOf =
  (...words: readonly string[]) =>
  (states: States): boolean =>
    words.some((word) => states.has(word));

/** Whether a rule lets a task start, said as the semantics say it: without counters, by looking at every instance above. */
export function mayStart(rule: TriggerRule, above: readonly States[]): boolean {
  if (above.length === 0) return true;
  const all = (...words: readonly string[]) => above.every(isOneOf(...words));
  const some = (...words: readonly string[]) => above.some(isOneOf(...words));
  switch (rule) {
    case 'all_success':
      return all('success', 'removed');
    case 'all_failed':
      return all('failed', 'upstream_failed', 'removed');
    case 'all_done':
      return all(...ENDS);
    case 'all_done_min_one_success':
      return all('success', 'failed', 'upstream_failed', 'removed') && some('success');
    case 'all_skipped':
      return all('skipped');
    case 'one_success':
      return some('success');
    case 'one_failed':
      return some('failed', 'upstream_failed');
    case 'one_done':
      return some('success', 'failed');
    case 'none_failed':
      return all('success', 'skipped', 'removed');
    case 'none_failed_min_one_success':
      return all('success', 'skipped', 'removed') && some('success');
    case 'none_skipped':
      return all('success', 'failed', 'upstream_failed', 'removed');
    case 'always':
      return true;
    case 'all_done_setup_success':
      return all(...ENDS);
  }
}
