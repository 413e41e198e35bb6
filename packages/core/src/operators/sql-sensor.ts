import type { Connection } from '../connections/index.ts';
import type { TaskContext } from '../dag/context.ts';
import type { Json } from '../json.ts';
import { queryDatabase } from './query-database.ts';
import { Sensor } from './sensor.ts';

interface SqlFields {
  /** The connection, of type `postgres` or `sqlite`. */
  readonly connectionId: string;
  readonly sql: string;
  /** Values for `$1`, `$2` (PostgreSQL) or `?` (SQLite) in it. Never put them into the text. */
  readonly parameters?: readonly (string | number | boolean | null)[];
}

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
    const connection: Connection = await context.connections.get(connectionId);
    const value = await queryDatabase(connection, sql, parameters);
    return isThere(value) ? value : null;
  }
}

/** A count comes as text from PostgreSQL, whose numbers may be larger than those of JavaScript. */
function isThere(value: Json): boolean {
  return Boolean(value) && value !== '0';
}
