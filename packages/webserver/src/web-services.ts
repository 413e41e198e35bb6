import type { Clock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { Logger } from '@tsflow/core/logger';
import type { LogIndexes } from '@tsflow/core/logs';
import type { ConnectionVault, Store } from '@tsflow/core/store';
import type { LoginLimits } from './auth/login-limits.ts';
import type { Sessions } from './auth/session.ts';
import type { LiveFeed } from './live/live-feed.ts';

/** What the handlers of routes work with. */
export interface WebServices {
  readonly store: Store;
  readonly connections: ConnectionVault;
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly loginLimits: LoginLimits;
  readonly live: LiveFeed;
  /** Folder of the attempts' log segments. */
  readonly logsDir: string;
  /** Random access to them. */
  readonly logs: LogIndexes;
  /** Release of tsflow. */
  readonly version: string;
  /** The OpenAPI document of the API. */
  readonly openApi: object;
}
