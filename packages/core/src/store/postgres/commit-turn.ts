import type pg from 'pg';
import { Mutex } from '../mutex.ts';
import { CompareAndSetError, DatabaseError } from '../store-errors.ts';
import type { DagEffects, Turn, TurnResult } from '../turn.ts';
import { type CounterMove, counterMoves } from '../turn-counters.ts';
import { isSilence, type PostgresConnections } from './postgres-connections.ts';
import { isLostRace, postgresFailure } from './postgres-failure.ts';
import { insertStatement, type TurnStatement, updateStatement } from './turn-statements.ts';

/** How often a turn that lost a race is tried before the scheduler hears of it. */
const MAX_TRIES = 10;
const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = 1_000;

/**
 * Every row of a turn is found by its key, so one plan fits all turns. Without statistics, as in a new installation, the planner would
 * read whole tables and keep that plan while they grow.
 */
const SESSION = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};

/**
 * Writes turns on PostgreSQL: all statements are sent without waiting for one another, then COMMIT, so a turn costs two round trips
 * however many tables it touches. What the statements found is checked in between; a DAG that was lost leaves, and the rest is
 * sent again.
 */
export class PostgresTurnWriter {
  readonly #connections: PostgresConnections;
  /** The session carries one transaction at a time. */
  readonly #mutex = new Mutex();
  #session: Promise<pg.Client> | null = null;
  #isClosed = false;

  constructor(connections: PostgresConnections) {
    this.#connections = connections;
  }

  async write(turn: Turn): Promise<TurnResult> {
    const unlock = await this.#mutex.lock();
    try {
      return await this.#write(turn);
    } finally {
      unlock();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const session = await this.#session?.catch(() => null);
    await session?.end().catch(() => undefined);
  }

  async #write(turn: Turn): Promise<TurnResult> {
    let lost: readonly DagEffects[] = [];
    for (let tries = 1; ; tries++) {
      try {
        const written = await this.#attempt(turn, lost);
        if (written !== 'again') return written;
      } catch (error) {
        if (error instanceof LostDags) {
          lost = [...lost, ...error.dags];
          continue;
        }
        if (!isLostRace(error) || tries >= MAX_TRIES) throw error;
        await pause(2 ** tries * Math.random());
      }
    }
  }

  async #attempt(turn: Turn, lost: readonly DagEffects[]): Promise<TurnResult | 'again'> {
    const session = await this.#open();
    let prepared: TurnResult;
    try {
      prepared = await writeAll(session, turn, lost);
      if (prepared.status !== 'committed') {
        await session.query('rollback');
        return prepared;
      }
    } catch (error) {
      if (isSilence(error)) this.#connections.closeAll();
      // Also ends the transaction. The session's named statements are in doubt after an error in a pipeline: begin anew.
      this.#drop(session);
      throw await this.#explained(turn, postgresFailure(error));
    }
    try {
      await session.query('commit');
      return prepared;
    } catch (error) {
      if (isSilence(error)) this.#connections.closeAll();
      this.#drop(session);
      const failure = postgresFailure(error);
      if (!(failure instanceof DatabaseError) || failure.code !== 'database_unavailable') throw failure;
      return this.#outcomeOfCommit(turn, prepared);
    }
  }

  /**
   * The reply of a COMMIT was lost: the scheduler's row says whether it happened. Its lock waits for a backend that is still at it.
   * Asks until it hears, since nothing may be granted before.
   */
  async #outcomeOfCommit(turn: Turn, prepared: TurnResult): Promise<TurnResult | 'again'> {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
      try {
        const session = await this.#open();
        const { rows } = await session.query<{ turn: number; stopped_at: number | null }>(
          'select turn, stopped_at from scheduler where id = $1 for update',
          [turn.schedulerId],
        );
        const now = rows[0];
        if (now?.turn === turn.turn + 1) return { ...prepared, ...(await countersOf(session, turn)) };
        return now?.turn === turn.turn && now.stopped_at === null ? 'again' : { status: 'fenced' };
      } catch (error) {
        const failure = postgresFailure(error);
        const maySoon = failure instanceof DatabaseError && failure.isTransient && !this.#isClosed;
        if (!maySoon) throw failure;
        if (this.#session !== null) this.#drop(await this.#session.catch(() => null));
        await pause(delayMs);
      }
    }
  }

  /** A claim that found no row names the row; the transaction is gone by now, so what it found is read anew. */
  async #explained(turn: Turn, failure: unknown): Promise<unknown> {
    if (!(failure instanceof ClaimsMissed)) return failure;
    const held = turn.dags.filter((effects) => !failure.lost.includes(effects));
    const session = await this.#open();
    const { statement, missed } = failure;
    for (const claim of statement.claims.filter(({ name }) => missed.includes(name))) {
      const expected = new Map(held.flatMap((effects) => claim.expected(effects)));
      const { rows } = await session.query<{ key: number | string; found: string }>(claim.findSql, [
        [...expected.keys()],
      ]);
      const found = new Map(rows.map((row) => [row.key, row.found]));
      for (const [key, value] of expected) {
        if (found.get(key) !== value) {
          return new CompareAndSetError(claim.table, key, value, found.get(key) ?? null);
        }
      }
    }
    return new CompareAndSetError(missed.join(', '), '(unknown)', 'the state it had', 'another');
  }

  #open(): Promise<pg.Client> {
    if (this.#isClosed) {
      throw new DatabaseError('database_unavailable', 'The store was closed.');
    }
    if (this.#session !== null) return this.#session;
    const opening = this.#connections.session(SESSION, true);
    this.#session = opening;
    const forget = () => {
      if (this.#session === opening) this.#session = null;
    };
    opening.then((session) => session.once('end', forget), forget);
    return opening;
  }

  #drop(session: pg.Client | null): void {
    this.#session = null;
    void session?.end().catch(() => undefined);
  }
}

