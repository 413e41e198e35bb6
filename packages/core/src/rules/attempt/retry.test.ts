import { describe, expect, it } from 'vitest';
import { mayRetry, retryDelayMs } from './retry.ts';

const identity = (tryNumber: number) => ({ dagId: 'd', taskId: 't', logicalDate: 0, tryNumber });
const DAY = 86_400_000;

describe('retry', () => {
  // delay, backoff, maximum, failed try, milliseconds to the next
  it.each([
    [300_000, 1, DAY, 1, 300_000], //          constant
    [300_000, 1, DAY, 7, 300_000],
    [1_000, 2, DAY, 1, 1_000], //              exponential: 1, 2, 4 s
    [1_000, 2, DAY, 2, 2_000],
    [1_000, 2, DAY, 3, 4_000],
    [1_000, 2, 3_000, 3, 3_000], //            capped
    [1_000, 10, DAY, 5_000, DAY], //           no overflow
    [0, 2, DAY, 3, 0],
  ])(
    '%i ms x %i, at most %i, after try %i: %i ms',
    (retryDelayMs_, retryBackoff, maxRetryDelayMs, tryNumber, expected) => {
      const policy = { retryDelayMs: retryDelayMs_, retryBackoff, retryJitter: 0, maxRetryDelayMs };
      expect(retryDelayMs(policy, identity(tryNumber))).toBe(expected);
    },
  );

  it('adds at most the share of jitter, the same each time', () => {
    const policy = { retryDelayMs: 1_000, retryBackoff: 1, retryJitter: 0.5, maxRetryDelayMs: DAY };
    for (let tryNumber = 1; tryNumber < 200; tryNumber++) {
      const delay = retryDelayMs(policy, identity(tryNumber));
      expect(delay).toBeGreaterThanOrEqual(1_000);
      expect(delay).toBeLessThanOrEqual(1_500);
      expect(retryDelayMs(policy, identity(tryNumber))).toBe(delay);
    }
  });

  it.each([
    [1, 0, false], // retries 0: one attempt
    [1, 2, true],
    [2, 2, true],
    [3, 2, false], // attempts <= retries + 1
    [4, 5, true], //  cleared after try 3 with retries 2: tries 4, 5 and 6
    [6, 5, false],
  ])('try %i with maxTries %i may be retried: %s', (tryNumber, maxTries, expected) => {
    expect(mayRetry(tryNumber, maxTries)).toBe(expected);
  });
});
