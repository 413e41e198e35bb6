import type { DagEffects } from '../turn.ts';
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
  type Column,
  columnValue,
  DEADLINE_MISSES,
  DECIDED_INTENTS,
  EVENTS,
  GROUP_TRIES,
  INTENTS,
  layout,
  type RowLayout,
  RUN_UPDATES,
  RUNS,
  TASK_MOVES,
  TASK_NAMES,
  TASK_UPDATES,
  TASKS,
  XCOMS,
} from '../turn-rows.ts';

/** One statement for many tables, and what its updates must find. */
export interface TurnStatement {
  /** Of the prepared statement: the same for the same lists. */
  readonly name: string;
  readonly sql: string;
  /** Array literals, one a column. */
  readonly values: string[];
  readonly claims: readonly RowsClaim[];
}

/** Rows that an update must find, and how to say which one it did not. */
export interface RowsClaim {
  readonly name: string;
  readonly table: string;
  readonly rows: number;
  /** Key and what the row was expected with, for each row of one DAG. */
  expected(effects: DagEffects): readonly (readonly [number | string, string])[];
  /** Selects `key` and `found` of the keys in $1. */
  readonly findSql: string;
}

/** Everything that a turn inserts, as one statement with a part for each list that is not empty. Null: nothing. */
export function insertStatement(dags: readonly DagEffects[]): TurnStatement | null {
  const statement = new StatementBuilder('insert');
  const insert = <T>(rows: readonly T[], layout: RowLayout<T>, onConflict = '') =>
    statement.add(rows, layout, (source) => {
      const names = layout.columns.map(({ sqlName }) => `"${sqlName}"`).join(', ');
      return `insert into ${layout.table} (${names}) select * from ${source} ${onConflict}`;
    });
  insert(collect(dags, 'backfillsInserted'), BACKFILLS);
  insert(collect(dags, 'runsInserted'), RUNS);
  insert(collect(dags, 'tasksInserted'), TASKS);
  // Not among the updates: one statement would write a row once that both change. An instance has a name after it was there.
  statement.add(collect(dags, 'tasksNamed'), TASK_NAMES, (source) =>
    set(TASK_NAMES, 1, source, 'task_instance.key = given.key'),
  );
  insert(collect(dags, 'groupTries'), GROUP_TRIES, BEGAN_BEFORE);
  insert(collect(dags, 'attemptsInserted'), ATTEMPTS);
  insert(
    newestOf(collect(dags, 'xcoms'), (xcom) => `${xcom.attemptId} ${xcom.key}`),
    XCOMS,
    'on conflict (attempt_id, key) do update set value = excluded.value',
  );
  insert(collect(dags, 'events'), EVENTS);
  insert(
    collect(dags, 'intentsSent'),
    INTENTS,
    'on conflict (idempotency_key) where idempotency_key is not null do nothing',
  );
  insert(collect(dags, 'callbacksInserted'), CALLBACKS);
  insert(collect(dags, 'deadlinesMissed'), DEADLINE_MISSES, 'on conflict do nothing');
  insert(collect(dags, 'assetEvents'), ASSET_EVENTS);
  insert(collect(dags, 'assetArrivals'), ASSET_ARRIVALS, ARRIVED_BEFORE);
  insert(collect(dags, 'alerts'), ALERTS, 'on conflict do nothing');
  return statement.build();
}

