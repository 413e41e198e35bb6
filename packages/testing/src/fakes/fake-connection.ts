import type { Connection } from '@tsflow/core';

/** A system that stands behind a connection in a test: given in the place of the connection itself. */
export interface FakeConnection {
  /** Called when a test begins; what it gives is closed when that test ends. */
  open(): Promise<OpenFake>;
}

export interface OpenFake {
  readonly connection: Partial<Connection>;
  close(): Promise<void>;
}

export function isFakeConnection(given: Partial<Connection> | FakeConnection): given is FakeConnection {
  return typeof (given as Partial<FakeConnection>).open === 'function';
}
