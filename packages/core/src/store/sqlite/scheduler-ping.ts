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
    const done = () => {
      socket.destroy();
      resolve();
    };
    socket.setTimeout(PING_TIMEOUT_MS, done);
    socket.on('error', done);
    // Half-closed after the line: the other side answers `pong`, which nobody waits for.
    socket.on('connect', () => socket.end(`${JSON.stringify(message)}\n`, done));
  });
}
