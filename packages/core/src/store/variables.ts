import { sql, type Transaction } from 'kysely';
import type { Announcement, Dialect } from './dialect.ts';
import type { VariablePort } from './store.ts';
import { ContentRefusedError } from './store-errors.ts';
import type { Tables, VariableHistoryTable, VariableTable } from './tables.ts';

const CHANGED: Announcement = { channel: 'tsflow_wake', payload: 'variables' };

/** What the history keeps of a secret: that it changed. */
const HIDDEN = JSON.stringify('***');

export class Variables implements VariablePort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async get(key: string): Promise<VariableTable | null> {
    const variable = await this.#dialect.db
      .selectFrom('variable')
      .selectAll()
      .where('key', '=', key)
      .executeTakeFirst();
    return variable ?? null;
  }

  list(): Promise<readonly VariableTable[]> {
    return this.#dialect.db.selectFrom('variable').selectAll().orderBy('key').execute();
  }

  async set(change: {
    key: string;
    value: string;
    description?: string | null;
    isSecret?: boolean;
    actor: string;
    at: number;
  }): Promise<void> {
    assertStorable(change);
    await this.#dialect.write(async (tx) => {
      const before = await this.#lock(tx, change.key);
      const after = {
        key: change.key,
        value: change.value,
        description: change.description === undefined ? (before?.description ?? null) : change.description,
        isSecret: change.isSecret === undefined ? (before?.isSecret ?? 0) : Number(change.isSecret),
        updatedAt: change.at,
        updatedBy: change.actor,
      };
      const { key: _, ...columns } = after;
      await tx
        .insertInto('variable')
        .values(after)
        .onConflict((on) => on.column('key').doUpdateSet(columns))
        .execute();
      await recordChange(tx, change, before, after);
    }, CHANGED);
  }

  async delete(key: string, actor: string, at: number): Promise<boolean> {
    return this.#dialect.write(async (tx) => {
      const before = await this.#lock(tx, key);
      if (before === undefined) return false;
      await tx.deleteFrom('variable').where('key', '=', key).execute();
      await recordChange(tx, { key, actor, at }, before, undefined);
      return true;
    }, CHANGED);
  }

  history(
    key: string,
  ): Promise<readonly { at: number; actor: string; fromValue: string | null; toValue: string | null }[]> {
    return this.#dialect.db
      .selectFrom('variableHistory')
      .select(['at', 'actor', 'fromValue', 'toValue'])
      .where('key', '=', key)
      .orderBy('id', 'desc')
      .execute();
  }

  async revision(): Promise<number> {
    const { next } = await this.#dialect.db
      .selectFrom('sequence')
      .select('next')
      .where('name', '=', 'variable_revision')
      .executeTakeFirstOrThrow();
    return next;
  }

  /** The revision first: it is the lock under which "from" and "to" of the history follow one another. */
  async #lock(tx: Transaction<Tables>, key: string): Promise<VariableTable | undefined> {
    await tx
      .updateTable('sequence')
      .set((of) => ({ next: of('next', '+', 1) }))
      .where('name', '=', 'variable_revision')
      .execute();
    return tx.selectFrom('variable').selectAll().where('key', '=', key).executeTakeFirst();
  }
}

async function recordChange(
  tx: Transaction<Tables>,
  { key, actor, at }: { key: string; actor: string; at: number },
  before: Pick<VariableTable, 'value' | 'isSecret'> | undefined,
  after: Pick<VariableTable, 'value' | 'isSecret'> | undefined,
): Promise<void> {
  const shown = (of: typeof before) => (of === undefined ? null : of.isSecret === 1 ? HIDDEN : of.value);
  const row: Omit<VariableHistoryTable, 'id'> = {
    key,
    at,
    actor,
    fromValue: shown(before),
    toValue: shown(after),
  };
  await tx
    .insertInto('variableHistory')
    .values(row as VariableHistoryTable)
    .execute();
  await sql`insert into event (at, type, actor, data) values (${at}, 'variable_changed', ${actor}, ${JSON.stringify({ key })})`.execute(
    tx,
  );
}

function assertStorable(change: { key: string; value: string; description?: string | null }): void {
  for (const column of ['key', 'value', 'description'] as const) {
    if (!change[column]?.includes('\0')) continue;
    throw new ContentRefusedError('the text holds a NUL character, which PostgreSQL cannot keep.', {
      table: 'variable',
      column,
    });
  }
}
