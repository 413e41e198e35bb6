import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import { ConflictError } from '@tsflow/core/errors';
import type { SchedulerTable, Store } from '@tsflow/core/store';
import { API_ROOT, composeApiServices, inProcessApi } from '@tsflow/webserver/in-process';
import { logsFolder } from '../compose/folders.ts';
import { type ApiClient, createApi } from './api.ts';
import { type Door, runningElsewhere, type SchedulerAtHand } from './door.ts';
import { seemsAlive } from './live-scheduler.ts';

const POLL_MS = 100;

/** The door to the database of this machine. Closing the store is the caller's business. */
export function openDatabaseDoor(options: {
  readonly store: Store;
  readonly config: Config;
  readonly actor: string;
  readonly note: (text: string) => void;
}): Door {
  const { store, config, note } = options;
  /** One that is starting listens before the database knows of it. Throws what was in the way when it never does. */
  const startedElsewhere = async (inTheWay: ConflictError): Promise<SchedulerAtHand> => {
    const giveUpAt = Date.now() + config.leaseMs;
    while ((await liveSchedulers(store, config.leaseMs)).length === 0) {
      if (Date.now() > giveUpAt) throw inTheWay;
      await setTimeout(POLL_MS);
    }
    return runningElsewhere;
  };
  return {
    api: databaseApi({
      ...options,
      readDags: async () => (await import('../compose/dag-reading.ts')).readDagsOnce(config, store),
    }),
    server: null,
    pollMs: POLL_MS,
    async schedulerFor(dagId): Promise<SchedulerAtHand> {
      if ((await liveSchedulers(store, config.leaseMs)).length > 0) return runningElsewhere;
      note('No scheduler is running: this command brings its own, for this work alone.');
      const { startHeadless } = await import('../compose/headless.ts');
      try {
        const headless = await startHeadless(config, store, dagId);
        return { is: 'own', failed: headless.failed, [Symbol.asyncDispose]: () => headless.stop() };
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        note('Another scheduler is just starting: it does the work.');
        return await startedElsewhere(error);
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The REST API over a database, answered in this process. */
export function databaseApi({
  store,
  config,
  actor,
  readDags,
}: {
  readonly store: Store;
  readonly config: Pick<Config, 'dags' | 'home'>;
  readonly actor: string;
  readonly readDags?: () => Promise<void>;
}): ApiClient {
  const services = composeApiServices({
    store,
    config,
    logsDir: logsFolder(config),
    clock: systemClock,
    readDags,
  });
  // A name for messages; nothing is looked up.
  return createApi(`http://this-process${API_ROOT}`, inProcessApi(services, { actor }));
}

async function liveSchedulers(store: Store, leaseMs: number): Promise<readonly SchedulerTable[]> {
  const now = Date.now();
  return (await store.leases.living()).filter((row) => seemsAlive(row, now, leaseMs));
}
