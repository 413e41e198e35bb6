import { tmpdir } from 'node:os';
import type { Connection, TaskContext } from '@tsflow/core';

/** As much of a context as one look of a sensor needs. */
export const sensorContext = (connection: Partial<Connection> = {}) =>
  ({
    dagDirectory: tmpdir(),
    signal: new AbortController().signal,
    log: { debug: () => undefined },
    connections: {
      get: async (): Promise<Connection> => ({
        connectionId: 'db',
        type: 'sqlite',
        host: null,
        port: null,
        login: null,
        password: null,
        schema: null,
        extra: {},
        ...connection,
      }),
    },
  }) as unknown as TaskContext;
