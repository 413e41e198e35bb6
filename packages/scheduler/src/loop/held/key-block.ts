import type { Store } from '@tsflow/core/store';

/** Keys reserved at once: enough that a busy turn does not wait, few enough that a restart wastes none to speak of. */
const BLOCK = 20_000;

/** Surrogate keys for new rows, out of blocks that the database reserved: a turn links new rows without asking it. */
export class KeyBlock {
  readonly #store: Store;
  #next = 0;
  #end = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get left(): number {
    return this.#end - this.#next;
  }

  /** Makes sure that `count` keys can be taken without a wait. */
  async ensure(count: number): Promise<void> {
    if (this.left >= count) return;
    const size = Math.max(BLOCK, count);
    this.#next = await this.#store.reserveKeys(size);
    this.#end = this.#next + size;
  }

  readonly take = (): number => {
    if (this.#next >= this.#end)
      throw new Error('No surrogate key is left in the block: ensure() was asked for too few.');
    return this.#next++;
  };
}
