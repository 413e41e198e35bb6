import { describe, expect, it } from 'vitest';
import type { TriggerRule } from '../../state/index.ts';
import {
  evaluateSetups,
  evaluateTriggerRule,
  noEnds,
  type RuleVerdict,
  type UpstreamEnds,
} from './trigger-rule.ts';

const noSetups = { expected: 0, ends: noEnds() };

/** `SSFK`: how each upstream that has ended did; S success, K skipped, F failed, U upstream_failed, R removed. */
function ends(text: string): UpstreamEnds {
  const count = (letter: string) => [...text].filter((one) => one === letter).length;
  return {
    success: count('S'),
    skipped: count('K'),
    failed: count('F'),
    upstreamFailed: count('U'),
    removed: count('R'),
  };
}

// rule, upstream instances expected, ends so far, verdict
const TABLE: readonly (readonly [TriggerRule, number, string, RuleVerdict])[] = [
  ['all_success', 0, '', 'run'], //                      a root
  ['all_success', 2, '', 'wait'],
  ['all_success', 2, 'S', 'wait'],
  ['all_success', 2, 'SS', 'run'],
  ['all_success', 2, 'F', 'upstream_failed'], //         at once
  ['all_success', 2, 'U', 'upstream_failed'],
  ['all_success', 2, 'K', 'skipped'], //                 at once
  ['all_success', 2, 'SK', 'skipped'],
  ['all_success', 2, 'KF', 'upstream_failed'],
  ['all_success', 2, 'SR', 'run'],
  ['all_failed', 2, 'F', 'wait'],
  ['all_failed', 2, 'FU', 'run'],
  ['all_failed', 2, 'S', 'skipped'],
  ['all_failed', 2, 'FK', 'skipped'],
  ['all_done', 2, 'F', 'wait'],
  ['all_done', 2, 'FK', 'run'],
  ['all_done', 3, 'SUR', 'run'],
  ['all_done_min_one_success', 2, 'S', 'wait'],
  ['all_done_min_one_success', 2, 'SF', 'run'],
  ['all_done_min_one_success', 2, 'FU', 'upstream_failed'],
  ['all_done_min_one_success', 2, 'K', 'skipped'], //    skipped upstream: skips
  ['all_skipped', 2, 'K', 'wait'],
  ['all_skipped', 2, 'KK', 'run'],
  ['all_skipped', 2, 'S', 'skipped'],
  ['all_skipped', 2, 'KU', 'skipped'],
  ['one_success', 3, 'S', 'run'], //                     without waiting
  ['one_success', 3, 'FF', 'wait'],
  ['one_success', 2, 'FK', 'upstream_failed'],
  ['one_success', 2, 'KK', 'skipped'],
  ['one_failed', 3, 'F', 'run'],
  ['one_failed', 3, 'U', 'run'],
  ['one_failed', 2, 'SK', 'skipped'],
  ['one_failed', 2, 'S', 'wait'],
  ['one_done', 3, 'S', 'run'],
  ['one_done', 3, 'F', 'run'],
  ['one_done', 2, 'K', 'wait'], //                       skipped does not count
  ['one_done', 2, 'U', 'wait'], //                       nor does upstream_failed
  ['one_done', 2, 'KU', 'skipped'],
  ['none_failed', 2, 'SK', 'run'],
  ['none_failed', 2, 'KK', 'run'], //                    all skipped: runs
  ['none_failed', 2, 'F', 'upstream_failed'],
  ['none_failed', 2, 'K', 'wait'],
  ['none_failed_min_one_success', 2, 'SK', 'run'],
  ['none_failed_min_one_success', 2, 'KK', 'skipped'],
  ['none_failed_min_one_success', 2, 'U', 'upstream_failed'],
  ['none_failed_min_one_success', 2, 'S', 'wait'],
  ['none_skipped', 2, 'SF', 'run'],
  ['none_skipped', 2, 'K', 'skipped'],
  ['none_skipped', 2, 'U', 'wait'],
  ['always', 2, '', 'run'],
];

/** Beside an instance that its list has no more: as if that one were not there. */
// biome-ignore format: a table
const BESIDE_REMOVED: readonly (readonly [TriggerRule, Readonly<Record<'S' | 'K' | 'F' | 'U' | 'R', RuleVerdict>>])[] = [
  ['all_success',                { S: 'run',     K: 'skipped', F: 'upstream_failed', U: 'upstream_failed', R: 'run' }],
  ['all_failed',                 { S: 'skipped', K: 'skipped', F: 'run',             U: 'run',             R: 'run' }],
  ['all_done',                   { S: 'run',     K: 'run',     F: 'run',             U: 'run',             R: 'run' }],
  ['all_done_min_one_success',   { S: 'run',     K: 'skipped', F: 'upstream_failed', U: 'upstream_failed', R: 'upstream_failed' }],
  ['all_skipped',                { S: 'skipped', K: 'run',     F: 'skipped',         U: 'skipped',         R: 'run' }],
  ['one_success',                { S: 'run',     K: 'skipped', F: 'upstream_failed', U: 'upstream_failed', R: 'upstream_failed' }],
  ['one_failed',                 { S: 'skipped', K: 'skipped', F: 'run',             U: 'run',             R: 'skipped' }],
  ['one_done',                   { S: 'run',     K: 'skipped', F: 'run',             U: 'skipped',         R: 'skipped' }],
  ['none_failed',                { S: 'run',     K: 'run',     F: 'upstream_failed', U: 'upstream_failed', R: 'run' }],
  ['none_failed_min_one_success',{ S: 'run',     K: 'skipped', F: 'upstream_failed', U: 'upstream_failed', R: 'skipped' }],
  ['none_skipped',               { S: 'run',     K: 'skipped', F: 'run',             U: 'run',             R: 'run' }],
  ['always',                     { S: 'run',     K: 'run',     F: 'run',             U: 'run',             R: 'run' }],
];

describe('trigger rules', () => {
  it.each(BESIDE_REMOVED)('%s beside a removed instance', (rule, row) => {
    const verdicts = Object.keys(row).map((end) => [
      end,
      evaluateTriggerRule(rule, ends(`${end}R`), 2, noSetups),
    ]);
    expect(Object.fromEntries(verdicts)).toEqual(row);
  });

  it.each(TABLE)('%s of %i with "%s": %s', (rule, expected, ended, verdict) => {
    expect(evaluateTriggerRule(rule, ends(ended), expected, noSetups)).toBe(verdict);
  });

  // ends of all upstream, setups among them, ends of those, verdict
  it.each([
    ['SS', 1, 'S', 'run'],
    ['FS', 1, 'S', 'run'], //               the work failed, the setup did not
    ['SF', 1, 'F', 'upstream_failed'],
    ['SK', 1, 'K', 'skipped'],
    ['SS', 0, '', 'run'], //                no setup
    ['SF', 2, 'SF', 'run'], //              one of the setups is enough
    ['KR', 2, 'KR', 'skipped'],
  ] as const)('all_done_setup_success with "%s", %i setups "%s": %s', (all, setups, setupEnds, verdict) => {
    const given = { expected: setups, ends: ends(setupEnds) };
    expect(evaluateTriggerRule('all_done_setup_success', ends(all), 2, given)).toBe(verdict);
  });

  it.each([
    ['', 1, 'wait'],
    ['S', 1, 'run'],
    ['S', 2, 'wait'],
    ['F', 2, 'upstream_failed'],
    ['K', 2, 'skipped'],
  ] as const)('setups "%s" of %i: %s', (ended, expected, verdict) => {
    expect(evaluateSetups(ends(ended), expected)).toBe(verdict);
  });
});
