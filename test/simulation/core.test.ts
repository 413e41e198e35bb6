import { describe, expect, it } from 'vitest';
import { Random, testSeed } from '../support/random.ts';
import { CoreWorld } from './core-world.ts';

/** Played each time, so that what is green here is green everywhere. */
const FIXED_SEEDS = 1_800;
/** Besides them, others each time: few and quick, since what they find may have nothing to do with the change that meets it. */
const RANDOM_SEEDS = 200;
const MAX_STEPS = 300;

/** A failing seed with the events up to the failure; a shorter history is tried by leaving people out. */
function play(seed: number, people: number): { history: readonly string[]; error: Error | null } {
  const random = new Random(seed);
  const world = new CoreWorld(random);
  try {
    world.addRun();
    let acts = people;
    for (let step = 0; step < MAX_STEPS; step++) {
      if (world.runs.length < 3 && random.chance(0.05)) world.addRun();
      if (acts > 0 && random.chance(0.05)) {
        acts -= 1;
        world.person();
      }
      if (!world.step() && acts === 0) break;
    }
    for (let step = 0; step < 5_000 && world.step(); step++);
    const open = world.runs.filter(({ state }) => state === 'running' || state === 'queued');
    // A run may wait for a past that failed for good; it is the only reason to be left open.
    const stuck = open.filter((run) => run.waitingOnPast.isEmpty);
    if (stuck.length > 0) throw new Error(`${stuck.map((run) => run.runId).join(', ')} never ended`);
    return { history: world.history, error: null };
  } catch (error) {
    return { history: world.history, error: error as Error };
  }
}

function playAll(first: number, seeds: number): void {
  for (let seed = first; seed < first + seeds; seed++) {
    const result = [0, 1, 3].map((people) => play(seed, people)).find(({ error }) => error !== null);
    if (result !== undefined) {
      expect.fail(
        `TSFLOW_SEED=${seed} npx vitest run test/simulation/core.test.ts: ${result.error!.message}\n${result.error!.stack}\nhistory:\n  ${result.history.join('\n  ')}`,
      );
    }
  }
}

describe('under chance, failure and people, the core keeps its invariants', () => {
  it(`in ${FIXED_SEEDS} stories`, () => playAll(1, FIXED_SEEDS), 300_000);

  it(`in ${RANDOM_SEEDS} new ones`, () => playAll(testSeed('core simulation'), RANDOM_SEEDS), 120_000);
});