/** Everything that a turn changes, each row by compare-and-set. The statement returns how many rows each part found. */
export function updateStatement(dags: readonly DagEffects[]): TurnStatement | null {
  const statement = new StatementBuilder('update');
  statement.add(collectDagChanges(dags), DAG_CHANGES, updateDags, {
    expected: ({ dagId, dag }) => (dag?.mark === undefined ? [] : [[dagId, `mark ${dag.mark.from}`]]),
    findSql: `select dag_id as key, 'mark ' || coalesce(mark::text, 'null') as found from dag where dag_id = any($1)`,
  });
  statement.add(
    collect(dags, 'backfillsUpdated'),
    BACKFILL_UPDATES,
    (source) => set(BACKFILL_UPDATES, 1, source, 'backfill.key = given.key'),
    {
      expected: ({ backfillsUpdated }) => backfillsUpdated.map(({ key }) => [key, 'a row']),
      findSql: `select key, 'a row' as found from backfill where key = any($1)`,
    },
  );
  statement.add(
    collect(dags, 'runsUpdated'),
    RUN_UPDATES,
    (source) => set(RUN_UPDATES, 2, source, 'dag_run.key = given.key and dag_run.state = given."from"'),
    {
      expected: ({ runsUpdated }) => runsUpdated.map(({ key, from }) => [key, `state ${from}`]),
      findSql: `select key, 'state ' || state as found from dag_run where key = any($1)`,
    },
  );
  statement.add(
    collect(dags, 'tasksUpdated'),
    TASK_UPDATES,
    (source) =>
      set(TASK_UPDATES, 2, source, 'task_instance.key = given.key and task_instance.state = given."from"'),
    {
      expected: ({ tasksUpdated }) => tasksUpdated.map(({ key, from }) => [key, `state ${from}`]),
      findSql: `select key, 'state ' || state as found from task_instance where key = any($1)`,
    },
  );
  statement.add(
    collect(dags, 'tasksMoved'),
    TASK_MOVES,
    (source) =>
      set(TASK_MOVES, 2, source, 'task_instance.key = given.key and task_instance.state = given."from"'),
    {
      expected: ({ tasksMoved }) => tasksMoved.map(({ key, from }) => [key, `state ${from}`]),
      findSql: `select key, 'state ' || state as found from task_instance where key = any($1)`,
    },
  );
  statement.add(collect(dags, 'attemptsUpdated'), ATTEMPT_UPDATES, updateAttempts, {
    expected: ({ attemptsUpdated }) =>
      attemptsUpdated.map(({ attemptId, grantNumber }) => [attemptId, `grant_number ${grantNumber}`]),
    findSql: `select attempt_id as key, 'grant_number ' || grant_number as found from attempt where attempt_id = any($1)`,
  });
  statement.add(
    collect(dags, 'intentsDecided'),
    DECIDED_INTENTS,
    (source) => set(DECIDED_INTENTS, 1, source, `intent.id = given.id and intent.state = 'pending'`),
    {
      expected: ({ intentsDecided }) => intentsDecided.map(({ id }) => [id, 'state pending']),
      findSql: `select id as key, 'state ' || state as found from intent where id = any($1)`,
    },
  );
  statement.add(collect(dags, 'callbacksUpdated'), CALLBACK_UPDATES, updateCallbacks, {
    expected: ({ callbacksUpdated }) =>
      callbacksUpdated.map(({ key, grantNumber }) => [key, `grant_number ${grantNumber}`]),
    findSql: `select key, 'grant_number ' || grant_number as found from callback where key = any($1)`,
  });
  return statement.build();
}

/** Collects the parts, their columns as arrays, and their claims. */
class StatementBuilder {
  readonly #verb: string;
  readonly #parts: (() => { name: string; sql: string })[] = [];
  readonly #values: string[] = [];
  readonly #claims: RowsClaim[] = [];
  #lists = 0;
  /** One bit for each list that is not empty. */
  #shape = 0;

  constructor(verb: 'insert' | 'update') {
    this.#verb = verb;
  }

  add<T>(
    rows: readonly T[],
    layout: RowLayout<T>,
    sqlOf: (source: string) => string,
    claim?: Pick<RowsClaim, 'expected' | 'findSql'>,
  ): void {
    const list = this.#lists++;
    if (rows.length === 0) return;
    this.#shape |= 1 << list;
    // A table may have two lists.
    const name = `${layout.table}_rows_${list}`;
    const first = this.#values.length + 1;
    for (const column of layout.columns) {
      this.#values.push(arrayLiteral(layout, column, rows));
    }
    this.#parts.push(() => {
      const arrays = layout.columns.map(({ type }, i) => `$${first + i}::${type}[]`).join(', ');
      const names = layout.columns.map(({ sqlName }) => `"${sqlName}"`).join(', ');
      return { name, sql: sqlOf(`unnest(${arrays}) as given (${names})`) };
    });
    if (claim !== undefined) this.#claims.push({ name, table: layout.table, rows: rows.length, ...claim });
  }

  build(): TurnStatement | null {
    if (this.#parts.length === 0) return null;
    const name = `${this.#verb}_${this.#shape}`;
    const sql = sqlOfShape.get(name) ?? this.#sql();
    sqlOfShape.set(name, sql);
    return { name, sql, values: this.#values, claims: this.#claims };
  }

  #sql(): string {
    const parts = this.#parts.map((part) => part());
    const bodies = parts.map(({ name, sql }) => `${name} as (${sql} returning 1)`);
    const counts = parts.map(({ name }) => `(select count(*) from ${name}) as ${name}`);
    return `with ${bodies.join(',\n')}\nselect ${counts.join(', ')}`;
  }
}

