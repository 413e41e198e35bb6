import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BREAKAGES } from './breakages.ts';
import { findViolation } from './play.ts';
import { INVARIANTS, type Shown } from './violation.ts';

/** Most need one of them, the rarest fourteen. */
const SEEDS = 60;

it.each(BREAKAGES)('notices $what, by $breaks', { timeout: 600_000 }, async ({ what, breaks, make }) => {
  const found = await findViolation(1, SEEDS, 60, make, breaks);
  console.info(
    `${what}: ${found === null ? 'nothing breaks' : `seed ${found.seed}, ${found.violation.message}`}`,
  );
  expect(found, 'the simulation is too weak').not.toBeNull();
});

// biome-ignore format: a table
it.each(Object.entries(INVARIANTS) as [string, Shown][])('%s: %j', (name, { here, elsewhere = [], missing }) => {
  const breakages = BREAKAGES.filter(({ breaks }) => breaks === name).map(({ what }) => what);
  expect(breakages.length > 0, 'judged here, and seen to fail').toBe(here !== undefined);
  expect(here ?? elsewhere[0] ?? missing, 'shown somewhere, or said to be missing').toBeDefined();
  for (const file of elsewhere) expect(existsSync(file), file).toBe(true);
});
