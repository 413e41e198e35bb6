import { describe, expect, it } from 'vitest';
import { testSeed } from '../support/random.ts';
import {
  ALL_CHECKS,
  ALL_CHECKS_AND_BELTS,
  CHECK_NAMES,
  CHECKS,
  type CheckName,
  type Checks,
  without,
} from './checks.ts';
import { describeFailure, type Failure, findFailure } from './play.ts';

/** Seeds 1 to this are the same everywhere. The rarest check needs about 1,100 of them. */
const SEEDS = 3_000;
const NEW_SEEDS = 1_000;

function explain(failure: Failure | null): string {
  return failure === null ? 'nothing breaks' : describeFailure(failure);
}

describe('with every check', () => {
  it(`nothing breaks in ${SEEDS} histories`, () => {
    expect(explain(findFailure(ALL_CHECKS, 1, SEEDS))).toBe('nothing breaks');
  });

  it(`nor in ${NEW_SEEDS} that nobody has played before`, () => {
    expect(explain(findFailure(ALL_CHECKS, testSeed('one writer per DAG'), NEW_SEEDS))).toBe(
      'nothing breaks',
    );
  });

  it('nor with what the real store checks besides', () => {
    expect(explain(findFailure(ALL_CHECKS_AND_BELTS, 1, NEW_SEEDS))).toBe('nothing breaks');
  });
});

describe('without one check', () => {
  it.each(CHECK_NAMES)('%s: some history breaks an invariant', (name) => {
    const failure = findFailure(without(name), 1, SEEDS);
    console.info(`Without ${name} (${CHECKS[name].rule}): ${explain(failure)}`);
    expect(failure, 'the model is too weak, or the check is not needed').not.toBeNull();
    expect(CHECKS[name].breaks).toContain(failure!.violation.invariant);
  });
});

describe('what the real store checks besides is no substitute', () => {
  it.each<CheckName>(['turnFence', 'memoryDroppedOnLostLease', 'grantNumberInReport'])('for %s', (name) => {
    expect(findFailure(without(name, ALL_CHECKS_AND_BELTS), 1, SEEDS)).not.toBeNull();
  });

  it.each<CheckName>(['dagEpochInCommit', 'lostDagsLeaveWhole'])(
    'but refusing a retired scheduler as a whole would do for %s, as long as DAGs are lost all at once',
    (name) => {
      const checks: Checks = { ...without(name), retiredRefusedInCommit: true };
      expect(explain(findFailure(checks, 1, NEW_SEEDS))).toBe('nothing breaks');
    },
  );
});
