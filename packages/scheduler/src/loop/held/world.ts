import type { Clock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { TsflowError } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import type { ConnectionVault, Store } from '@tsflow/core/store';
import type { HeldDags } from './held-dags.ts';
import type { KeyBlock } from './key-block.ts';
import type { LiveLimits } from './live-limits.ts';
import type { VersionCache } from './version-cache.ts';

/** What the stages of a turn share. */
export interface World {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: Config;
  readonly held: HeldDags;
  readonly limits: LiveLimits;
  readonly versions: VersionCache;
  readonly keys: KeyBlock;
  readonly connections: Pick<ConnectionVault, 'get' | 'audit'>;
  /** Short random text for run ids. */
  random(): string;
  /** Intents that made a turn fail, by id, with what who asked is told: refused when they come again. */
  readonly brokenIntents: Map<number, TsflowError>;
  /** False in a scheduler that was started for one backfill or one run: it creates no scheduled runs. */
  readonly ticks: boolean;
}
