import { sql } from 'kysely';
import type { Connection } from '../connections/connection.ts';
import { parseConnection } from '../connections/connection-text.ts';
import { didYouMean, InvalidInputError, NotFoundError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { KeyFile } from './secrets/key-file.ts';
import { seal, unseal } from './secrets/secret-box.ts';
import type { Store } from './store.ts';
import type { ConnectionTable } from './tables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'TSFLOW_CONN_';

/** What is known of a connection without its secrets. */
export interface ConnectionFacts extends Omit<Connection, 'password' | 'extra'> {
  readonly description: string | null;
  readonly hasPassword: boolean;
  /** Names of what the extra holds. */
  readonly extraKeys: readonly string[];
  /** Where it stands: one in the environment goes before one in the store. */
  readonly source: 'environment' | 'store';
  readonly updatedAt: number | null;
  readonly updatedBy: string | null;
}

/** Connections by id: those of the environment (`TSFLOW_CONN_<ID>`), then those of the database, whose secrets are sealed there. */
export class ConnectionVault {
  readonly #store: Store;
  readonly #keyFile: KeyFile;
  readonly #environment: Environment;

  constructor(store: Store, keyFile: KeyFile, environment: Environment) {
    this.#store = store;
    this.#keyFile = keyFile;
    this.#environment = environment;
  }

  /** The connection with its secrets. Throws NotFoundError, SecretUnreadableError. */
  async get(connectionId: string): Promise<Connection> {
    const found = this.#fromEnvironment(connectionId);
    if (found !== undefined) return found;
    const row = await this.#row(connectionId);
    if (row !== undefined) return this.#opened(row);
    const known = (await this.list()).map((connection) => connection.connectionId);
    const meant = didYouMean(connectionId, known);
    throw new NotFoundError(
      'Connection',
      connectionId,
      `${meant === undefined ? '' : `Did you mean "${meant}"? `}Set ${variableOf(connectionId)} in the scheduler's environment, or: tsflow connections set ${connectionId} <uri>.`,
    );
  }

  /** Every connection without its secrets, by id. */
  async list(): Promise<readonly ConnectionFacts[]> {
    const rows = await this.#store.db.selectFrom('connection').selectAll().orderBy('connectionId').execute();
    const stored = new Map(rows.map((row) => [row.connectionId, row]));
    const inEnvironment = Object.keys(this.#environment)
      .filter((name) => name.startsWith(PREFIX) && name !== PREFIX && this.#environment[name] !== '')
      .map((name) => {
        const id = rows.find((row) => variableOf(row.connectionId) === name)?.connectionId;
        return id ?? name.slice(PREFIX.length).toLowerCase();
      });
    const facts = inEnvironment.map((id) => factsOf(this.#fromEnvironment(id)!, null, 'environment'));
    for (const id of inEnvironment) stored.delete(id);
    for (const row of stored.values()) facts.push(factsOf(this.#opened(row), row, 'store'));
    return facts.sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
  }

  /** Writes a connection, its secrets sealed. */
  async set(
    connection: Connection,
    change: { readonly description?: string | null; readonly actor: string; readonly at: number },
  ): Promise<void> {
    const { connectionId, password, extra, ...open } = connection;
    assertId(connectionId);
    const before = await this.#row(connectionId);
    const row: ConnectionTable = {
      ...open,
      connectionId,
      description: change.description === undefined ? (before?.description ?? null) : change.description,
      secret: seal(this.#keyFile.keys(), placeOf(connectionId), JSON.stringify({ password, extra })),
      updatedAt: change.at,
      updatedBy: change.actor,
    };
    const { connectionId: _, ...columns } = row;
    await this.#store.db
      .insertInto('connection')
      .values(row)
      .onConflict((on) => on.column('connectionId').doUpdateSet(columns))
      .execute();
    await this.#record('connection_changed', connectionId, change.actor, change.at);
  }

  /** False when there was none. */
  async delete(connectionId: string, actor: string, at: number): Promise<boolean> {
    const { numDeletedRows } = await this.#store.db
      .deleteFrom('connection')
      .where('connectionId', '=', connectionId)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) return false;
    await this.#record('connection_changed', connectionId, actor, at);
    return true;
  }

  /** Writes down that a task asked for a connection that it had not declared. */
  async audit(connectionId: string, actor: string, at: number): Promise<void> {
    await this.#record('connection_read', connectionId, actor, at);
  }

  /** Makes a new key and seals every secret with it. Returns how many. */
  async rotate(): Promise<number> {
    const before = this.#keyFile.keys();
    const after = this.#keyFile.rotate();
    const rows = await this.#store.db.selectFrom('connection').selectAll().execute();
    for (const { connectionId, secret } of rows) {
      const place = placeOf(connectionId);
      await this.#store.db
        .updateTable('connection')
        .set({ secret: seal(after, place, unseal(before, place, secret)) })
        .where('connectionId', '=', connectionId)
        .where('secret', '=', secret)
        .execute();
    }
    return rows.length;
  }

  #fromEnvironment(connectionId: string): Connection | undefined {
    const name = variableOf(connectionId);
    const text = this.#environment[name];
    return text === undefined || text === '' ? undefined : parseConnection(connectionId, text, name);
  }

  #row(connectionId: string): Promise<ConnectionTable | undefined> {
    return this.#store.db
      .selectFrom('connection')
      .selectAll()
      .where('connectionId', '=', connectionId)
      .executeTakeFirst();
  }

  #opened(row: ConnectionTable): Connection {
    const { connectionId, type, host, port, login, schema, secret } = row;
    const text = unseal(this.#keyFile.keys(), placeOf(connectionId), secret);
    const { password, extra } = JSON.parse(text) as { password: string | null; extra: JsonObject };
    return { connectionId, type, host, port, login, password, schema, extra };
  }

  async #record(type: string, connectionId: string, actor: string, at: number): Promise<void> {
    const data = JSON.stringify({ connectionId });
    await sql`insert into event (at, type, actor, data) values (${at}, ${type}, ${actor}, ${data})`.execute(
      this.#store.db,
    );
  }
}

/** Name of the environment variable of a connection: letters are capitals there, and what is no letter or digit is `_`. */
function variableOf(connectionId: string): string {
  return PREFIX + connectionId.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

const placeOf = (connectionId: string) => `connection "${connectionId}"`;

function assertId(connectionId: string): void {
  if (/^[A-Za-z][A-Za-z0-9_.-]{0,249}$/.test(connectionId)) return;
  throw new InvalidInputError(
    `A connection's id begins with a letter and holds letters, digits, "_", "-" and ".", got "${connectionId}".`,
  );
}

function factsOf(
  { password, extra, ...open }: Connection,
  row: ConnectionTable | null,
  source: ConnectionFacts['source'],
): ConnectionFacts {
  return {
    ...open,
    description: row?.description ?? null,
    hasPassword: password !== null,
    extraKeys: Object.keys(extra).sort(),
    source,
    updatedAt: row?.updatedAt ?? null,
    updatedBy: row?.updatedBy ?? null,
  };
}
