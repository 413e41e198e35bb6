import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { isAbsolute } from 'node:path';
import type { Connection } from '@tsflow/core';
import { InvalidInputError } from '@tsflow/core/errors';

const TIMEOUT_MS = 10_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  postgres: 5432,
  smtp: 25,
  mysql: 3306,
  redis: 6379,
};

/**
 * Reaches the system of a connection and says what answered. HTTP is asked with HEAD; of anything else the port is opened and closed
 * again, so no secret leaves this machine. Throws in words when nothing answers.
 */
export async function testConnection(connection: Connection): Promise<string> {
  const { type, host, connectionId } = connection;
  if (type === 'http' || type === 'https') return testHttp(connection);
  if (type === 'sqlite') return testFile(connection);
  const port = connection.port ?? DEFAULT_PORTS[type];
  if (host === null || port === undefined) {
    throw new InvalidInputError(`Connection "${connectionId}" names no host and port that could be reached.`);
  }
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    socket.once('error', (error) =>
      reject(new InvalidInputError(`${host}:${port} cannot be reached: ${error.message}.`, { cause: error })),
    );
  });
  return `${host}:${port} takes connections`;
}

/** A file is looked for and not opened: that would make it. */
function testFile({ connectionId, schema, extra }: Connection): string {
  const path = typeof extra.path === 'string' ? extra.path : (schema ?? '');
  if (!isAbsolute(path)) {
    throw new InvalidInputError(
      `Connection "${connectionId}" names no absolute path of a file, such as sqlite:/data/sales.db, but "${path}".`,
    );
  }
  if (!existsSync(path)) throw new InvalidInputError(`There is no file ${path} on this machine.`);
  return `${path} is there`;
}

async function testHttp({ type, host, port, schema, connectionId }: Connection): Promise<string> {
  if (host === null) throw new InvalidInputError(`Connection "${connectionId}" names no host.`);
  const url = `${type}://${host}${port === null ? '' : `:${port}`}/${schema ?? ''}`;
  try {
    const answer = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return `${url} says ${answer.status}`;
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new InvalidInputError(`${url} cannot be reached: ${cause}.`, { cause: error });
  }
}
