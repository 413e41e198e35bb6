import type { Request } from 'express';
import { ipKeyGenerator, MemoryStore } from 'express-rate-limit';
import { TooManyRequestsError } from '../http-errors.ts';

const WINDOW_MS = 15 * 60_000;
/** Wrong passwords for one account in a window: enough for a person who forgot, hopeless for a guesser. */
const PER_ACCOUNT = 10;
/** Wrong passwords of one address in a window, over all accounts: an office behind one address still gets in. */
const PER_ADDRESS = 50;

/**
 * Counts wrong passwords, per account and per address, each in windows of 15 minutes. Attempts are counted before the password is
 * checked, so that a thousand at once do not pass together; a right one is taken back.
 */
export class LoginLimits {
  readonly #accounts = memoryStore();
  readonly #addresses = memoryStore();

  /** Throws {@link TooManyRequestsError} when there were too many. Otherwise returns how to take the attempt back. */
  async attempt(request: Request, name: string): Promise<{ succeeded(): Promise<void> }> {
    const account = name.toLowerCase().slice(0, 100);
    const address = ipKeyGenerator(request.ip ?? '');
    const [byAccount, byAddress] = await Promise.all([
      this.#accounts.increment(account),
      this.#addresses.increment(address),
    ]);
    const reset = [
      byAccount.totalHits > PER_ACCOUNT ? byAccount.resetTime : undefined,
      byAddress.totalHits > PER_ADDRESS ? byAddress.resetTime : undefined,
    ].filter((time) => time !== undefined);
    if (reset.length > 0) {
      const waitMs = Math.max(...reset.map((time) => time.getTime())) - Date.now();
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      throw new TooManyRequestsError('Too many attempts to log in. Wait, then try again.', seconds);
    }
    return {
      succeeded: async () => {
        await Promise.all([this.#accounts.decrement(account), this.#addresses.decrement(address)]);
      },
    };
  }

  /** Stops the timers of its windows. */
  stop(): void {
    this.#accounts.shutdown();
    this.#addresses.shutdown();
  }
}

function memoryStore(): MemoryStore {
  const store = new MemoryStore();
  store.init({ windowMs: WINDOW_MS } as Parameters<MemoryStore['init']>[0]);
  return store;
}
