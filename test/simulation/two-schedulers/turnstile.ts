import { DatabaseError } from '@tsflow/core/store';

/** What befalls a process at one of its next calls to the database. */
export interface Fault {
  /** The call before or after which it happens, counted from now; 0: the next one. */
  afterCalls: number;
  readonly kind: FaultKind;
}

/**
 * `dies before` and `dies after` the call has its effect; `stands still` before it; the database `refuses` it and nothing is written; it is `not
 * answered` though what it wrote is there. Of a turn's commit the store itself finds out, so to the scheduler that is a refusal.
 */
export type FaultKind = 'dies before' | 'dies after' | 'stands still' | 'refuses' | 'not answered';

/**
 * Through which every call of one process to the database goes: the world lets them pass one by one, so that two schedulers meet in every
 * order, and faults strike between any two of them.
 */
export class Turnstile {
  /** Calls that arrived: a sign of life. */
  arrivals = 0;
  isDead = false;
  isStandingStill = false;
  /** True: calls pass as they come. */
  isOpen = false;
  fault: Fault | null = null;
  /** Called when a fault strikes. */
  onStrike: (kind: FaultKind, call: string) => void = () => undefined;
  readonly #waiting: (() => void)[] = [];

  get isWaiting(): boolean {
    return this.#waiting.length > 0 && !this.isDead && !this.isStandingStill;
  }

  /** Lets the oldest call pass. */
  release(): void {
    this.#waiting.shift()?.();
  }

  async pass<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.arrivals += 1;
    if (!this.isOpen || this.isStandingStill) await this.#wait();
    const strikes = this.#strikes(call);
    if (strikes !== null) this.onStrike(strikes, call);
    if (strikes === 'stands still') await this.#wait();
    if (strikes === 'dies before' || this.isDead) return never();
    if (strikes === 'refuses')
      throw new DatabaseError('database_unavailable', 'The connection was refused, as the history wants it.');
    const result = await work();
    if (strikes === 'not answered')
      throw new DatabaseError('database_unavailable', 'The answer was lost, as the history wants it.');
    if (strikes === 'dies after' || this.isDead) return never();
    return result;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #strikes(call: string): FaultKind | null {
    if (this.fault === null) return null;
    if (this.fault.afterCalls > 0) {
      this.fault.afterCalls -= 1;
      return null;
    }
    const { kind: wanted } = this.fault;
    const kind = wanted === 'not answered' && call === 'turns.commit' ? 'refuses' : wanted;
    this.fault = null;
    if (kind === 'dies before' || kind === 'dies after') this.isDead = true;
    if (kind === 'stands still') this.isStandingStill = true;
    return kind;
  }
}

/** What a dead process hears of its calls. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
