import type { SerializedTask } from '../../serialization/index.ts';
import { unitHash } from '../schedule/unit-hash.ts';

export type RetryPolicy = Pick<
  SerializedTask,
  'retryDelayMs' | 'retryBackoff' | 'retryJitter' | 'maxRetryDelayMs'
>;

/** Identity of a try: the jitter is a hash of it, so that the same delay comes out every time it is computed. */
export interface TryIdentity {
  readonly dagId: string;
  readonly taskId: string;
  readonly logicalDate: number;
  readonly tryNumber: number;
}

/** Airflow's rule: a failed try is retried while `tryNumber <= maxTries`; `maxTries` starts as `retries`. */
export function mayRetry(tryNumber: number, maxTries: number): boolean {
  return tryNumber <= maxTries;
}

/**
 * Milliseconds from the end of a failed try to the next one: `retryDelay x backoff^(try-1)`, plus up to `retryJitter` of it, cut
 * at `maxRetryDelay`. Exact without jitter; never overflows.
 */
export function retryDelayMs(policy: RetryPolicy, identity: TryIdentity): number {
  const factor = policy.retryBackoff ** (identity.tryNumber - 1);
  // The factor may be Infinity by now, and nothing times Infinity is not a number.
  const base = policy.retryDelayMs === 0 ? 0 : Math.min(policy.retryDelayMs * factor, policy.maxRetryDelayMs);
  const jitter = policy.retryJitter === 0 ? 0 : base * policy.retryJitter * hashOf(identity);
  return Math.round(Math.min(base + jitter, policy.maxRetryDelayMs));
}

/** Spreads retries that fail together. */
const hashOf = ({ dagId, taskId, logicalDate, tryNumber }: TryIdentity): number =>
  unitHash(`${dagId}\0${taskId}\0${logicalDate}\0${tryNumber}`);
