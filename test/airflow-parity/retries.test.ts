import { type RetryPolicy, retryDelayMs, timeCame } from '@tsflow/core/rules';
import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

// biome-ignore format: a table
test.each([
  // retries  ends                                         state       tries
  [0,         'a:failed',                                  'failed',    1],
  [1,         'a:failed',                                  'success',   2],
  [2,         'a:failed a:failed',                         'success',   3],
  [2,         'a:failed a:failed a:failed',                'failed',    3],
  [2,         'a:fails for good',                          'failed',    1],
  [2,         'a:skipped',                                 'skipped',   1],
  [1,         'a:waits 5 a:waits 5 a:success',             'success',   1],  // called again: the same try
  [1,         'a:waits 5 a:failed a:waits 5',              'success',   2],
  [0,         'a:lost',                                    'success',   1],  // infrastructure has a count of its own
  [0,         'a:lost a:lost',                             'success',   1],
  [0,         'a:lost a:lost a:lost',                      'success',   1],
  [0,         'a:lost a:lost a:lost a:lost',               'failed',    1],  // and a cap
  [1,         'a:lost a:failed a:lost',                    'success',   2],
] as const)('retries %i with [%s]: %s after %i tries', (retries, ends, state, tries) => {
  const run = new PlayedDag(`a retries=${retries}`).run().play(ends);
  expect([run.states.a, run.instance('a').tryNumber]).toEqual([state, tries]);
});

test.each([0, 1, 2])(
  'infraRetries %i starts an attempt again that often when its runner is lost',
  (infraRetries) => {
    const dag = new PlayedDag('a');
    dag.infraRetries = infraRetries;
    const run = dag.run();
    for (let loss = 0; loss < infraRetries; loss++) run.end('a', 'lost');
    expect(run.states.a).toBe('queued');
    run.end('a', 'lost');
    expect(run.states.a).toBe('failed');
    expect(run.instance('a').reason).toBe(
      `killed by signal 9; ${['lost once', 'lost 2 times', 'lost 3 times'][infraRetries]}, and starts again at most ${infraRetries} times`,
    );
  },
);

test.each([
  ['queued', 'a:defers 10 a:lost'],
  ['running', 'a:defers 10 a:lost'],
  ['deferred', 'a:defers 10 a:lost a:defers 20'],
  ['failed', 'a:defers 10 a:lost a:lost'],
])(
  'an instance that is %s after its trigger was lost does not wait for the old instant: %s',
  (state, ends) => {
    const dag = new PlayedDag('a');
    dag.infraRetries = 1;
    const run = dag.run().ends(ends);
    if (state === 'running') run.begin('a');
    const waiting = run.instance('a').nextAt;
    expect([run.states.a, waiting]).toEqual([state, state === 'deferred' ? dag.now + 20 : null]);
    dag.now += 10;
    if (state !== 'deferred') dag.turn((changes) => timeCame(run.instance('a'), changes));
    expect([run.states.a, run.instance('a').nextAt]).toEqual([state, waiting]);
  },
);

// biome-ignore format: a table
test.each([
  // delay    backoff  try     cap             waits
  [300_000,   1,       1,      86_400_000,     300_000],      // Airflow's five minutes, constant
  [300_000,   1,       50,     86_400_000,     300_000],
  [1_000,     2,       1,      86_400_000,     1_000],        // delay x 2^(try-1)
  [1_000,     2,       2,      86_400_000,     2_000],
  [1_000,     2,       5,      86_400_000,     16_000],
  [1_000,     3,       4,      86_400_000,     27_000],
  [1_000,     1.5,     3,      86_400_000,     2_250],
  [1_000,     2,       10,     60_000,         60_000],       // cut at maxRetryDelay
  [300_000,   2,       200,    86_400_000,     86_400_000],   // 2^199 is no number of milliseconds
  [300_000,   2,       5_000,  86_400_000,     86_400_000],   // and 2^4999 none at all
  [0,         2,       5_000,  86_400_000,     0],            // nothing times Infinity
  [0,         1,       1,      86_400_000,     0],
])('a delay of %i ms x %f, try %i, at most %i: %i', (retryDelay, retryBackoff, tryNumber, maxRetryDelayMs, expected) => {
  const policy: RetryPolicy = { retryDelayMs: retryDelay, retryBackoff, retryJitter: 0, maxRetryDelayMs };
  expect(retryDelayMs(policy, { dagId: 'd', taskId: 't', logicalDate: 0, tryNumber })).toBe(expected);
});

test('the delay counts from the end of the failed try', () => {
  const dag = new PlayedDag('a retries=1 delay=5000');
  const run = dag.run();
  dag.now += 60_000;
  run.end('a', 'failed');
  expect(run.instance('a').nextAt! - run.instance('a').endDate!).toBe(5_000);
});

test('jitter adds up to its share, spreads tasks, and is the same every time', () => {
  const policy: RetryPolicy = {
    retryDelayMs: 100_000,
    retryBackoff: 1,
    retryJitter: 0.5,
    maxRetryDelayMs: 86_400_000,
  };
  const delay = (taskId: string, tryNumber = 1, logicalDate = 0) =>
    retryDelayMs(policy, { dagId: 'd', taskId, logicalDate, tryNumber });
  const delays = Array.from({ length: 200 }, (_, i) => delay(`t${i}`));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(100_000);
  expect(Math.max(...delays)).toBeLessThanOrEqual(150_000);
  expect(new Set(delays).size).toBeGreaterThan(190);
  expect(Array.from({ length: 200 }, (_, i) => delay(`t${i}`))).toEqual(delays);
  expect(new Set([delay('t', 1), delay('t', 2), delay('t', 1, 1)]).size).toBe(3);
  // Written down, so that no machine and no later version computes another one by accident.
  expect([delay('extract'), delay('load', 2)]).toEqual([125_533, 121_122]);
  expect(
    retryDelayMs(
      { ...policy, maxRetryDelayMs: 100_000 },
      { dagId: 'd', taskId: 't', logicalDate: 0, tryNumber: 1 },
    ),
  ).toBe(100_000);
});

test('a clear adds the retries to the tries so far', () => {
  const run = new PlayedDag('a retries=1').run().play('a:failed a:failed');
  expect(run.state).toBe('failed');
  run.clear().play('a:failed a:failed');
  expect([run.states.a, run.instance('a').tryNumber, run.instance('a').maxTries]).toEqual(['failed', 4, 3]);
});