/** DAGs that are another scheduler's by now: the turn is written again without them. */
class LostDags extends Error {
  readonly dags: readonly DagEffects[];

  constructor(dags: readonly DagEffects[]) {
    super('lost DAGs');
    this.dags = dags;
  }
}

/** Updates that found fewer rows than they claimed. */
class ClaimsMissed extends Error {
  readonly statement: TurnStatement;
  readonly missed: readonly string[];
  readonly lost: readonly DagEffects[];

  constructor(statement: TurnStatement, missed: readonly string[], lost: readonly DagEffects[]) {
    super('claims missed');
    this.statement = statement;
    this.missed = missed;
    this.lost = lost;
  }
}

/** Everything but the COMMIT. */
async function writeAll(session: pg.Client, turn: Turn, lost: readonly DagEffects[]): Promise<TurnResult> {
  const held = turn.dags.filter((effects) => !lost.includes(effects));
  const moves = counterMoves(turn, lost);
  const inserts = insertStatement(held);
  const updates = updateStatement(held);
  const send = (text: string, values: unknown[], name: string) => session.query({ name, text, values });
  const replies = [
    session.query('begin'),
    send(FENCE, [turn.turnMs, turn.schedulerId, turn.turn], 'fence'),
    send(HOLD, [held.map(({ dagId }) => dagId), held.map(({ epoch }) => epoch), turn.schedulerId], 'hold'),
    moves.length === 0
      ? null
      : send(MOVE, [moves.map(({ name }) => name), moves.map(({ delta }) => delta)], 'move'),
    inserts === null ? null : send(inserts.sql, inserts.values, inserts.name),
    updates === null ? null : send(updates.sql, updates.values, updates.name),
    held.some(({ intentsSent }) => intentsSent.length > 0) ? session.query(NOTIFY_INTENT) : null,
  ];
  const [, fenced, holding, moved, , updated] = await allOrFirstFailure(replies);
  if (fenced!.rowCount === 0) return { status: 'fenced' };
  const mine = new Set(holding!.rows.map((row) => row.dag_id as string));
  if (mine.size < held.length) throw new LostDags(held.filter(({ dagId }) => !mine.has(dagId)));
  const used = new Map((moved?.rows ?? []).map((row) => [row.name as string, row.used as number]));
  if (moves.some((move) => isRefused(move, used))) {
    return { status: 'counters_refused', counters: useBefore(moves, used) };
  }
  if (updates !== null) assertAllFound(updates, updated!.rows[0] as Record<string, number>, lost);
  return { status: 'committed', lostDags: lost.map(({ dagId }) => dagId), counters: used };
}

/** After an error the rest of the pipeline fails with "transaction is aborted": the first failure is the reason. */
async function allOrFirstFailure(replies: readonly (Promise<pg.QueryResult> | null)[]) {
  const settled = await Promise.allSettled(replies);
  const failed = settled.find((reply) => reply.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((reply) => (reply.status === 'fulfilled' ? reply.value : null));
}

function assertAllFound(
  statement: TurnStatement,
  found: Record<string, number>,
  lost: readonly DagEffects[],
): void {
  const missed = statement.claims.filter(({ name, rows }) => found[name] !== rows).map(({ name }) => name);
  if (missed.length > 0) throw new ClaimsMissed(statement, missed, lost);
}

const isRefused = ({ name, delta, limit }: CounterMove, used: ReadonlyMap<string, number>) =>
  delta > 0 && limit !== null && used.get(name)! > limit;

const useBefore = (moves: readonly CounterMove[], used: ReadonlyMap<string, number>) =>
  new Map(moves.map(({ name, delta }) => [name, used.get(name)! - delta]));

async function countersOf(
  session: pg.Client,
  turn: Turn,
): Promise<{ counters: ReadonlyMap<string, number> }> {
  const { rows } = await session.query<{ name: string; used: number }>(
    'select name, used from counter where name = any($1)',
    [turn.counters.map(({ name }) => name)],
  );
  return { counters: new Map(rows.map(({ name, used }) => [name, used])) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const FENCE =
  'update scheduler set turn = turn + 1, last_turn_ms = $1 where id = $2 and turn = $3 and stopped_at is null';

const HOLD = `select dag.dag_id from unnest($1::text[], $2::int8[]) as mine (dag_id, epoch)
  join dag on dag.dag_id = mine.dag_id and dag.epoch = mine.epoch and dag.holder = $3
  order by dag.dag_id for no key update of dag`;

/** In the order of the names, which the turn has sorted: rows are locked as they come. */
const MOVE = `insert into counter (name, used) select * from unnest($1::text[], $2::int8[])
  on conflict (name) do update set used = counter.used + excluded.used returning name, used`;

const NOTIFY_INTENT = `select pg_notify('tsflow_intent', '')`;
