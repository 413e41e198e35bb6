import type { Connection } from '@tsflow/core';
import { NotFoundError } from '@tsflow/core/errors';

/** The connections of a test, where the scheduler would look into the environment and the store. */
export function testConnections(given: Readonly<Record<string, Partial<Connection>>>) {
  return {
    async get(connectionId: string): Promise<Connection> {
      const connection = given[connectionId];
      if (connection === undefined) {
        const example = `{ connections: { ${JSON.stringify(connectionId)}: { host: … } } }`;
        throw new NotFoundError('Connection', connectionId, `Give the test one: ${example}.`);
      }
      return { ...EMPTY, ...connection, connectionId };
    },
    async audit(): Promise<void> {},
  };
}

const EMPTY = {
  type: 'generic',
  host: null,
  port: null,
  login: null,
  password: null,
  schema: null,
  extra: {},
} as const;
