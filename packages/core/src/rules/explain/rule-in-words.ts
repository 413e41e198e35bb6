import type { TriggerRule } from '../../state/index.ts';

const SENTENCES: Readonly<Record<TriggerRule, string>> = {
  all_success: 'It runs once all tasks before it have succeeded',
  all_failed: 'It runs once all tasks before it have failed',
  all_done: 'It runs once all tasks before it have ended, however they did',
  all_done_min_one_success: 'It runs once all tasks before it have ended, one with success and none skipped',
  all_skipped: 'It runs once all tasks before it were skipped',
  one_success: 'It runs as soon as one task before it has succeeded',
  one_failed: 'It runs as soon as one task before it has failed',
  one_done: 'It runs as soon as one task before it has succeeded or failed',
  none_failed: 'It runs once all tasks before it have succeeded or were skipped',
  none_failed_min_one_success:
    'It runs once all tasks before it have succeeded or were skipped, one at least with success',
  none_skipped: 'It runs once all tasks before it have ended and none was skipped',
  always: 'It waits for no task before it',
  all_done_setup_success: 'It runs once all tasks before it have ended and a setup of it has succeeded',
};

/** What a trigger rule means, for a person: a sentence, with the rule's own name behind it. */
export function ruleInWords(rule: TriggerRule): string {
  return `${SENTENCES[rule]} (${rule}).`;
}
