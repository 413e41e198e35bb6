import { PastWaits } from './past.ts';
import type { RunWork } from './work.ts';

/** What a run's working state is made of while it has no instances. */
type Working =
  | 'deadlinesMissed'
  | 'tasks'
  | 'groups'
  | 'restarting'
  | 'continuing'
  | 'ending'
  | 'unfinished'
  | 'live'
  | 'leaving'
  | 'waitingOnPast'
  | 'past'
  | 'followers'
  | 'activeByLimit';

/** A run without instances, of what its row says: one that was just created, or one that is about to get those of the database. */
export function newRunWork(facts: Omit<RunWork, Working>): RunWork {
  return {
    ...facts,
    deadlinesMissed: new Set(),
    tasks: [],
    groups: new Map(),
    restarting: new Set(),
    continuing: new Set(),
    ending: new Set(),
    unfinished: { count: 0 },
    live: { count: 0 },
    leaving: new Set(),
    waitingOnPast: new PastWaits(),
    past: null,
    followers: new Set(),
    activeByLimit: new Map(),
  };
}
