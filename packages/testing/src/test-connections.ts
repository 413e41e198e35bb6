import type { Connection } from '@tsflow/core';
import { NotFoundError } from '@tsflow/core/errors';
import { type FakeConnection, isFakeConnection, type OpenFake } from './fakes/fake-connection.ts';

/** Connections of a test by their ids: values (what is left out is null), or a fake. */
export type GivenConnections = Readonly<Record<string, Partial<Connection> | FakeConnection>>;

/** The connections of a test, where the scheduler would look into the environment and the store. */
export class TestConnections {
  readonly #open: readonly OpenFake[];
  readonly #connections: Readonly<Record<string, Partial<Connection>>>;

  static async open(given: GivenConnections): Promise<TestConnections> {
    const open: OpenFake[] = [];
    const connections: Record<string, Partial<Connection>> = {};
    for (const [connectionId, one] of Object.entries(given)) {
      if (!isFakeConnection(one)) connections[connectionId] = one;
      else {
        const fake = await one.open();
        open.push(fake);
        connections[connectionId] = fake.connection;
      }
    }
    return new TestConnections(connections, open);
  }

  private constructor(connections: Readonly<Record<string, Partial<Connection>>>, open: readonly OpenFake[]) {
    this.#connections = connections;
    this.#open = open;
  }

  async get(connectionId: string): Promise<Connection> {
    const connection = this.#connections[connectionId];
    if (connection === undefined) {
      const example = `{ connections: { ${JSON.stringify(connectionId)}: { host: … } } }`;
      throw new NotFoundError('Connection', connectionId, `Give the test one: ${example}.`);
    }
    return testConnection(connectionId, connection);
  }

  async audit(): Promise<void> {}

  async close(): Promise<void> {
    for (const fake of this.#open) await fake.close();
  }
}

/** A connection of which only some is given. */
export function testConnection(connectionId: string, given: Partial<Connection>): Connection {
  return { ...EMPTY, ...given, connectionId };
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
