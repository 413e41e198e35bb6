/** What has to hold, and where it is shown: in this world, or by tests of what this world has none of (processes, files, real time). */
export interface Shown {
  readonly what: string;
  /** By whom it is judged here. */
  readonly here?: string;
  /** Tests and benchmarks that show it, or more of it, with real processes and databases. */
  readonly elsewhere?: readonly string[];
  /** Why nothing shows it yet. */
  readonly missing?: string;
}

/** The invariants by their number in the programme of reliability, and five more of this world. */
export const INVARIANTS = {
  I1: { what: 'one run per DAG and slot', here: 'ledger, at each commit' },
  I2: { what: 'at most one accepted result per try', here: 'ledger, at each commit' },
  I3: {
    what: 'what was acknowledged is in the database',
    here: 'ledger, at each acknowledgement; rows against the ledger at the end',
    elsewhere: ['test/chaos/kill.test.ts'],
  },
  I4: {
    what: 'nothing is active without a living owner for longer than lease, sweep and turn',
    here: 'world, in the calm',
  },
  I5: { what: 'an end changes only with an event that says why', here: 'ledger, at each commit' },
  I6: {
    what: 'nothing starts beyond a limit that was read, and a change is read within a second',
    here: 'ledger, at each commit',
  },
  I7: {
    what: 'the slots are those of an oracle',
    here: 'slot oracle, at the end',
    elsewhere: ['test/simulation/schedules.test.ts'],
  },
  I8: { what: 'tries and losses stay within their caps', here: 'ledger, at each commit' },
  I9: { what: 'a bad file delays nobody', elsewhere: ['test/integration/dag-processor.test.ts'] },
  I10: {
    what: 'what may run gets its turn',
    here: 'world, at the end',
    elsewhere: ['test/simulation/fair-turns.test.ts'],
  },
  I11: {
    what: 'no busy loop: the schedulers come to rest',
    here: 'world, after each step',
    elsewhere: ['test/chaos/postgres.test.ts', 'test/integration/half-open.test.ts'],
  },
  I12: {
    what: 'logs are bounded and outlive a crash',
    elsewhere: ['test/integration/executor-faults.test.ts', 'packages/core/src/logs/attempt-log.test.ts'],
  },
  I13: { what: 'reads answer while writers work', missing: 'no test reads the API under load' },
  I14: { what: 'a task starts only after what its trigger rule waits for', here: 'ledger, at each commit' },
  I15: { what: 'after the storm everything converges', here: 'world, at the end' },
  asked: { what: 'what somebody asked for is decided once', here: 'ledger, at each commit' },
  claimed: {
    what: 'a process starts only under the newest grant, by the holder of its DAG',
    here: 'machine, at each start',
  },
  finished: { what: 'what came to its end is not counted as lost', here: 'ledger, at each commit' },
  rebuilt: { what: 'the state rebuilt from the events equals the rows', here: 'auditor, at the end' },
  errors: { what: 'no turn fails but for a fault that was injected', here: 'world, at each complaint' },
} as const satisfies Readonly<Record<string, Shown>>;

export type Invariant = keyof typeof INVARIANTS;

/** Keeps the first violation: what is noticed inside a call of the scheduler must not be taken for a failure of that call. */
export class Verdict {
  first: Violation | null = null;

  /** Does what may throw a {@link Violation}. */
  watch(judge: () => void): void {
    try {
      judge();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.first ??= error;
    }
  }
}

/** Thrown when an invariant does not hold. */
export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(`${invariant} (${INVARIANTS[invariant].what}): ${message}`);
    this.invariant = invariant;
  }
}
