import { openStore, type Store } from '@tsflow/core/store';

let spare: Promise<Store> | null = null;

/**
 * A migrated database in memory, for one test. The next one is prepared while nobody waits for it, because creating the tables costs
 * more than a whole run of a DAG.
 */
export function takeStore(): Promise<Store> {
  const taken = spare ?? migrated();
  spare = null;
  return taken;
}

/** Closes the store of a test, and prepares the one of the next. */
export async function giveBack(store: Store): Promise<void> {
  await store.close();
  spare ??= new Promise<void>((resolve) => setImmediate(resolve)).then(migrated);
  // Whoever takes it hears of the failure.
  spare.catch(() => undefined);
}

async function migrated(): Promise<Store> {
  const store = await openStore('sqlite::memory:');
  await store.migrate();
  return store;
}
