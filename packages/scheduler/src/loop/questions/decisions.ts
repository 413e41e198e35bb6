import type { Clock } from '@tsflow/core/clock';
import { type SerializedError, TsflowError } from '@tsflow/core/errors';
import type { Json, JsonObject } from '@tsflow/core/json';
import type { NewIntent, Store } from '@tsflow/core/store';

/** Another scheduler may hold the DAG that was asked: its decision is looked for this often. */
const LOOK_EVERY_MS = 250;
/** A decision takes a turn; longer, and the one that holds the DAG is gone or busy with something else. */
const LIMIT_MS = 30_000;

/** What running tasks ask of DAGs, waited for outside of the turns that decide it. */
export class Decisions {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #hint: () => void;
  readonly #waiting = new Map<number, () => void>();

  /** @param hint tells this scheduler's loop that there is an intent */
  constructor(store: Store, clock: Clock, hint: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#hint = hint;
  }

  /** An intent was decided and committed here. */
  decided(intentId: number): void {
    this.#waiting.get(intentId)?.();
  }

  /**
   * Submits an intent and resolves with what was done. The same idempotency key again has the first answer. Throws what it was refused for, and
   * a {@link TsflowError} when nobody decides within half a minute; the intent is kept then.
   */
  async ask(intent: NewIntent): Promise<Json> {
    const id = await this.#store.intents.submit(intent);
    this.#hint();
    const begun = this.#clock.monotonic();
    try {
      for (;;) {
        const decision = this.#decisionOf(id);
        const row = await this.#store.intents.get(id);
        if (row?.state === 'applied') return JSON.parse(row.result ?? 'null') as Json;
        if (row?.state === 'refused') throw refusal(JSON.parse(row.result ?? '{}') as JsonObject);
        if (this.#clock.monotonic() - begun > LIMIT_MS) throw nobodyDecided(intent.dagId);
        await decision;
      }
    } finally {
      this.decided(id);
    }
  }

  /** Resolves with the decision if it is made here, else when it is time to look. Made before the look, so that none falls between. */
  #decisionOf(id: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(LOOK_EVERY_MS, () => done());
      const done = () => {
        timer.cancel();
        this.#waiting.delete(id);
        resolve();
      };
      this.#waiting.set(id, done);
    });
  }
}

const nobodyDecided = (dagId: string) =>
  new TsflowError('not_decided', `No scheduler decided about ${dagId} within ${LIMIT_MS / 1_000} s.`);

function refusal({ error }: JsonObject): TsflowError {
  const { code = 'refused', message } = error as unknown as SerializedError;
  return new TsflowError(code, message);
}
