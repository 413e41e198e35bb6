import type { Clock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import { LogIndexes } from '@tsflow/core/logs';
import { ConnectionVault, KeyFile, type Store } from '@tsflow/core/store';
import { release } from '../release.ts';
import type { ApiServices } from '../web-services.ts';

export interface ApiServicesOptions {
  readonly store: Store;
  readonly config: Pick<Config, 'dags' | 'home'>;
  /** Folder of the attempts' log segments. */
  readonly logsDir: string;
  readonly clock: Clock;
  readonly readDags?: ApiServices['readDags'];
}

/** What the routes work with, over a metadata database. */
export function composeApiServices({
  store,
  config,
  logsDir,
  clock,
  readDags,
}: ApiServicesOptions): ApiServices {
  return {
    store,
    connections: new ConnectionVault(store, new KeyFile(config.home), process.env),
    config,
    clock,
    logsDir,
    logs: new LogIndexes(logsDir),
    version: release(),
    ...(readDags === undefined ? {} : { readDags }),
  };
}
