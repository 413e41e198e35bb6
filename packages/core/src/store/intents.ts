import { sql, type Transaction } from 'kysely';
import { ConflictError } from '../errors.ts';
import { keyAsGiven } from '../rules/index.ts';
import type { Dialect } from './dialect.ts';
import { noSuchDag } from './queries/dag-row.ts';
import type { IntentPort } from './store.ts';
import type { IntentTable, Tables } from './tables.ts';
import type { NewIntent } from './turn.ts';
import { columnValue, INTENTS } from './turn-rows.ts';

export class Intents implements IntentPort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async submit(intent: NewIntent): Promise<number> {
    for (const column of INTENTS.columns) columnValue(INTENTS, column, intent);
    return this.#dialect.write(
      async (tx) => {
        await assertDagExists(tx, intent.dagId);
        const inserted = await tx
          .insertInto('intent')
          .values(numbered({ ...intent, state: 'pending', result: null, decidedAt: null }))
          .onConflict((on) => on.column('idempotencyKey').where('idempotencyKey', 'is not', null).doNothing())
          .returning('id')
          .executeTakeFirst();
        return inserted?.id ?? (await firstOf(tx, intent));
      },
      { channel: 'tsflow_intent', payload: intent.dagId },
    );
  }

  async pending(dagIds: readonly string[] | null, limit: number): Promise<readonly IntentTable[]> {
    if (dagIds?.length === 0) return [];
    const all = this.#dialect.db.selectFrom('intent').selectAll().where(sql<boolean>`state = 'pending'`);
    const meant = dagIds === null ? all : all.where(this.#dialect.among('dagId', dagIds));
    // A sum, since by the id itself a planner walks the key and all that was ever decided; few are pending, and they have an index.
    return meant.orderBy(sql`id + 0`).limit(limit).execute();
  }

  async get(id: number): Promise<IntentTable | null> {
    const intent = await this.#dialect.db
      .selectFrom('intent')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return intent ?? null;
  }
}

/** The intent that came first under the same idempotency key, provided it asked for the same thing. */
async function firstOf(tx: Transaction<Tables>, intent: NewIntent): Promise<number> {
  const first = await tx
    .selectFrom('intent')
    .select(['id', 'dagId', 'kind'])
    .where('idempotencyKey', '=', intent.idempotencyKey)
    .executeTakeFirstOrThrow();
  if (first.dagId === intent.dagId && first.kind === intent.kind) return first.id;
  throw new ConflictError(
    `The idempotency key "${keyAsGiven(intent.idempotencyKey!)}" was used for ${first.kind} of DAG "${first.dagId}". ` +
      'Use another key for another request.',
    { dagId: first.dagId, kind: first.kind, intentId: first.id },
  );
}

async function assertDagExists(tx: Transaction<Tables>, dagId: string): Promise<void> {
  const dag = await tx.selectFrom('dag').select('dagId').where('dagId', '=', dagId).executeTakeFirst();
  if (dag !== undefined) return;
  throw noSuchDag(dagId, await tx.selectFrom('dag').select('dagId').execute());
}

/** A row whose `id` the database gives; `Tables` says what is read, where it is always there. */
export const numbered = <Row>(row: Row) => row as Row & { id: number };
