import { Asset } from '@tsflow/core';
import { silentLogger } from '@tsflow/core/logger';
import type { Store } from '@tsflow/core/store';
import { AssetTimetable } from '@tsflow/core/timetables';
import { Scheduler } from '@tsflow/scheduler/loop';
import { describe, expect, it } from 'vitest';
import { recordDags } from '../support/catalog.ts';
import { testConfig, until } from '../support/scheduler-harness.ts';
import { ScriptedExecutor } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

const asset = { name: 'orders', uri: null, description: null, freshnessMs: null };
const timetable = new AssetTimetable(new Asset('orders').condition).toJson();
const make = serializedDag('make', { write: { outlets: ['orders'] } }, { assets: [asset] });
const use = serializedDag('use', { read: {} }, { assets: [asset], timetable });

/** A scheduler, and the way to end it: as a crash does, after its database has taken a given number of commits. */
class Mortal {
  readonly scheduler: Scheduler;
  commits = 0;
  isDead = false;
  readonly #lastCommit: number;

  constructor(store: Store, lastCommit = Number.POSITIVE_INFINITY) {
    this.#lastCommit = lastCommit;
    this.scheduler = new Scheduler({
      store: this.#mortal(store),
      config: testConfig,
      logger: silentLogger,
      executor: (events) => new ScriptedExecutor(events, () => ({ kind: 'success', xcoms: {} })),
    });
  }

  #mortal(store: Store): Store {
    const turns = new Proxy(store.turns, {
      get: (target, name: keyof Store['turns']) => {
        if (name !== 'commit') return (target[name] as () => unknown).bind(target);
        return async (turn: Parameters<Store['turns']['commit']>[0]) => {
          if (this.isDead) throw new Error('dead');
          const result = await target.commit(turn);
          this.commits += 1;
          if (this.commits < this.#lastCommit) return result;
          // Written, and nobody is left to hear of it.
          this.isDead = true;
          throw new Error('died');
        };
      },
    });
    return new Proxy(store, {
      get: (target, name: keyof Store) => {
        if (name === 'turns') return turns;
        const value = target[name] as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

async function produce(store: Store): Promise<void> {
  const request = { payload: '{"conf":{}}', actor: 'ann', requestedAt: Date.now(), idempotencyKey: null };
  await store.intents.submit({ dagId: 'make', kind: 'trigger', ...request });
}

/** Waits until one event of `make` has made a run of `use`, and nothing is on its way any more; returns what `use` did. */
async function outcome(store: Store, ping: () => void) {
  await until('the consumer has run', async () => {
    ping();
    const open = await store.db.selectFrom('intent').select('id').where('state', '=', 'pending').execute();
    const runs = await store.db.selectFrom('dagRun').select(['dagId', 'state']).execute();
    return open.length === 0 && runs.length > 1 && runs.every(({ state }) => state === 'success');
  });
  const runs = await store.db.selectFrom('dagRun').selectAll().where('dagId', '=', 'use').execute();
  const events = await Promise.all(runs.map((run) => store.assets.eventsOfRun(run.key)));
  return events.map((of) => of.length);
}

describe.each(DATABASES)('an event of an asset on %s', (dialect) => {
  // Taking the DAGs and starting the run; its end with the event; the event passed on; the run that it makes; the end of that.
  it.each([1, 2, 3, 4, 5])('makes one run when the scheduler dies after its commit %i', async (last) => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await recordDags(store, [make, use]);
    await produce(store);
    const first = new Mortal(store, last);
    await first.scheduler.start();
    await until(`commit ${last}`, () => {
      first.scheduler.ping('intents');
      return first.isDead;
    });
    await first.scheduler.stop();

    await using second = new Mortal(store).scheduler;
    await second.start();
    expect(await outcome(store, () => second.ping('intents'))).toEqual([1]);
  });
});

it('makes one run when two schedulers hold producer and consumer', async () => {
  await using database = await createDatabase('postgres');
  const stores = [await database.open(), await database.open()];
  await recordDags(stores[0]!, [make, use]);
  await using one = new Mortal(stores[0]!).scheduler;
  await one.start();
  await using other = new Mortal(stores[1]!).scheduler;
  await other.start();
  await until('each has a DAG', async () => {
    for (const side of [one, other]) side.ping('versions');
    const holders = await stores[0]!.db.selectFrom('dag').select('holder').execute();
    return (
      new Set(holders.map(({ holder }) => holder)).size === 2 &&
      holders.every(({ holder }) => holder !== null)
    );
  });
  await produce(stores[0]!);
  // PostgreSQL's NOTIFY wakes them.
  expect(await outcome(stores[0]!, () => undefined)).toEqual([1]);
});
