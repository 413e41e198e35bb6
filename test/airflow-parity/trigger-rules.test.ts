import type { TriggerRule } from '@tsflow/core/state';
import { describe, expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

/**
 * Two upstream tasks end, one after the other: S success, K skipped, F failed, U upstream_failed. A cell says what the task below is
 * then: `r` runs, `w` waits, `s` skipped, `u` upstream_failed. What the first end decides stays.
 */
const ENDS = 'S K F U  SS SK SF SU  KS KK KF KU  FS FK FF FU  US UK UF UU'.split(/\s+/);
// biome-ignore format: a table
const RULES: readonly (readonly [TriggerRule, string])[] = [
  //                               S K F U  SS SK SF SU  KS KK KF KU  FS FK FF FU  US UK UF UU
  ['all_success',                 'w s u u  r  s  u  u   s  s  s  s   u  u  u  u   u  u  u  u'],
  ['all_failed',                  's s w w  s  s  s  s   s  s  s  s   s  s  r  r   s  s  r  r'],
  ['all_done',                    'w w w w  r  r  r  r   r  r  r  r   r  r  r  r   r  r  r  r'],
  ['all_done_min_one_success',    'w s w w  r  s  r  r   s  s  s  s   r  s  u  u   r  s  u  u'],
  ['all_skipped',                 's w s s  s  s  s  s   s  r  s  s   s  s  s  s   s  s  s  s'],
  ['one_success',                 'r w w w  r  r  r  r   r  s  u  u   r  u  u  u   r  u  u  u'],
  ['one_failed',                  'w w r r  s  s  r  r   s  s  r  r   r  r  r  r   r  r  r  r'],
  ['one_done',                    'r w r w  r  r  r  r   r  s  r  s   r  r  r  r   r  s  r  s'],
  ['none_failed',                 'w w u u  r  r  u  u   r  r  u  u   u  u  u  u   u  u  u  u'],
  ['none_failed_min_one_success', 'w w u u  r  r  u  u   r  s  u  u   u  u  u  u   u  u  u  u'],
  ['none_skipped',                'w s w w  r  s  r  r   s  s  s  s   r  s  r  r   r  s  r  r'],
  ['always',                      'r r r r  r  r  r  r   r  r  r  r   r  r  r  r   r  r  r  r'],
  ['all_done_setup_success',      'w w w w  r  r  r  r   r  r  r  r   r  r  r  r   r  r  r  r'],
];

const STATES: Readonly<Record<string, string>> = {
  r: 'queued',
  w: 'none',
  s: 'skipped',
  u: 'upstream_failed',
};
const WORDS: Readonly<Record<string, string>> = { S: 'success', K: 'skipped', F: 'failed' };

describe.each(RULES)('%s', (rule, row) => {
  const cells = row.split(/\s+/);
  test.each(ENDS.map((ends, i) => [ends, cells[i]!]))('after %s: %s', (ends, cell) => {
    // Each upstream task has one above it, whose failure makes it upstream_failed.
    const run = new PlayedDag(`p0 -> t0; p1 -> t1; t0, t1 -> below ${rule}`).run();
    [...ends].forEach((end, i) => {
      run.end(`p${i}`, end === 'U' ? 'failed' : 'success');
      if (end !== 'U') run.end(`t${i}`, WORDS[end]!);
    });
    expect(run.states.below).toBe(STATES[cell]);
  });
});

test('a task without upstream runs at once, whatever its rule', () => {
  for (const [rule] of RULES) expect(new PlayedDag(`root ${rule}`).run().states.root, rule).toBe('queued');
});

test('clearing an upstream task decides anew', () => {
  const run = new PlayedDag('a -> b -> c all_done').run().ends('a:failed c:success');
  expect(run.states).toEqual({ a: 'failed', b: 'upstream_failed', c: 'success' });
  run.clear({ taskIds: ['a'], downstream: true }).play();
  expect(run.states).toEqual({ a: 'success', b: 'success', c: 'success' });
});
