import { type Clock, systemClock, type Timer } from '@tsflow/core/clock';
import { alertRules, type Config } from '@tsflow/core/config';
import { errorMessage } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import type { Service } from '@tsflow/core/service';
import { ConnectionVault, KeyFile, type Store } from '@tsflow/core/store';
import { AlertNotices } from './alert-notices.ts';
import { AlertPost } from './alert-post.ts';

const LOOK_EVERY_MS = 2_000;

interface AlertDeskOptions {
  readonly store: Store;
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly notices: AlertNotices;
  readonly post: AlertPost;
}

/**
 * The desk of a process of the installation.
 *
 * @param watchesSchedulers whether it also looks after the schedulers: a scheduler cannot say that it is dead
 */
export function openAlertDesk(
  { config, store, logger }: Pick<AlertDeskOptions, 'config' | 'store' | 'logger'>,
  { watchesSchedulers }: { readonly watchesSchedulers: boolean },
): AlertDesk {
  const connections = new ConnectionVault(store, new KeyFile(config.home), process.env);
  const options = { store, config, logger, clock: systemClock };
  const notices = new AlertNotices({ ...options, watchesSchedulers });
  return new AlertDesk({ ...options, notices, post: new AlertPost({ ...options, connections }) });
}

/** Looks every two seconds for something to tell of, and for what waits to be told. Does nothing where nobody is to be told. */
class AlertDesk implements Service {
  readonly #options: AlertDeskOptions;
  #isStopped = false;
  #timer: Timer | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: AlertDeskOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (alertRules(this.#options.config).length > 0) this.#lookLater(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.post.abort();
    this.#timer?.cancel();
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #lookLater(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.setTimer(ms, () => {
      this.#looking = this.#look().finally(() => this.#lookLater(LOOK_EVERY_MS));
    });
  }

  async #look(): Promise<void> {
    const { notices, post, logger } = this.#options;
    try {
      await notices.look();
      await post.deliverDue();
    } catch (error) {
      logger.warn('Alerts could not be looked after.', { error: errorMessage(error) });
    }
  }
}
