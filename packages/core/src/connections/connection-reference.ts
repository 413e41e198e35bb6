import type { Connection as ConnectionValue } from './connection.ts';

const REFERENCE = Symbol.for('tsflow.connection-reference');

/** A connection that a DAG file names, with the type that its values have. Reading it is left to the task: parsing reads none. */
export interface ConnectionReference<T = ConnectionValue> {
  /** The name under which it is stored. */
  readonly connectionId: string;
  readonly [REFERENCE]: (connection: ConnectionValue) => T;
}

/** What checks a connection: a zod schema, for one. */
export interface ConnectionSchema<T> {
  parse(value: unknown): T;
}

/**
 * Names a connection. With a schema its values are typed, and a connection that does not fit fails the task with the schema's words:
 *
 * ```ts
 * const warehouse = connection('warehouse', z.object({ host: z.string(), extra: z.object({ dataset: z.string() }) }));
 * task('load', async ({ connections }) => (await connections.get(warehouse)).extra.dataset, {}, { connections: [warehouse] });
 * ```
 */
export function connection(connectionId: string): ConnectionReference;
export function connection<T>(connectionId: string, schema: ConnectionSchema<T>): ConnectionReference<T>;
export function connection<T>(
  connectionId: string,
  schema?: ConnectionSchema<T>,
): ConnectionReference<T | ConnectionValue> {
  return { connectionId, [REFERENCE]: (value) => (schema === undefined ? value : schema.parse(value)) };
}

export function isConnectionReference(value: unknown): value is ConnectionReference<unknown> {
  return typeof value === 'object' && value !== null && REFERENCE in value;
}

/** The value as its reference types it. Throws what the schema throws. */
export function connectionValue<T>(reference: ConnectionReference<T>, value: ConnectionValue): T {
  return reference[REFERENCE](value);
}
