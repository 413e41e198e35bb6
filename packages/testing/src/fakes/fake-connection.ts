import type { Connection } from '@tsflow/core';

/** A system that stands behind a connection in a test: given in the place of the connection itself. */
export interface FakeConnection {
  /** Called when a test begins; what it gives is closed when that test ends. */
  open(): Promise<OpenFake>;
}

/** A fake that is open for one test. */
export interface OpenFake {
  /** What tasks get when they ask for the connection. */
  readonly connection: Partial<Connection>;
  /** At the end of the test. */
  close(): Promise<void>;
}

export function isFakeConnection(given: Partial<Connection> | FakeConnection): given is FakeConnection {
  return typeof (given as Partial<FakeConnection>).open === 'function';
}
