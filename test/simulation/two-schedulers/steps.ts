import type { Random } from '../../support/random.ts';

export type ProcessName = 'A' | 'B';

/** What decides everything that is still open in a step: whose turn it is, which run, which outcome. */
type Salt = number;

/**
 * One step of a history: plain data, so that a history can be cut down and played again. A step that makes no sense where it stands does
 * nothing. What it came to, the world tells in words.
 */
export type Step = { readonly salt: Salt } & (
  | { readonly do: 'time passes'; readonly ms: number }
  /** A runner begins, ends, or dies. */
  | { readonly do: 'begin' | 'end' | 'lose' }
  /** A running task saves its state. */
  | { readonly do: 'save' }
  /** Somebody asks for something. */
  | { readonly do: 'ask' }
  /** Somebody changes a Variable, or a pool. */
  | { readonly do: 'limit' }
  /** An event of an asset is posted. */
  | { readonly do: 'post' }
  | { readonly do: 'new version' }
  | {
      readonly do: 'dies' | 'stands still' | 'is suspended' | 'is refused' | 'is not answered';
      readonly process: ProcessName;
      readonly afterCalls: number;
    }
  | { readonly do: 'goes on' | 'starts'; readonly process: ProcessName }
  | { readonly do: 'clock is set'; readonly process: ProcessName | null; readonly ahead: number }
);

type Make = (random: Random) => DistributiveOmit<Step, 'salt'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** How often each step is taken, relative to the others. */
const WEIGHTS: readonly (readonly [weight: number, make: Make])[] = [
  [26, (r) => ({ do: 'time passes', ms: r.chance(0.2) ? 2_000 + r.int(3_000) : 1 + r.int(1_500) })],
  [16, () => ({ do: 'begin' })],
  [32, () => ({ do: 'end' })],
  [3, () => ({ do: 'lose' })],
  [2, () => ({ do: 'save' })],
  [22, () => ({ do: 'ask' })],
  [4, () => ({ do: 'limit' })],
  [3, () => ({ do: 'post' })],
  [3, () => ({ do: 'new version' })],
  [4, (r) => ({ do: 'dies', process: process(r), afterCalls: calls(r) })],
  [4, (r) => ({ do: 'stands still', process: process(r), afterCalls: calls(r) })],
  [2, (r) => ({ do: 'is suspended', process: process(r), afterCalls: calls(r) })],
  [4, (r) => ({ do: 'goes on', process: process(r) })],
  [2, (r) => ({ do: 'is refused', process: process(r), afterCalls: calls(r) })],
  [2, (r) => ({ do: 'is not answered', process: process(r), afterCalls: calls(r) })],
  [6, (r) => ({ do: 'starts', process: process(r) })],
  [
    2,
    (r) => ({
      do: 'clock is set',
      process: r.pick(['A', 'B', null]),
      ahead: r.pick([-3_600_000, -10_000, 0, 0, 10_000, 3_600_000]),
    }),
  ],
];

/**
 * A random history. Each has weather of its own: some steps come more often in it, some hardly ever, so that rare combinations come
 * about in some of them (swarm testing).
 */
export function randomHistory(random: Random, length: number): Step[] {
  const weather = WEIGHTS.map(([weight, make]) => ({ weight: weight * random.pick([0.2, 1, 1, 3]), make }));
  const total = weather.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length }, () => {
    let at = random.next() * total;
    const next = weather.find(({ weight }) => {
      at -= weight;
      return at < 0;
    });
    return { ...(next ?? weather[0]!).make(random), salt: random.int(2 ** 31) };
  });
}

const process = (random: Random): ProcessName => random.pick(['A', 'B']);

/** A turn makes about ten calls. */
const calls = (random: Random): number => random.int(25);
