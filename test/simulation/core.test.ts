import { expect, it } from 'vitest';
import { Random, testSeed } from '../support/random.ts';
import { CoreWorld } from './core-world.ts';

const SEEDS = 2_000;
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

it('keeps its invariants under chance, failure and people', () => {
  const first = testSeed('core simulation');
  for (let seed = first; seed < first + SEEDS; seed++) {
    const result = [0, 1, 3].map((people) => play(seed, people)).find(({ error }) => error !== null);
    if (result !== undefined) {
      expect.fail(
        `TSFLOW_SEED=${seed}: ${result.error!.message}\n${result.error!.stack}\nhistory:\n  ${result.history.join('\n  ')}`,
      );
    }
  }
}, 600_000);
