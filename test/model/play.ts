import { Random } from '../support/random.ts';
import { Violation } from './auditor.ts';
import type { Checks } from './checks.ts';
import { describeStep, randomHistory, type Step } from './steps.ts';
import { World } from './world.ts';

const STEPS = 120;

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
  /** The shortest history that was found to break the same invariant. */
  readonly history: readonly Step[];
}

/** Plays the histories of `seeds` until one breaks an invariant. Null: none did. */
export function findFailure(checks: Checks, firstSeed: number, seeds: number): Failure | null {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const history = randomHistory(new Random(seed), STEPS);
    const violation = play(checks, history);
    if (violation !== null) return { seed, ...shorten(checks, history, violation) };
  }
  return null;
}

/** One history, then calm. */
export function play(checks: Checks, history: readonly Step[]): Violation | null {
  try {
    const world = new World(checks);
    for (const step of history) world.play(step);
    world.calm();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

/** Leaves steps out, many at a time and then one by one, as long as the same invariant breaks. */
function shorten(
  checks: Checks,
  history: readonly Step[],
  violation: Violation,
): { history: readonly Step[]; violation: Violation } {
  let best = { history, violation };
  for (let size = Math.floor(history.length / 2); size >= 1; ) {
    let isShorter = false;
    for (let at = 0; at < best.history.length; ) {
      const shorter = best.history.filter((_, index) => index < at || index >= at + size);
      const found = play(checks, shorter);
      if (found?.invariant === violation.invariant) {
        best = { history: shorter, violation: found };
        isShorter = true;
      } else at += size;
    }
    if (!isShorter || size > 1) size = size === 1 ? 0 : Math.max(1, Math.floor(size / 2));
  }
  return best;
}

export function describeFailure({ seed, violation, history }: Failure): string {
  const steps = history.map((step, index) => `  ${String(index + 1).padStart(2)}. ${describeStep(step)}`);
  return [`seed ${seed}, ${history.length} steps:`, ...steps, `  then ${violation.message}`].join('\n');
}
