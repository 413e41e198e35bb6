import { expect, it } from 'vitest';
import { describeFailure, findFailure } from './play.ts';

/** Histories of one run of the tests; TSFLOW_SIMULATION_SEEDS plays more of them. */
const SEEDS = Number(process.env.TSFLOW_SIMULATION_SEEDS ?? 2_000);
const STEPS = Number(process.env.TSFLOW_SIMULATION_STEPS ?? 60);
/** Seeds 1 to 2,000 are the same everywhere; TSFLOW_SEED is the first of others. */
const FIRST = Number(process.env.TSFLOW_SEED ?? 1);
/** Files among which the seeds are divided, so that as many are played at once as the machine has cores. */
const SHARES = 4;

/** Plays one of the four shares of the seeds. */
export function playShare(share: 1 | 2 | 3 | 4): void {
  const size = Math.ceil(SEEDS / SHARES);
  const first = FIRST + (share - 1) * size;
  it(`nothing breaks in ${size} histories from seed ${first} on`, {
    timeout: 3_600_000,
    retry: 0,
  }, async () => {
    const begun = performance.now();
    const cpu = process.cpuUsage();
    const failure = await findFailure(first, size, STEPS);
    const seconds = Math.round((performance.now() - begun) / 1000);
    const { user, system } = process.cpuUsage(cpu);
    const busy = Math.round((user + system) / 1e6);
    console.info(
      `Two schedulers: ${size} histories of ${STEPS} steps from seed ${first} in ${seconds} s, ${busy} s of CPU.`,
    );
    expect(failure === null ? 'nothing breaks' : describeFailure(failure)).toBe('nothing breaks');
  });
}
