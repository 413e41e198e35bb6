import type { Clock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { Logger } from '@tsflow/core/logger';
import type { LogIndexes } from '@tsflow/core/logs';
import type { ConnectionVault, Store } from '@tsflow/core/store';
import type { LoginLimits } from './auth/login-limits.ts';
import type { Sessions } from './auth/session.ts';
import type { LiveFeed } from './live/live-feed.ts';

/** Where the API lies below the base path. */
export const API_ROOT = '/api/v1';

/** What handlers of routes work with that need no more than the content of a request. */
export interface ApiServices {
  readonly store: Store;
  readonly connections: ConnectionVault;
  readonly config: Pick<Config, 'dags'>;
  readonly clock: Clock;
  /** Folder of the attempts' log segments. */
  readonly logsDir: string;
  /** Random access to them. */
  readonly logs: LogIndexes;
  /** Release of tsflow. */
  readonly version: string;
  /**
   * Reads the dags folder once, which runs the authors' code in disposable children: in a command that may find no dag processor. A web server has none.
   */
  readonly readDags?: (() => Promise<void>) | undefined;
}

/** What the handlers of all routes work with, in a web server. */
export interface WebServices extends ApiServices {
  readonly config: Config;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly loginLimits: LoginLimits;
  readonly live: LiveFeed;
  /** The OpenAPI document of the API. */
  readonly openApi: object;
}
