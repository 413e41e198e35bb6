import type { SerializedTask } from '../serialization/index.ts';

type RetryPolicy = Pick<SerializedTask, 'retryDelayMs' | 'retryBackoff' | 'retryJitter' | 'maxRetryDelayMs'>;

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
  const exponential = policy.retryDelayMs * policy.retryBackoff ** (identity.tryNumber - 1);
  const base = Math.min(exponential, policy.maxRetryDelayMs);
  const jitter = policy.retryJitter === 0 ? 0 : base * policy.retryJitter * unitHash(identity);
  return Math.round(Math.min(base + jitter, policy.maxRetryDelayMs));
}

/** 0 to 1 out of the identity (FNV-1a, 32 bits): spreads retries that fail together, and is the same on every machine. */
function unitHash({ dagId, taskId, logicalDate, tryNumber }: TryIdentity): number {
  let hash = 0x811c9dc5;
  for (const character of `${dagId}\0${taskId}\0${logicalDate}\0${tryNumber}`) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  }
  return hash / 0xffffffff;
}
