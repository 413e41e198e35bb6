import { createHmac } from 'node:crypto';
import type { ConnectionReader } from '../connections/connection.ts';
import { InvalidInputError } from '../errors.ts';
import type { Json } from '../json.ts';
import { connectionUrl } from './connection-url.ts';
import { deliver } from './http-delivery.ts';
import type { Callback, Notification } from './notification.ts';

/** Options of the notifier `webhook`. */
export interface WebhookOptions {
  /** Where it is posted to. One that holds a secret belongs into a connection. Exactly one of this and `connectionId` is given. */
  readonly url?: string;
  /**
   * Connection with the address; its password, if it has one, signs the body: `X-Tsflow-Signature: sha256=<HMAC-SHA256 of the body,
   * hexadecimal>`. Its extra `headers` go with the request.
   */
  readonly connectionId?: string;
  /** The body: a function of what happened, or a Jinja-style text that gives JSON. Default: every fact of the notification. */
  readonly body?: string | ((notification: Notification) => Json | Promise<Json>);
  /** Sent with the request, over those of the connection. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often it is posted again after a network error, 408, 429 or 5xx. Default 3. */
  readonly retries?: number;
}

/**
 * Posts what happened as JSON to any address: `onFailure: webhook({ connectionId: 'incidents' })`. `X-Tsflow-Callback-Id` is the same
 * when it is posted again, also after a crash: the receiver may drop a repeat. Throws `DeliveryFailedError`.
 */
export function webhook(options: WebhookOptions): Callback {
  const { url, connectionId, body, headers = {}, retries = 3 } = options;
  if ((url === undefined) === (connectionId === undefined)) {
    throw new InvalidInputError('webhook expects either a url or a connectionId.');
  }
  return async (notification) => {
    const connection = connectionId === undefined ? null : await notification.connections.get(connectionId);
    const text = await bodyText(body, notification);
    const extra = connection?.extra.headers;
    await deliver({
      url: connection === null ? url! : connectionUrl(connection),
      headers: {
        'content-type': 'application/json',
        'x-tsflow-callback-id': notification.callbackId,
        ...(typeof extra === 'object' && extra !== null ? (extra as Record<string, string>) : {}),
        ...headers,
        ...(connection?.password ? { 'x-tsflow-signature': signature(connection.password, text) } : {}),
      },
      body: text,
      retries,
      signal: notification.signal,
    });
  };
}

/** Posts JSON to the webhook of a connection, signed when that has a password. Throws `DeliveryFailedError`. */
export async function postToWebhook(
  connections: ConnectionReader,
  body: string,
  options: {
    readonly connectionId: string;
    readonly id: string;
    readonly retries?: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { connectionId, id, retries = 3, signal } = options;
  const connection = await connections.get(connectionId);
  const headers = {
    'content-type': 'application/json',
    'x-tsflow-callback-id': id,
    ...(connection.password === null ? {} : { 'x-tsflow-signature': signature(connection.password, body) }),
  };
  await deliver({ url: connectionUrl(connection), headers, body, retries, signal });
}

/** `sha256=<hex>`: what a receiver computes of the raw body and compares. */
function signature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

async function bodyText(body: WebhookOptions['body'], notification: Notification): Promise<string> {
  if (typeof body === 'string') return notification.render(body);
  return JSON.stringify(body === undefined ? factsOf(notification) : await body(notification));
}

/** Everything but the ports. */
function factsOf(notification: Notification): object {
  const { log: _log, connections: _connections, signal: _signal, render: _render, ...facts } = notification;
  return facts;
}
