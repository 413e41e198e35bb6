import type { Clock } from '@tsflow/core/clock';
import { errorMessage } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import { type AlertDelivery, postToSlack, postToWebhook, sendMail } from '@tsflow/core/notifiers';
import type { AlertTable, ConnectionVault, Store } from '@tsflow/core/store';

/** For one delivery with its own retries: nobody else tries meanwhile. */
const CLAIM_MS = 60_000;
const MAX_TRIES = 5;
const MAX_AT_ONCE = 20;

interface AlertPostOptions {
  readonly store: Store;
  readonly connections: ConnectionVault;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Delivers the alerts of the installation. Several processes may: who claims an alert delivers it, and tries again later when nobody takes
 * it.
 */
export class AlertPost {
  readonly #options: AlertPostOptions;
  readonly #abort = new AbortController();

  constructor(options: AlertPostOptions) {
    this.#options = options;
  }

  /** Gives up what is on its way: whoever claims it next delivers it. */
  abort(): void {
    this.#abort.abort();
  }

  async deliverDue(): Promise<void> {
    const { store, clock } = this.#options;
    const due = await store.db
      .selectFrom('alert')
      .selectAll()
      .where('state', '=', 'pending')
      .where('nextAt', '<=', clock.now())
      .orderBy('nextAt')
      .limit(MAX_AT_ONCE)
      .execute();
    await Promise.all(due.map((alert) => this.#deliver(alert)));
  }

  async #deliver(alert: AlertTable): Promise<void> {
    const { store, clock, logger } = this.#options;
    const now = clock.now();
    const tries = alert.tries + 1;
    const claimed = await store.db
      .updateTable('alert')
      .set({ tries, nextAt: now + CLAIM_MS * 2 ** alert.tries })
      .where('id', '=', alert.id)
      .where('tries', '=', alert.tries)
      .where('state', '=', 'pending')
      .executeTakeFirst();
    if (claimed.numUpdatedRows === 0n) return;
    try {
      await this.#send(alert.id, JSON.parse(alert.facts) as AlertDelivery);
      await this.#close(alert.id, 'sent', null);
    } catch (error) {
      logger.warn('An alert was not delivered.', { alert: alert.id, tries, error: errorMessage(error) });
      if (tries >= MAX_TRIES) await this.#close(alert.id, 'failed', errorMessage(error));
    }
  }

  async #send(id: string, { rule, ...alert }: AlertDelivery): Promise<void> {
    const { connections } = this.#options;
    const { signal } = this.#abort;
    const { connectionId, channel, mailTo = [] } = rule;
    const named = { ...(connectionId === undefined ? {} : { connectionId }), signal };
    switch (rule.to) {
      case 'slack':
        return postToSlack(connections, alert.text, {
          ...named,
          ...(channel === undefined ? {} : { channel }),
        });
      case 'webhook':
        return postToWebhook(connections, JSON.stringify(alert), {
          ...named,
          connectionId: connectionId!,
          id,
        });
      case 'email': {
        const subject = `[tsflow] ${alert.title}`;
        const messageId = `<${id.replace(/[^\w.-]/g, '_')}@tsflow>`;
        await sendMail(connections, { to: mailTo, subject, text: alert.text, messageId, connectionId });
      }
    }
  }

  async #close(id: string, state: 'sent' | 'failed', error: string | null): Promise<void> {
    const { store, clock } = this.#options;
    await store.db
      .updateTable('alert')
      .set({ state, error, endDate: clock.now() })
      .where('id', '=', id)
      .execute();
  }
}
