import type { TaskContext } from '../dag/context.ts';
import type { Json } from '../json.ts';
import { Sensor } from './sensor.ts';
import { openSql, type SqlValue } from './sql-client.ts';

interface SqlFields {
  /** The connection, of type `postgres` or `sqlite`. */
  readonly connectionId: string;
  readonly sql: string;
  /** Values for `$1`, `$2` in it. Never put them into the text. */
  readonly parameters?: readonly SqlValue[];
}

const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Asks a database until the first column of the first row is neither null, false, 0, nor '': `select count(*) from …`. That value is
 * its output. Waits with others in one process (`mode: 'defer'`) unless told otherwise; SQLite blocks that process for the time of the
 * query, so a long one wants `mode: 'reschedule'`.
 */
export class SqlSensor extends Sensor<Json, SqlFields> {
  static override readonly fields = {
    ...Sensor.fields,
    connectionId: 'template',
    sql: 'template',
    parameters: 'template',
  } as const;
  protected override readonly defaultMode = 'defer';

  async poke(context: TaskContext, { connectionId, sql, parameters = [] }: SqlFields): Promise<Json> {
    const connection = await context.connections.get(connectionId);
    const client = await openSql(connection, { statementTimeoutMs: STATEMENT_TIMEOUT_MS });
    try {
      const [row = {}] = (await client.run(sql, parameters)).rows;
      const value = asJson(Object.values(row)[0]);
      return isThere(value) ? value : null;
    } finally {
      await client.close();
    }
  }
}

/** A count comes as text from PostgreSQL, whose numbers may be larger than those of JavaScript. */
function isThere(value: Json): boolean {
  return Boolean(value) && value !== '0';
}

function asJson(value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'bigint' ? value.toString() : (value as Json);
}
