/**
 * The checks of the protocol, by name. Each can be taken out of the model alone; `breaks` says which invariants then fail in some
 * history, and is what the test expects. ADR 001 (packages/scheduler/src/loop) says the same in prose.
 */
export const CHECKS = {
  turnFence: {
    rule: 'A commit is refused unless scheduler.turn is still what its sender believes.',
    breaks: [
      'finishedStaysFinished',
      'oneRunPerSlot',
      'oneRunPerAsk',
      'askedOnce',
      'oneResultPerTry',
      'converges',
      'slotsInProcesses',
    ],
  },
  dagEpochInCommit: {
    rule: 'A commit writes only DAGs that its sender holds under the epoch that it believes.',
    breaks: [
      'finishedStaysFinished',
      'oneRunPerSlot',
      'askedOnce',
      'oneResultPerTry',
      'slotsInRows',
      'converges',
    ],
  },
  lostDagsLeaveWhole: {
    rule: 'The grants and answers of a DAG that left a commit leave with it.',
    breaks: ['startsOnlyWhatIsClaimed', 'acknowledgedIsKept', 'converges'],
  },
  memoryDroppedOnLostLease: {
    rule: 'A DAG that was lost or given back is read anew when it is held again.',
    breaks: [
      'finishedStaysFinished',
      'oneRunPerSlot',
      'askedOnce',
      'oneResultPerTry',
      'slotsInRows',
      'converges',
      'startsOnlyWhatIsClaimed',
      'slotsInProcesses',
    ],
  },
  rereadAfterLostCommit: {
    rule: 'When the reply of a COMMIT is lost, nothing is told or remembered before the turn row was read.',
    breaks: ['startsOnlyWhatIsClaimed', 'acknowledgedIsKept', 'converges', 'askedOnce'],
  },
  sameTurnAgain: {
    rule: 'A commit that did not happen is repeated as it was: decided anew, its number would not say which of the two came through.',
    breaks: ['startsOnlyWhatIsClaimed', 'acknowledgedIsKept', 'converges'],
  },
  claimBeforeGrant: {
    rule: 'A grant is sent after the commit that writes its claim.',
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  ackAfterCommit: {
    rule: 'An outcome is acknowledged after the commit that holds it.',
    breaks: ['acknowledgedIsKept'],
  },
  grantNumberInReport: {
    rule: 'Only the report of the newest grant of an attempt is applied.',
    breaks: ['oneResultPerTry', 'slotsInProcesses', 'acknowledgedIsKept'],
  },
  stopGrantingBeforeLeaseEnd: {
    rule: 'No grant is sent 20 s or more after the last confirmed beat.',
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  largerOfBothClocks: {
    rule: 'Those 20 s are the larger of wall and monotonic time passed.',
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  retiredStopsAtBeat: {
    rule: 'A beat of a scheduler that was retired fails, and it stops.',
    breaks: ['startsOnlyWhatIsClaimed', 'converges'],
  },
  observerMonotonicExpiry: {
    rule: "Expiry is a beat unchanged for 30 s of the observer's monotonic time, not an old time stamp.",
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  deathProved: {
    rule: 'Before that, only a scheduler of the same machine is retired of which that machine knows that its process is gone.',
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  beatUnchangedInTakeover: {
    rule: 'A scheduler is retired only while its beat is still the one that was seen to stand still.',
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  counterInTransaction: {
    rule: 'Slots are taken, within the limit, in the transaction that moves the task.',
    breaks: ['slotsInRows', 'slotsInProcesses', 'converges'],
  },
  slotHeldUntilGone: {
    rule: 'What is killed or cleared keeps its slot until its process is gone.',
    breaks: ['slotsInProcesses'],
  },
  idempotencyKey: {
    rule: 'An intent whose key was seen before is the same intent.',
    breaks: ['oneRunPerAsk', 'askedOnce'],
  },
  intentConsumedInTransaction: {
    rule: 'An intent is marked applied in the transaction that applies it.',
    breaks: ['oneRunPerAsk', 'askedOnce'],
  },
  outcomeKeptUntilAccepted: {
    rule: 'A runner keeps its outcome, in a spool file if need be, until it is accepted.',
    breaks: ['finishedIsNotLost'],
  },
  spoolBeforeLost: {
    rule: 'A vanished process is lost only after its spool was read.',
    breaks: ['finishedIsNotLost'],
  },
  regrantUnacknowledged: {
    rule: 'A claim that no runner is known to have taken up is granted again, under a new number.',
    breaks: ['converges'],
  },
  pauseHoldsRegrants: {
    rule: 'A claim that is to be granted again waits while its DAG is paused.',
    breaks: ['startsOnlyWhatIsClaimed'],
  },
  pollRepairsLostWakes: {
    rule: 'Intents are polled, whether a wake came or not.',
    breaks: ['converges'],
  },
} as const satisfies Readonly<Record<string, { rule: string; breaks: readonly InvariantName[] }>>;

/** What must hold in every history, whatever goes wrong in it. */
export type InvariantName =
  | 'oneRunPerSlot'
  /** One trigger makes one run, however often its door repeated it. */
  | 'oneRunPerAsk'
  | 'askedOnce'
  | 'oneResultPerTry'
  | 'acknowledgedIsKept'
  /** Only a clear changes what is finished. */
  | 'finishedStaysFinished'
  /** What ended with an outcome is never counted as lost infrastructure. */
  | 'finishedIsNotLost'
  /** A process starts only under the newest grant of a queued task, of a DAG that is not paused. */
  | 'startsOnlyWhatIsClaimed'
  | 'slotsInRows'
  /** Processes that nobody fenced never outnumber the limit. */
  | 'slotsInProcesses'
  | 'oneHolderPerEpoch'
  /** Once the faults end: all that was asked is done, every slot has its run, every run is over, no slot is in use. */
  | 'converges';

export type CheckName = keyof typeof CHECKS;

/**
 * What the real store does on top. The protocol is right without these, so they are left out, lest they hide that a check is missing;
 * a test says how far they would go in place of one.
 */
export const BELTS = {
  compareAndSet: 'A commit is refused when a task is not in the state that it was decided on.',
  retiredRefusedInCommit: 'A commit of a scheduler that was retired is refused.',
} as const;
export type BeltName = keyof typeof BELTS;

export type Checks = Readonly<Record<CheckName | BeltName, boolean>>;

export const CHECK_NAMES = Object.keys(CHECKS) as CheckName[];
export const ALL_CHECKS: Checks = {
  ...(Object.fromEntries(CHECK_NAMES.map((name) => [name, true])) as Record<CheckName, boolean>),
  compareAndSet: false,
  retiredRefusedInCommit: false,
};
export const ALL_CHECKS_AND_BELTS: Checks = {
  ...ALL_CHECKS,
  compareAndSet: true,
  retiredRefusedInCommit: true,
};

export function without(name: CheckName, checks: Checks = ALL_CHECKS): Checks {
  return { ...checks, [name]: false };
}
