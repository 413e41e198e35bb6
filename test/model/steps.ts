import type { Random } from '../support/random.ts';
import type { Outcome } from './rows.ts';
import type { CommitFault } from './scheduler.ts';

export type HostName = 'A' | 'B';
/** Which of the things that exist: taken modulo how many there are. */
type Pick = number;

/**
 * One step of a history: plain data, so that a history can be printed, cut down and played again. A step that makes no sense where
 * it stands does nothing.
 */
export type Step =
  | { readonly do: 'time passes'; readonly seconds: number }
  // A scheduler, piece by piece.
  | { readonly do: 'beat'; readonly host: HostName; readonly isReplyLost: boolean }
  | { readonly do: 'watch' | 'acquire' | 'decide' | 'reread' | 'tell one'; readonly host: HostName }
  | { readonly do: 'commit'; readonly host: HostName; readonly fault: CommitFault }
  | { readonly do: 'supervise'; readonly host: HostName; readonly isReplyLost: boolean }
  | { readonly do: 'release'; readonly host: HostName; readonly dag: Pick }
  /** Beats, decides and commits; what follows from it is still to be told. */
  | { readonly do: 'turn untold'; readonly host: HostName }
  /** Everything that it does in a second of health. */
  | { readonly do: 'whole turn'; readonly host: HostName }
  // Processes.
  | { readonly do: 'runner ends'; readonly runner: Pick; readonly outcome: Outcome }
  | { readonly do: 'runner dies'; readonly runner: Pick }
  // People.
  | { readonly do: 'trigger'; readonly dag: Pick; readonly isReplyLost: boolean }
  | { readonly do: 'pause' | 'unpause'; readonly dag: Pick }
  | { readonly do: 'clear' | 'kill'; readonly task: Pick }
  | { readonly do: 'ask again' }
  // Faults.
  | { readonly do: 'late commit arrives' }
  | { readonly do: 'crash' | 'restart'; readonly host: HostName }
  /** One host stands still (SIGSTOP, a long collection) while the other goes on. */
  | { readonly do: 'stand still'; readonly host: HostName; readonly seconds: number }
  /** As before, and the monotonic clock of host A stands still with it: a suspended virtual machine. */
  | { readonly do: 'suspend A'; readonly seconds: number }
  /** Host B's wall clock is set, so far ahead of the true time (or behind it). */
  | { readonly do: 'set clock of B'; readonly ahead: number };

/** How often each step is taken, relative to the others. */
const WEIGHTS: readonly (readonly [weight: number, make: (random: Random) => Step])[] = [
  [14, (r) => ({ do: 'time passes', seconds: r.chance(0.2) ? 30 : 1 + r.int(6) })],
  [6, (r) => ({ do: 'beat', host: host(r), isReplyLost: r.chance(0.2) })],
  [14, (r) => ({ do: 'watch', host: host(r) })],
  [5, (r) => ({ do: 'acquire', host: host(r) })],
  [10, (r) => ({ do: 'decide', host: host(r) })],
  [10, (r) => ({ do: 'commit', host: host(r), fault: fault(r) })],
  [5, (r) => ({ do: 'reread', host: host(r) })],
  [6, (r) => ({ do: 'tell one', host: host(r) })],
  [6, (r) => ({ do: 'supervise', host: host(r), isReplyLost: r.chance(0.2) })],
  [3, (r) => ({ do: 'release', host: host(r), dag: r.int(2) })],
  [16, (r) => ({ do: 'turn untold', host: host(r) })],
  [14, (r) => ({ do: 'whole turn', host: host(r) })],
  [18, (r) => ({ do: 'runner ends', runner: r.int(8), outcome: outcome(r) })],
  [2, (r) => ({ do: 'runner dies', runner: r.int(8) })],
  [9, (r) => ({ do: 'trigger', dag: r.int(2), isReplyLost: r.chance(0.5) })],
  [3, (r) => ({ do: 'pause', dag: r.int(2) })],
  [2, (r) => ({ do: 'unpause', dag: r.int(2) })],
  [5, (r) => ({ do: 'clear', task: r.int(8) })],
  [3, (r) => ({ do: 'kill', task: r.int(8) })],
  [2, () => ({ do: 'ask again' })],
  [4, () => ({ do: 'late commit arrives' })],
  [3, (r) => ({ do: 'crash', host: host(r) })],
  [5, (r) => ({ do: 'restart', host: host(r) })],
  [4, (r) => ({ do: 'stand still', host: host(r), seconds: 15 + r.int(40) })],
  [5, (r) => ({ do: 'suspend A', seconds: 15 + r.int(40) })],
  [4, (r) => ({ do: 'set clock of B', ahead: r.int(121) - 60 })],
];

/**
 * A random history. Each has weather of its own: some steps come more often in it, some hardly ever, so that rare combinations
 * come about in some of them (swarm testing).
 */
export function randomHistory(random: Random, length: number): Step[] {
  const weather = WEIGHTS.map(([weight, make]) => ({ weight: weight * random.pick([0.2, 1, 1, 4]), make }));
  const total = weather.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length }, () => {
    let at = random.next() * total;
    const next = weather.find(({ weight }) => {
      at -= weight;
      return at < 0;
    });
    return (next ?? weather[0]!).make(random);
  });
}

/** A step in words. */
export function describeStep({ do: what, ...rest }: Step): string {
  const facts = Object.entries(rest).filter(([, value]) => value !== false && value !== 'none');
  return [what, ...facts.map(([name, value]) => (value === true ? 'reply lost' : `${name} ${value}`))].join(
    ', ',
  );
}

function host(random: Random): HostName {
  return random.chance(0.5) ? 'A' : 'B';
}

function fault(random: Random): CommitFault {
  if (random.chance(0.6)) return 'none';
  return random.pick(['reply lost', 'request lost', 'late', 'late'] as const);
}

function outcome(random: Random): Outcome {
  return random.pick(['success', 'success', 'failed', 'reschedule'] as const);
}
