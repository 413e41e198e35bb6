import { CompareAndSetError } from '../store-errors.ts';
import {
  ALERTS,
  ARRIVED_BEFORE,
  ASSET_ARRIVALS,
  ASSET_EVENTS,
  ATTEMPT_UPDATES,
  ATTEMPTS,
  attemptAssignments,
  BACKFILL_UPDATES,
  BACKFILLS,
  BEGAN_BEFORE,
  CALLBACK_UPDATES,
  CALLBACKS,
  columnValue,
  DEADLINE_MISSES,
  DECIDED_INTENTS,
  EVENTS,
  GROUP_TRIES,
  INTENTS,
  type RowLayout,
  RUN_UPDATES,
  RUNS,
  type SqlValue,
  TASK_MOVES,
  TASK_NAMES,
  TASK_UPDATES,
  TASKS,
  XCOMS,
} from '../turn-rows.ts';
import type { SqliteDatabase, SqliteStatement } from './sqlite-database.ts';

/** The statements of a turn on one connection. An update names its row by the last columns of its layout. */
export class TurnStatements {
  readonly fence: SqliteStatement;
  readonly epochs: SqliteStatement;
  readonly counterUse: SqliteStatement;
  readonly counterMove: SqliteStatement;
  readonly pause: SqliteStatement;
  readonly skip: SqliteStatement;
  readonly mark: SqliteStatement;
  readonly markOf: SqliteStatement;
  readonly backfills;
  readonly backfillUpdates;
  readonly runs;
  readonly runUpdates;
  readonly tasks;
  readonly taskUpdates;
  readonly taskMoves;
  readonly taskNames;
  readonly groupTries;
  readonly attempts;
  readonly attemptUpdates;
  readonly xcoms;
  readonly events;
  readonly decidedIntents;
  readonly intents;
  readonly callbacks;
  readonly callbackUpdates;
  readonly deadlineMisses;
  readonly alerts;
  readonly assetEvents;
  readonly assetArrivals;

  constructor(database: SqliteDatabase) {
    this.fence = database.prepare(
      'update scheduler set turn = turn + 1, last_turn_ms = ? where id = ? and turn = ? and stopped_at is null',
    );
    this.epochs = database.prepare(
      'select dag_id, epoch from dag where holder = ? and dag_id in (select value from json_each(?))',
    );
    this.counterUse = database.prepare('select used from counter where name = ?');
    this.counterMove = database.prepare(
      'insert into counter (name, used) values (?, ?) on conflict (name) do update set used = used + excluded.used',
    );
    this.pause = database.prepare('update dag set is_paused = ? where dag_id = ?');
    this.skip = database.prepare('update dag set skip_until = ? where dag_id = ?');
    this.mark = database.prepare(
      'update dag set mark = ?, mark_version = ?, next_tick = ? where dag_id = ? and mark is ?',
    );
    this.markOf = database.prepare('select mark from dag where dag_id = ?');

    const rows = <T>(layout: RowLayout<T>, sql: string, claim?: Claim<T>) =>
      new RowWriter(database, layout, sql, claim);
    this.backfills = rows(BACKFILLS, insert(BACKFILLS));
    this.backfillUpdates = rows(BACKFILL_UPDATES, update(BACKFILL_UPDATES, 1, 'key = ?'), {
      key: 'key',
      expected: (backfill) => `state ${backfill.state} or an earlier one`,
      found: 'select state from backfill where key = ?',
    });
    this.runs = rows(RUNS, insert(RUNS));
    this.runUpdates = rows(RUN_UPDATES, update(RUN_UPDATES, 2, 'key = ? and state = ?'), {
      key: 'key',
      expected: (run) => `state ${run.from}`,
      found: 'select state from dag_run where key = ?',
    });
    this.tasks = rows(TASKS, insert(TASKS));
    this.taskUpdates = rows(TASK_UPDATES, update(TASK_UPDATES, 2, 'key = ? and state = ?'), {
      key: 'key',
      expected: (task) => `state ${task.from}`,
      found: 'select state from task_instance where key = ?',
    });
    this.taskMoves = rows(TASK_MOVES, update(TASK_MOVES, 2, 'key = ? and state = ?'), {
      key: 'key',
      expected: (task) => `state ${task.from}`,
      found: 'select state from task_instance where key = ?',
    });
    this.taskNames = rows(TASK_NAMES, update(TASK_NAMES, 1, 'key = ?'));
    this.groupTries = rows(GROUP_TRIES, `${insert(GROUP_TRIES)} ${BEGAN_BEFORE}`);
    this.attempts = rows(ATTEMPTS, insert(ATTEMPTS));
    this.attemptUpdates = rows(ATTEMPT_UPDATES, UPDATE_ATTEMPT, {
      key: 'attemptId',
      expected: (attempt) => `grant_number ${attempt.grantNumber}`,
      found: 'select grant_number from attempt where attempt_id = ?',
    });
    this.xcoms = rows(
      XCOMS,
      `${insert(XCOMS)} on conflict (attempt_id, key) do update set value = excluded.value`,
    );
    this.events = rows(EVENTS, insert(EVENTS));
    this.decidedIntents = rows(DECIDED_INTENTS, update(DECIDED_INTENTS, 1, `id = ? and state = 'pending'`), {
      key: 'id',
      expected: () => 'state pending',
      found: 'select state from intent where id = ?',
    });
    this.intents = rows(
      INTENTS,
      `${insert(INTENTS)} on conflict (idempotency_key) where idempotency_key is not null do nothing`,
    );
    this.callbacks = rows(CALLBACKS, insert(CALLBACKS));
    this.callbackUpdates = rows(CALLBACK_UPDATES, UPDATE_CALLBACK, {
      key: 'key',
      expected: (callback) => `grant_number ${callback.grantNumber}`,
      found: 'select grant_number from callback where key = ?',
    });
    this.deadlineMisses = rows(DEADLINE_MISSES, `${insert(DEADLINE_MISSES)} on conflict do nothing`);
    this.assetEvents = rows(ASSET_EVENTS, insert(ASSET_EVENTS));
    this.assetArrivals = rows(ASSET_ARRIVALS, `${insert(ASSET_ARRIVALS)} ${ARRIVED_BEFORE}`);
    this.alerts = rows(ALERTS, `${insert(ALERTS)} on conflict do nothing`);
  }
}

