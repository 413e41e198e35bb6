import { randomUUID } from 'node:crypto';
import type { TaskContext } from '../dag/context.ts';
import { DagDefinitionError } from '../dag/definition-error.ts';
import type { FileTemplate } from '../dag/file-template.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Templated } from '../dag/template.ts';
import { type Duration, durationMs } from '../duration.ts';
import { openSql, type SqlClient, type SqlRow, type SqlValue } from './sql-client.ts';

interface SqlFields {
  readonly connectionId: string;
  readonly sql?: string;
  readonly sqlFile?: string;
  readonly parameters?: readonly SqlValue[];
  readonly exactlyOnce?: boolean;
  readonly statementTimeout?: Duration;
  readonly maxRows?: number;
}

/** Options of a {@link SqlOperator}. */
export interface SqlOptions extends OperatorOptions {
  /** Connection of type `postgres` or `sqlite`. The same DAG runs on either. */
  readonly connectionId: string;
  /** What is run. Values go by `parameters`, never by quoting. Exactly one of this and `sqlFile` is given. */
  readonly sql?: Templated<string> | undefined;
  /** A file beside the DAG file. */
  readonly sqlFile?: string | FileTemplate | undefined;
  /** Values of `$1`, `$2`, …. With any, the text is one statement; without, it may be several, in one transaction. */
  readonly parameters?: Templated<readonly SqlValue[]> | undefined;
  /**
   * Writes a marker into the table `tsflow_done` of that database in the transaction of the statement: an attempt that follows one which
   * died after its commit finds it and runs nothing. Default false.
   */
  readonly exactlyOnce?: boolean | undefined;
  /** Longest time for one statement, on PostgreSQL; a number is seconds. Default: the attempt's own. */
  readonly statementTimeout?: Duration | undefined;
  /** Most rows that become the output; more fail the task. Default 1,000. */
  readonly maxRows?: number | undefined;
}

/** What a statement gave: rows of a query, or how many it changed. */
export interface SqlOutput {
  /** What a query gave; empty for other statements. */
  readonly rows: readonly SqlRow[];
  /** Rows that were inserted, changed or deleted. */
  readonly changes: number;
  /** Another attempt of this task had run it already. */
  readonly alreadyDone: boolean;
}

const MARKERS =
  'create table if not exists tsflow_done (marker text primary key, task text not null, at text not null)';
const MAX_ROWS = 1_000;

/** Runs SQL in PostgreSQL or SQLite, in a transaction: all of it happens, or nothing. */
export class SqlOperator extends Operator<SqlOutput, SqlFields, SqlOptions> {
  static override readonly fields = {
    connectionId: 'value',
    sql: 'template',
    sqlFile: 'file',
    parameters: 'template',
    exactlyOnce: 'value',
    statementTimeout: 'value',
    maxRows: 'value',
  } as const;

  constructor(options: SqlOptions) {
    super(options);
    assertSql(this.taskId, this.fields);
  }

  async execute(context: TaskContext, fields: SqlFields): Promise<SqlOutput> {
    const { exactlyOnce = false, maxRows = MAX_ROWS, parameters = [] } = fields;
    const marker = exactlyOnce ? await markerOf(context) : null;
    const result = await inTransaction(context, fields, async (client) => {
      if (marker !== null && !(await mark(client, marker, context))) return null;
      return client.run(fields.sql ?? fields.sqlFile!, parameters);
    });
    if (result === null) {
      context.log.info('An earlier attempt ran it already: nothing is run again.');
      return { rows: [], changes: 0, alreadyDone: true };
    }
    if (result.rows.length > maxRows) {
      throw new Error(
        `The query gave ${result.rows.length} rows, more than maxRows, ${maxRows}. Select fewer.`,
      );
    }
    context.log.info('The statement is done.', { rows: result.rows.length, changes: result.changes });
    return { rows: result.rows.map(asJson), changes: result.changes, alreadyDone: false };
  }
}

/** Throws when an operator was given neither or both of `sql` and `sqlFile`. */
export function assertSql(taskId: string, fields: Readonly<Record<string, unknown>>): void {
  if ((fields.sql === undefined) === (fields.sqlFile === undefined)) {
    throw new DagDefinitionError('invalid_option', `Task "${taskId}" needs either sql or a sqlFile.`);
  }
}

/** Opens the connection, runs `work` in a transaction, and closes whatever came of it. */
export async function inTransaction<T>(
  context: TaskContext,
  { connectionId, statementTimeout }: Pick<SqlFields, 'connectionId' | 'statementTimeout'>,
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  const statementTimeoutMs =
    statementTimeout === undefined ? null : durationMs(statementTimeout, 'statementTimeout');
  const client = await openSql(await context.connections.get(connectionId), { statementTimeoutMs });
  try {
    await client.run('begin');
    const result = await work(client);
    await client.run('commit');
    return result;
  } catch (error) {
    // It may be gone, which ends the transaction too.
    await client.run('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.close();
  }
}

/** The same for every attempt of the instance until one succeeds: it is saved before anything is run. */
async function markerOf(context: TaskContext): Promise<string> {
  const saved = await context.state.load<{ marker: string }>();
  if (saved !== null) return saved.marker;
  const marker = randomUUID();
  await context.state.save({ marker });
  return marker;
}

/** False: the marker is there, so what it stands for was committed with it. */
async function mark(
  client: SqlClient,
  marker: string,
  { dagId, runId, taskId }: TaskContext,
): Promise<boolean> {
  await client.run(MARKERS);
  const task = `${dagId}/${runId}/${taskId}`;
  const sql =
    'insert into tsflow_done (marker, task, at) values ($1, $2, $3) on conflict (marker) do nothing';
  const { changes } = await client.run(sql, [marker, task, new Date().toISOString()]);
  return changes === 1;
}

/** Dates become text, big numbers too: an output is JSON. */
function asJson(row: SqlRow): SqlRow {
  const text = (value: unknown) =>
    value instanceof Date ? value.toISOString() : typeof value === 'bigint' ? String(value) : value;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, text(value)]));
}
