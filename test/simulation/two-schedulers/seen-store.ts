import { readLiveNumber } from '@tsflow/core/config';
import type { Json } from '@tsflow/core/json';
import type {
  DagTable,
  NewIntent,
  SchedulerTable,
  Store,
  Turn,
  TurnResult,
  VariableTable,
} from '@tsflow/core/store';
import type { Surroundings } from './scheduler-process.ts';
import type { Turnstile } from './turnstile.ts';

const PORTS = new Set(['leases', 'turns', 'catalog', 'intents', 'variables', 'pools', 'runners', 'assets']);
/** Above what Linux gives: no process has it. */
const NO_PID = 2 ** 23;
const PARALLELISM = { $variable: { name: 'parallelism', type: 'number', default: 16 } } as const;

/**
 * The database as one scheduler has it: the real one, which several may share, behind a turnstile. The ledger sees what is written at the
 * moment at which it is.
 */
export class SeenStore {
  readonly asStore: Store;
  /** The parallelism that this scheduler has read last. */
  parallelism = 16;
  readonly #surroundings: Surroundings;
  readonly #turnstile: Turnstile;
  readonly #ports = new Map<string, object>();

  constructor(surroundings: Surroundings, turnstile: Turnstile) {
    this.#surroundings = surroundings;
    this.#turnstile = turnstile;
    this.asStore = new Proxy(surroundings.store, {
      get: (target, member) => {
        const name = String(member);
        if (name === 'allowsSeveralSchedulers') return true;
        if (PORTS.has(name)) return this.#port(name);
        const value: unknown = Reflect.get(target, member, target);
        if (name === 'reserveKeys') return this.#seen(name, value as Call, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #port(name: string): object {
    const known = this.#ports.get(name);
    if (known !== undefined) return known;
    const port = new Proxy(Reflect.get(this.#surroundings.store, name, this.#surroundings.store) as object, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member, target);
        return typeof value === 'function'
          ? this.#seen(`${name}.${String(member)}`, value as Call, target)
          : value;
      },
    });
    this.#ports.set(name, port);
    return port;
  }

  #seen(name: string, method: Call, target: object): Call {
    return (...args) =>
      this.#turnstile.pass(name, async () => {
        let seen = args;
        const run = (given: readonly unknown[], isSeen = false): Promise<unknown> => {
          if (isSeen) seen = [...given];
          return Reflect.apply(method, target, given);
        };
        const { breakage, ledger, verdict } = this.#surroundings;
        const result = await breakage.call({ name, args, run }, ledger);
        verdict.watch(() => this.#note(name, seen, result));
        if (name === 'leases.living')
          return (result as readonly SchedulerTable[]).map((row) => this.#asSeen(row));
        return result;
      });
  }

  /** As the process table of this machine knows it: all live in one process here, of which nothing is known but what the world says. */
  #asSeen(row: SchedulerTable): SchedulerTable {
    const isDead = this.#surroundings.machine.provedDead.has(row.id);
    return isDead ? { ...row, pid: NO_PID, pidStart: '1' } : { ...row, pidStart: '' };
  }

  #note(name: string, args: readonly unknown[], result: unknown): void {
    const { ledger } = this.#surroundings;
    switch (name) {
      case 'turns.commit':
        return ledger.committed(args[0] as Turn, result as TurnResult, { parallelism: this.parallelism });
      case 'leases.acquire':
        for (const { dagId, isPaused } of result as readonly DagTable[]) {
          ledger.holders.set(dagId, args[0] as string);
          ledger.paused.set(dagId, isPaused === 1);
        }
        return;
      case 'leases.release':
        for (const dagId of args[1] as readonly string[])
          if (ledger.holders.get(dagId) === args[0]) ledger.holders.delete(dagId);
        return;
      case 'leases.retire':
        if (result === true)
          for (const [dagId, holder] of ledger.holders) if (holder === args[0]) ledger.holders.delete(dagId);
        return;
      case 'intents.submit': {
        const { kind, idempotencyKey } = args[0] as NewIntent;
        if (kind === 'report' && idempotencyKey !== null) ledger.reportSent(idempotencyKey);
        return;
      }
      case 'variables.revision':
        // Whoever asks whether something changed knows by the end of it what it changed to.
        this.parallelism = ledger.newestParallelism ?? this.parallelism;
        return;
      case 'variables.list': {
        const values = new Map(
          (result as readonly VariableTable[]).map(({ key, value }) => [key, JSON.parse(value) as Json]),
        );
        this.parallelism = readLiveNumber(PARALLELISM, values, 0, this.parallelism).value;
        return;
      }
    }
  }
}

type Call = (...args: unknown[]) => Promise<unknown>;