/** `{1,NULL,"a \"quoted\" text"}`. By hand since it is a third of the client's work when the driver does it value by value. */
function arrayLiteral<T>(layout: RowLayout<T>, column: Column<T>, rows: readonly T[]): string {
  let literal = '{';
  for (const row of rows) {
    const value = columnValue(layout, column, row);
    if (literal.length > 1) literal += ',';
    if (value === null) literal += 'NULL';
    else if (typeof value === 'number') literal += value;
    else literal += `"${NEEDS_ESCAPE.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
  }
  return `${literal}}`;
}

const NEEDS_ESCAPE = /["\\]/;

/** Equal shapes have equal SQL, which is long: written once. */
const sqlOfShape = new Map<string, string>();

/** A DAG's change as one row: two updates of a row in one statement would lose one. */
interface DagChangeRow {
  readonly isPaused: number | null;
  readonly movesMark: number;
  readonly to: number | null;
  readonly version: string | null;
  readonly nextTick: number | null;
  readonly movesSkip: number;
  readonly skipUntil: number | null;
  readonly dagId: string;
  readonly from: number | null;
}

const DAG_CHANGES: RowLayout<DagChangeRow> = layout('dag', {
  isPaused: 'int8',
  movesMark: 'int8',
  to: 'int8',
  version: 'text',
  nextTick: 'int8',
  movesSkip: 'int8',
  skipUntil: 'int8',
  dagId: 'text',
  from: 'int8',
});

function collectDagChanges(dags: readonly DagEffects[]): DagChangeRow[] {
  return dags.flatMap(({ dagId, dag }) =>
    dag?.isPaused === undefined && dag?.mark === undefined && dag?.skipUntil === undefined
      ? []
      : [
          {
            isPaused: dag.isPaused === undefined ? null : Number(dag.isPaused),
            movesMark: Number(dag.mark !== undefined),
            to: dag.mark?.to ?? null,
            version: dag.mark?.version ?? null,
            nextTick: dag.mark?.nextTick ?? null,
            movesSkip: Number(dag.skipUntil !== undefined),
            skipUntil: dag.skipUntil ?? null,
            dagId,
            from: dag.mark?.from ?? null,
          },
        ],
  );
}

const updateDags = (source: string) => `update dag set
    is_paused = coalesce(given.is_paused, dag.is_paused),
    mark = case when given.moves_mark = 1 then given."to" else dag.mark end,
    mark_version = case when given.moves_mark = 1 then given.version else dag.mark_version end,
    next_tick = case when given.moves_mark = 1 then given.next_tick else dag.next_tick end,
    skip_until = case when given.moves_skip = 1 then given.skip_until else dag.skip_until end
  from ${source}
  where dag.dag_id = given.dag_id and (given.moves_mark = 0 or dag.mark is not distinct from given."from")`;

function updateAttempts(source: string): string {
  return `update attempt set ${attemptAssignments((name) => `given.${name}`)}
    from ${source} where attempt.attempt_id = given.attempt_id and attempt.grant_number = given.grant_number`;
}

function updateCallbacks(source: string): string {
  const changed = CALLBACK_UPDATES.columns.slice(1, -2).map(({ sqlName }) => `${sqlName} = given.${sqlName}`);
  return `update callback set grant_number = given.new_grant, ${changed.join(', ')}
    from ${source} where callback.key = given.key and callback.grant_number = given.grant_number`;
}

function set<T>(
  { table, columns }: RowLayout<T>,
  claimColumns: number,
  source: string,
  claim: string,
): string {
  const assignments = columns
    .slice(0, -claimColumns)
    .map(({ sqlName }) => `"${sqlName}" = given."${sqlName}"`);
  return `update ${table} set ${assignments.join(', ')} from ${source} where ${claim}`;
}

type ListName = Exclude<keyof DagEffects, 'dagId' | 'epoch' | 'dag'>;

function collect<Name extends ListName>(dags: readonly DagEffects[], list: Name): DagEffects[Name][number][] {
  if (dags.length === 1) return dags[0]![list];
  return dags.flatMap((effects): DagEffects[Name][number][] => effects[list]);
}

/** One statement writes a row once: of several values under one key the last one counts, as when written one by one. */
function newestOf<T>(rows: readonly T[], keyOf: (row: T) => string): T[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}
