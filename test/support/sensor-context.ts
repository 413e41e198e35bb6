import { tmpdir } from 'node:os';
import type { Connection, TaskContext } from '@tsflow/core';

const ignore = () => undefined;

/** As much of a context as one look of a sensor needs. */
export function sensorContext(connection: Partial<Connection> = {}): TaskContext {
  const needed: Pick<TaskContext, 'dagDirectory' | 'signal' | 'log' | 'connections'> = {
    dagDirectory: tmpdir(),
    signal: new AbortController().signal,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
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
  };
  return needed as TaskContext;
}
