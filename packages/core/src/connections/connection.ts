import type { JsonObject } from '../json.ts';
import type { ConnectionReference } from './connection-reference.ts';

/**
 * How to reach another system. `password` and whatever `extra` holds are secrets: they are masked in logs and rendered
 * fields, and never leave the attempt that asked for them.
 */
export interface Connection {
  /** The name under which tasks ask for it. */
  readonly connectionId: string;
  /** What kind of system: `postgres`, `http`, `google_cloud`, …. */
  readonly type: string;
  /** Name or address of the machine; null: none. */
  readonly host: string | null;
  /** Null: the usual one of its type. */
  readonly port: number | null;
  /** Name of the user; null: none. */
  readonly login: string | null;
  /** Secret: masked in logs and rendered fields; null: none. */
  readonly password: string | null;
  /** Database, dataset or path, as the type understands it. */
  readonly schema: string | null;
  /** What the type knows besides. */
  readonly extra: JsonObject;
}

/** Whatever knows connections by their ids. */
export interface ConnectionReader {
  /** The connection `connectionId`. Throws `NotFoundError` when it is defined nowhere. */
  get(connectionId: string): Promise<Connection>;
}

/** Gives a task the connections it names. */
export interface ConnectionPort extends ConnectionReader {
  get(connectionId: string): Promise<Connection>;
  /** The same, typed by what the DAG file says of it. Throws what its schema throws when it does not fit. */
  get<T>(connection: ConnectionReference<T>): Promise<T>;
}
