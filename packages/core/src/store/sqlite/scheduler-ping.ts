import { connect } from 'node:net';
import type { Kysely } from 'kysely';
import type { PingMessage } from '../ping.ts';
import type { Tables } from '../tables.ts';

/** How long a scheduler may take to accept a hint; its poll finds everything without it. */
const PING_TIMEOUT_MS = 500;

/** Tells every living scheduler to look at the database now. Never fails: a hint that is lost costs one poll. */
export async function pingSchedulers(
  db: Kysely<Tables>,
  reason: Extract<PingMessage, { verb: 'ping' }>['reason'],
): Promise<void> {
  const schedulers = await db
    .selectFrom('scheduler')
    .select('socketPath')
    .where('stoppedAt', 'is', null)
    .where('socketPath', 'is not', null)
    .execute();
  await Promise.all(schedulers.map(({ socketPath }) => sendPing(socketPath!, { verb: 'ping', reason })));
}

function sendPing(socketPath: string, message: PingMessage): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.setTimeout(PING_TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    // Said, and not waited for: the `pong` is read and dropped, so that the other side sees a clean end.
    socket.resume();
    socket.on('connect', () => socket.end(`${JSON.stringify(message)}\n`, resolve));
    socket.unref();
  });
}
