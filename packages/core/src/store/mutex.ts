/** Lets one at a time pass, in the order in which they came. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn, with the way to let the next one pass. */
  async lock(): Promise<() => void> {
    const before = this.#tail;
    let unlock = () => {};
    this.#tail = new Promise((resolve) => {
      unlock = resolve;
    });
    await before;
    return unlock;
  }
}
