import { Socket } from 'node:net';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type pg from 'pg';
import { postgresFailure } from './postgres-failure.ts';

/** Longest a statement runs, waits for a lock, or leaves a transaction idle: a turn that takes longer is in trouble anyway. */
const TIMEOUT_MS = 5_000;
/**
 * When nothing was heard by then, nothing will be: the server would have ended the statement itself. The connection is half open, and
 * what cut it has most likely cut its neighbours too, so all are closed: one after the other would outlast a lease.
 */
const ANSWER_TIMEOUT_MS = TIMEOUT_MS + 2_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Type of `count(*)` and of all our numbers, and of sums over them. JS holds them up to 2^53. */
const INT8 = 20;
const NUMERIC = 1700;

/** Opens connections to one server: a bounded pool for queries, and sessions of their own for turns and for LISTEN. */
export class PostgresConnections {
  readonly #pg: typeof pg;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<Socket>();
  readonly pool: PostgresPool;

  static async open(url: string, poolSize: number): Promise<PostgresConnections> {
    const { default: driver } = await import('pg');
    return new PostgresConnections(driver, url, poolSize);
  }

  private constructor(driver: typeof pg, url: string, poolSize: number) {
    this.#pg = driver;
    this.#config = {
      connectionString: url,
      application_name: 'tsflow',
      statement_timeout: TIMEOUT_MS,
      lock_timeout: TIMEOUT_MS,
      idle_in_transaction_session_timeout: TIMEOUT_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      stream: () => this.#newSocket(),
      types: { getTypeParser: (oid, format) => parserOf(driver, oid, format) },
    };
    this.#pool = new driver.Pool({ ...this.#config, max: poolSize });
    // A server that restarts ends connections that nobody uses at the time; whoever uses one hears of it by the query.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.pool = inOurWords(this.#pool, () => this.closeAll());
  }

  /** After a silence: whoever uses a connection hears that it is lost, and opens another one. */
  closeAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #newSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  /** A connection outside the pool; the caller ends it. `settings` are run-time parameters of the session. */
  async session(settings: Readonly<Record<string, string>> = {}, pipeline = false): Promise<pg.Client> {
    const options = Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' ');
    // `pipeline` is younger than the types of pg.
    const config: pg.ClientConfig & { pipeline: boolean } = {
      ...this.#config,
      ...(options === '' ? {} : { options }),
      query_timeout: ANSWER_TIMEOUT_MS,
      pipeline,
    };
    const client = new this.#pg.Client(config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      void client.end().catch(() => undefined);
      throw postgresFailure(error);
    }
  }
}

function parserOf(driver: typeof pg, oid: number, format?: 'text' | 'binary') {
  if (oid === INT8 || oid === NUMERIC) return Number;
  return format === 'binary' ? driver.types.getTypeParser(oid, format) : driver.types.getTypeParser(oid);
}

/** The pool as kysely takes it, with failures translated where they appear: before kysely or a port sees them. */
function inOurWords(pool: pg.Pool, onSilence: () => void): PostgresPool {
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        throw postgresFailure(error);
      }
      const known = wrapped.get(client);
      if (known !== undefined) return known;
      const ours = translated(client, onSilence);
      wrapped.set(client, ours);
      return ours;
    },
    end: () => pool.end(),
  };
}

/** Says to a transaction that its statements take as long as they take. */
export const NO_STATEMENT_TIMEOUT = 'set local statement_timeout = 0';

function translated(client: pg.PoolClient, onSilence: () => void): PostgresPoolClient {
  let isPatient = false;
  function query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(text: string | PostgresCursor<R>, values: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new TypeError('The store streams no queries from PostgreSQL.');
    if (text === NO_STATEMENT_TIMEOUT) isPatient = true;
    else if (text === 'commit' || text === 'rollback') isPatient = false;
    // The driver takes its own time-out with a query; its types know it for connections only.
    const asked: pg.QueryConfig & { query_timeout?: number } = { text, values: [...values] };
    if (!isPatient) asked.query_timeout = ANSWER_TIMEOUT_MS;
    return client.query(asked).catch((error: unknown) => {
      if (isSilence(error)) onSilence();
      throw postgresFailure(error);
    });
  }
  return { query, release: () => client.release() };
}

/** The driver's own words, and all that it says of it. */
export function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