/** An update that must find its row, and what to say when it does not. */
interface Claim<T> {
  readonly key: keyof T;
  expected(row: T): string;
  readonly found: string;
}

/** Binds the rows of one list to one statement. */
class RowWriter<T> {
  readonly #database: SqliteDatabase;
  readonly #layout: RowLayout<T>;
  readonly #statement: SqliteStatement;
  readonly #claim: Claim<T> | undefined;
  /** Reused for every row: the driver reads it during the call only. */
  readonly #values: SqlValue[];

  constructor(database: SqliteDatabase, layout: RowLayout<T>, sql: string, claim: Claim<T> | undefined) {
    this.#database = database;
    this.#layout = layout;
    this.#statement = database.prepare(sql);
    this.#claim = claim;
    this.#values = layout.columns.map(() => null);
  }

  writeAll(rows: readonly T[]): void {
    const layout = this.#layout;
    const { columns } = layout;
    const values = this.#values;
    for (const row of rows) {
      for (let i = 0; i < columns.length; i++) values[i] = columnValue(layout, columns[i]!, row);
      const changed = this.#statement.run(values);
      if (changed === 0 && this.#claim !== undefined) this.#refuse(this.#claim, row);
    }
  }

  #refuse(claim: Claim<T>, row: T): never {
    const key = row[claim.key] as number;
    const found = this.#database.prepare(claim.found).all([key])[0];
    const [column, value] = Object.entries(found ?? {})[0] ?? [];
    throw new CompareAndSetError(
      this.#layout.table,
      key,
      claim.expected(row),
      found === undefined ? null : `${column} ${value}`,
    );
  }
}

const UPDATE_ATTEMPT = `update attempt set ${attemptAssignments(() => '?')} where attempt_id = ? and grant_number = ?`;

const UPDATE_CALLBACK = `update callback set grant_number = ?, ${CALLBACK_UPDATES.columns
  .slice(1, -2)
  .map(({ sqlName }) => `${sqlName} = ?`)
  .join(', ')} where key = ? and grant_number = ?`;

function insert<T>({ table, columns }: RowLayout<T>): string {
  const names = columns.map(({ sqlName }) => `"${sqlName}"`).join(', ');
  return `insert into ${table} (${names}) values (${columns.map(() => '?').join(', ')})`;
}

function update<T>({ table, columns }: RowLayout<T>, claimColumns: number, claim: string): string {
  const set = columns.slice(0, -claimColumns).map(({ sqlName }) => `"${sqlName}" = ?`);
  return `update ${table} set ${set.join(', ')} where ${claim}`;
}
