import type { TaskContext } from '../dag/context.ts';
import type { FileTemplate } from '../dag/file-template.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Templated } from '../dag/template.ts';
import type { Duration } from '../duration.ts';
import { TsflowError } from '../errors.ts';
import type { SqlRow, SqlValue } from './sql-client.ts';
import { assertSql, inTransaction } from './sql-operator.ts';

interface SqlCheckFields {
  readonly connectionId: string;
  readonly sql?: string;
  readonly sqlFile?: string;
  readonly parameters?: readonly SqlValue[];
  readonly expect?: ((row: SqlRow) => boolean) | null;
  readonly onFalse?: 'fail' | 'warn';
  readonly statementTimeout?: Duration;
}

/** Options of a {@link SqlCheckOperator}. */
export interface SqlCheckOptions extends OperatorOptions {
  /** Connection of type `postgres` or `sqlite`. */
  readonly connectionId: string;
  /** A query with one row. Exactly one of this and `sqlFile` is given. */
  readonly sql?: Templated<string> | undefined;
  /** A file beside the DAG file. */
  readonly sqlFile?: string | FileTemplate | undefined;
  /** Values of `$1`, `$2`, …. */
  readonly parameters?: Templated<readonly SqlValue[]> | undefined;
  /** What has to be true of the row. Default: none of its values is 0, '', false or null. */
  readonly expect?: ((row: SqlRow) => boolean) | undefined;
  /** `fail` (default), or `warn`: the task succeeds, its log warns, and `passed` of its output is false. */
  readonly onFalse?: 'fail' | 'warn' | undefined;
  /** Longest time for the query, on PostgreSQL; a number is seconds. Default: the attempt's own. */
  readonly statementTimeout?: Duration | undefined;
}

/** What a check of data found. */
export interface SqlCheckOutput {
  /** Whether the data is as it should be. */
  readonly passed: boolean;
  /** What the query gave; null: no row. */
  readonly row: SqlRow | null;
}

/** Thrown when data is not as it should be; the values are in the message. */
export class SqlCheckFailedError extends TsflowError {
  constructor(row: SqlRow | null) {
    super(
      'sql_check_failed',
      row === null ? 'The check gave no row.' : `The check is not met: ${JSON.stringify(row)}.`,
    );
  }
}

/** Asks a database whether data is as it should be: a job may succeed and leave nonsense. */
export class SqlCheckOperator extends Operator<SqlCheckOutput, SqlCheckFields, SqlCheckOptions> {
  static override readonly fields = {
    connectionId: 'value',
    sql: 'template',
    sqlFile: 'file',
    parameters: 'template',
    expect: 'value',
    onFalse: 'value',
    statementTimeout: 'value',
  } as const;

  constructor(options: SqlCheckOptions) {
    super(options);
    assertSql(this.taskId, this.fields);
  }

  async execute(context: TaskContext, fields: SqlCheckFields): Promise<SqlCheckOutput> {
    const { parameters = [], expect, onFalse = 'fail' } = fields;
    const { rows } = await inTransaction(context, fields, (client) =>
      client.run(fields.sql ?? fields.sqlFile!, parameters),
    );
    const row = rows[0] ?? null;
    const passed = row !== null && (expect ? expect(row) : Object.values(row).every(isTruthy));
    if (passed) return { passed, row };
    const failure = new SqlCheckFailedError(row);
    if (onFalse === 'fail') throw failure;
    context.log.warn(failure.message);
    return { passed, row };
  }
}

/** PostgreSQL hands counts over as text. */
const isTruthy = (value: unknown): boolean => Boolean(value) && value !== '0';
