import type { Store } from '@tsflow/core/store';
import type { KyselyPlugin } from 'kysely';

/** Counts the rows that a store hands out: what reading costs, whatever the machine. */
export class RowCounter {
  rows = 0;

  /** The same store, counted. */
  counting(store: Store): Store {
    const count = (value: unknown) => this.#count(value);
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        this.#count(result.rows);
        return result;
      },
    };
    const db = store.db.withPlugin(plugin);
    const ports = new Set(['turns', 'catalog', 'intents', 'variables', 'leases', 'runners']);
    return new Proxy(store, {
      get(target, name: keyof Store) {
        if (name === 'db') return db;
        const member = target[name] as object;
        if (ports.has(String(name))) return countingPort(member, count);
        return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
      },
    });
  }

  #count(value: unknown): void {
    if (value === null || value === undefined || typeof value !== 'object') return;
    if (Array.isArray(value)) this.rows += value.length;
    else if (value instanceof Map) this.rows += value.size;
    else this.rows += 1;
  }
}

/** Commits answer with counters that they moved, which no read asked for. */
function countingPort(port: object, count: (value: unknown) => void): object {
  return new Proxy(port, {
    get(target, name) {
      const member = (target as Record<string | symbol, unknown>)[name];
      if (typeof member !== 'function') return member;
      if (name === 'commit') return member.bind(target);
      return async (...args: unknown[]) => {
        const value: unknown = await member.apply(target, args);
        count(value);
        return value;
      };
    },
  });
}
