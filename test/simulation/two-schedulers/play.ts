import { openStore, type Store } from '@tsflow/core/store';
import { Random } from '../../support/random.ts';
import { type Breakage, NOTHING_BROKEN } from './breakage.ts';
import { randomHistory, type Step } from './steps.ts';
import { type Invariant, Violation } from './violation.ts';
import { World } from './world.ts';

/** Longest time that is spent on making one history shorter. */
const SHORTEN_MS = 20_000;

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
  /** The shortest history that was found to break the same invariant, as it went. */
  readonly story: readonly string[];
  readonly history: readonly Step[];
}

/** A database in memory that is emptied for each history: making one takes longer than a history. */
export class Stage implements AsyncDisposable {
  readonly #store: Store;
  readonly #sequences: readonly { name: string; next: number }[];
  readonly #tables: readonly string[];

  static async open(spoil: Breakage['spoil']): Promise<Stage> {
    const store = await openStore('sqlite::memory:');
    await store.migrate();
    await spoil?.(store);
    const tables = (await store.db.introspection.getTables()).map(({ name }) => name);
    const sequences = await store.db.selectFrom('sequence').selectAll().execute();
    return new Stage(
      store,
      sequences,
      tables.filter((name) => name !== 'schema_migration'),
    );
  }

  private constructor(
    store: Store,
    sequences: readonly { name: string; next: number }[],
    tables: readonly string[],
  ) {
    this.#store = store;
    this.#sequences = sequences;
    this.#tables = tables;
  }

  /** One history, then calm. Null: every invariant held. */
  async play(
    seed: number,
    history: readonly Step[],
    breakage: Breakage,
  ): Promise<{ violation: Violation | null; story: readonly string[] }> {
    await this.#empty();
    const world = new World(this.#store, breakage);
    try {
      await world.install(new Random(seed));
      for (const step of history) await world.play(step);
      await world.calm(seed);
      return { violation: null, story: world.story };
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { violation: error, story: world.story };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.close();
  }

  async #empty(): Promise<void> {
    const { db } = this.#store;
    await db.transaction().execute(async (tx) => {
      for (const table of this.#tables) await tx.deleteFrom(table as 'dag').execute();
      await tx
        .insertInto('sequence')
        .values([...this.#sequences])
        .execute();
    });
  }
}

/** Plays the histories of these seeds until one breaks an invariant, and looks for the shortest that does. Null: none did. */
export async function findFailure(first: number, seeds: number, steps: number): Promise<Failure | null> {
  await using stage = await Stage.open(undefined);
  const found = await firstViolation(stage, first, seeds, steps, () => NOTHING_BROKEN, null);
  return found === null ? null : await shorten(stage, found);
}

/** Plays the histories of these seeds until one breaks this invariant because of what is built wrong. Null: none did. */
export async function findViolation(
  first: number,
  seeds: number,
  steps: number,
  breakage: () => Breakage,
  breaks: Invariant,
): Promise<Failure | null> {
  await using stage = await Stage.open(breakage().spoil);
  return await firstViolation(stage, first, seeds, steps, breakage, breaks);
}

async function firstViolation(
  stage: Stage,
  first: number,
  seeds: number,
  steps: number,
  breakage: () => Breakage,
  breaks: Invariant | null,
): Promise<Failure | null> {
  for (let seed = first; seed < first + seeds; seed++) {
    const history = randomHistory(new Random(seed), steps);
    const { violation, story } = await stage.play(seed, history, breakage());
    if (violation === null || (breaks !== null && violation.invariant !== breaks)) continue;
    return { seed, violation, story, history };
  }
  return null;
}

/** Leaves steps out, many at a time and then one by one, as long as the same invariant breaks. */
async function shorten(stage: Stage, found: Failure): Promise<Failure> {
  let best = found;
  const end = performance.now() + SHORTEN_MS;
  for (let size = Math.ceil(found.history.length / 2); size >= 1 && performance.now() < end; ) {
    let isShorter = false;
    for (let at = 0; at < best.history.length && performance.now() < end; ) {
      const history = best.history.filter((_, index) => index < at || index >= at + size);
      const { violation, story } = await stage.play(found.seed, history, NOTHING_BROKEN);
      if (violation?.invariant === found.violation.invariant) {
        best = { seed: found.seed, history, violation, story };
        isShorter = true;
      } else at += size;
    }
    if (!isShorter || size > 1) size = size === 1 ? 0 : Math.floor(size / 2);
  }
  return best;
}

export function describeFailure({ seed, violation, story, history }: Failure): string {
  return [
    `seed ${seed}, ${history.length} steps:`,
    ...story.map((line) => `  ${line}`),
    `  then ${violation.message}`,
  ].join('\n');
}
