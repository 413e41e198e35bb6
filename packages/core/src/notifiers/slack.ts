import type { ConnectionReader } from '../connections/connection.ts';
import { InvalidInputError } from '../errors.ts';
import { connectionUrl } from './connection-url.ts';
import { deliver } from './http-delivery.ts';
import { type MessageTemplate, messageText } from './message.ts';
import type { Callback } from './notification.ts';

/** Options of the notifier `slack`. */
export interface SlackOptions {
  /** Connection that holds the incoming webhook: its password is the address. Default `slack_default`. */
  readonly connectionId?: string;
  /** `#data`; honoured by webhooks that may choose. Default: the webhook's own channel. */
  readonly channel?: string;
  /** Default: what happened, why, the run, its owner and a link to the log. */
  readonly text?: MessageTemplate;
  /** How often it is posted again after a network error, 408, 429 or 5xx. Default 3. */
  readonly retries?: number;
}

/**
 * Tells a Slack channel, by an incoming webhook: `onFailure: slack('#data')`. The webhook's address is a secret: keep it in the
 * connection, `TSFLOW_CONN_SLACK_DEFAULT=slack://hooks.slack.com/services/…`. Throws `DeliveryFailedError`.
 */
export function slack(target: string | SlackOptions = {}, options: SlackOptions = {}): Callback {
  const { text, ...where } = typeof target === 'string' ? { channel: target, ...options } : target;
  return async (notification) => {
    const said = await messageText(text, notification);
    await postToSlack(notification.connections, said, { ...where, signal: notification.signal });
  };
}

/** Posts a text to an incoming webhook of Slack. Throws `DeliveryFailedError`. */
export async function postToSlack(
  connections: ConnectionReader,
  text: string,
  options: Omit<SlackOptions, 'text'> & { readonly signal: AbortSignal },
): Promise<void> {
  const { connectionId = 'slack_default', channel, retries = 3, signal } = options;
  const connection = await connections.get(connectionId);
  const url = connection.password ?? connectionUrl(connection);
  if (!URL.canParse(url)) {
    throw new InvalidInputError(`Connection "${connectionId}": the password is to be the webhook's address.`);
  }
  const body = JSON.stringify({ text, ...(channel === undefined ? {} : { channel }) });
  await deliver({ url, headers: { 'content-type': 'application/json' }, body, retries, signal });
}
