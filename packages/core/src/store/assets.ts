import type { Transaction } from 'kysely';
import { ConflictError, didYouMean, NotFoundError } from '../errors.ts';
import { type AssetArrival, type InternalKey, keyAsGiven } from '../rules/index.ts';
import type { SerializedDag } from '../serialization/index.ts';
import type { Dialect } from './dialect.ts';
import { numbered } from './intents.ts';
import type { AssetEventConsumer } from './post-asset-event.ts';
import type { AssetPort, PostedAssetEvent } from './store.ts';
import type { AssetEventTable, Tables } from './tables.ts';
import type { NewIntent } from './turn.ts';
import { ASSET_EVENTS, columnValue } from './turn-rows.ts';

export class Assets implements AssetPort {
  readonly #dialect: Dialect;
  readonly #reserveKey: () => Promise<number>;

  constructor(dialect: Dialect, reserveKey: () => Promise<number>) {
    this.#dialect = dialect;
    this.#reserveKey = reserveKey;
  }

  async post(posted: PostedAssetEvent): Promise<{ eventId: number; repeated: boolean }> {
    const event = postedRow(await this.#reserveKey(), posted);
    for (const column of ASSET_EVENTS.columns) columnValue(ASSET_EVENTS, column, event);
    return this.#dialect.write(
      async (tx) => {
        await assertNamed(tx, posted.asset);
        const inserted = await tx
          .insertInto('assetEvent')
          .values(event)
          .onConflict((on) => on.column('idempotencyKey').where('idempotencyKey', 'is not', null).doNothing())
          .returning('eventId')
          .executeTakeFirst();
        if (inserted === undefined) return { eventId: await firstOf(tx, posted), repeated: true };
        for (const { dagId } of await usersOf(tx, [posted.asset], LISTENING)) {
          await tx
            .insertInto('intent')
            .values(
              numbered({ ...eventIntent(event, dagId), state: 'pending', result: null, decidedAt: null }),
            )
            .execute();
        }
        return { eventId: event.eventId, repeated: false };
      },
      { channel: 'tsflow_intent', payload: posted.asset },
    );
  }

  listeners(assets: readonly string[]): Promise<readonly { asset: string; dagId: string }[]> {
    return usersOf(this.#dialect.db, assets, LISTENING);
  }

  async reception(eventId: number, asset: string): Promise<readonly AssetEventConsumer[]> {
    const { db } = this.#dialect;
    const dagIds = (await usersOf(db, [asset], ['schedule'])).map(({ dagId }) => dagId);
    if (dagIds.length === 0) return [];
    const keys = new Map<string, string>(dagIds.map((dagId) => [intentKey(eventId, dagId), dagId]));
    const pending = await db
      .selectFrom('intent')
      .select('idempotencyKey')
      .where(this.#dialect.among('idempotencyKey', [...keys.keys()]))
      .where('idempotencyKey', 'is not', null)
      .where('state', '=', 'pending')
      .execute();
    // Read after what is pending: an event that a scheduler takes in between is then seen as taken, and not as ignored.
    const arrivals = await db
      .selectFrom('assetArrival')
      .leftJoin('dagRun', 'dagRun.key', 'assetArrival.runKey')
      .select(['assetArrival.dagId', 'dagRun.runId'])
      .where('assetArrival.eventId', '=', eventId)
      .where(this.#dialect.among('assetArrival.dagId', dagIds))
      .execute();
    const runs = new Map(arrivals.map(({ dagId, runId }) => [dagId, runId]));
    const waiting = new Set(pending.map(({ idempotencyKey }) => keys.get(idempotencyKey!)));
    return dagIds.map((dagId) => {
      const runId = runs.get(dagId) ?? null;
      if (waiting.has(dagId)) return { dagId, state: 'waiting', runId };
      return { dagId, state: runId !== null ? 'run' : runs.has(dagId) ? 'kept' : 'ignored', runId };
    });
  }

  async firstEvent(wanted: {
    asset: string;
    partition: string | null;
    since: number | null;
  }): Promise<AssetEventTable | null> {
    const { asset, partition, since } = wanted;
    const event = await this.#dialect.db
      .selectFrom('assetEvent')
      .selectAll()
      .where('asset', '=', asset)
      .$if(partition !== null, (query) => query.where('partitionKey', '=', partition))
      .$if(since !== null, (query) => query.where('at', '>=', since!))
      .orderBy('at')
      .orderBy('eventId')
      .limit(1)
      .executeTakeFirst();
    return event ?? null;
  }

  eventsOfRun(runKey: number): Promise<readonly AssetEventTable[]> {
    return this.#dialect.db
      .selectFrom('assetEvent')
      .selectAll()
      .where('eventId', 'in', (of) =>
        of.selectFrom('assetArrival').select('eventId').where('runKey', '=', runKey),
      )
      .orderBy('eventId')
      .execute();
  }
}

/** What the current version of a DAG has to do with assets, in place of what an earlier one had. */
export async function recordAssets(
  tx: Transaction<Tables>,
  dag: SerializedDag,
  scheduledOn: readonly string[],
) {
  const { dagId, assets = [], tasks } = dag;
  await tx.deleteFrom('asset').where('dagId', '=', dagId).execute();
  await tx.deleteFrom('assetUse').where('dagId', '=', dagId).execute();
  if (assets.length > 0)
    await tx
      .insertInto('asset')
      .values(assets.map((asset) => ({ ...asset, dagId })))
      .execute();
  const uses = [
    ...scheduledOn.map((asset) => ({ dagId, asset, role: 'schedule', taskId: '' })),
    ...tasks.flatMap(({ taskId, sensedAsset }) =>
      sensedAsset === undefined ? [] : [{ dagId, asset: sensedAsset, role: 'sensor', taskId }],
    ),
    ...tasks.flatMap(({ taskId, outlets = [] }) =>
      outlets.map((asset) => ({ dagId, asset, role: 'outlet', taskId })),
    ),
  ];
  if (uses.length > 0) await tx.insertInto('assetUse').values(uses).execute();
}

/** An event on its way to a DAG that is scheduled on its asset: sent once, however often it is tried. */
export function assetEventIntent(
  arrival: AssetArrival,
  dagId: string,
): Pick<NewIntent, 'dagId' | 'kind'> & { payload: AssetArrival; idempotencyKey: InternalKey } {
  const idempotencyKey = intentKey(arrival.eventId, dagId);
  return { dagId, kind: 'asset_event', payload: arrival, idempotencyKey };
}

const intentKey = (eventId: number, dagId: string): InternalKey => `asset_event:${eventId}:${dagId}`;

function eventIntent(event: AssetEventTable, dagId: string): NewIntent {
  const { eventId, asset, partitionKey: partition, at, actor } = event;
  const { payload, ...intent } = assetEventIntent({ eventId, asset, partition, at, interval: null }, dagId);
  return { ...intent, payload: JSON.stringify(payload), actor, requestedAt: at };
}

function postedRow(eventId: number, { partition, extra, ...posted }: PostedAssetEvent): AssetEventTable {
  return {
    ...posted,
    eventId,
    partitionKey: partition,
    extra: JSON.stringify(extra),
    dagId: null,
    runKey: null,
    runId: null,
    taskId: null,
    mapPath: null,
    intervalStart: null,
    intervalEnd: null,
  };
}

/** DAGs that have to hear of events: what is scheduled on the asset, and what waits for it. */
const LISTENING = ['schedule', 'sensor'];

async function usersOf(
  db: Pick<Transaction<Tables>, 'selectFrom'>,
  assets: readonly string[],
  roles: readonly string[],
): Promise<readonly { asset: string; dagId: string }[]> {
  return db
    .selectFrom('assetUse')
    .innerJoin('dag', 'dag.dagId', 'assetUse.dagId')
    .select(['assetUse.asset', 'assetUse.dagId'])
    .where('assetUse.asset', 'in', assets)
    .where('assetUse.role', 'in', roles)
    .distinct()
    .where('dag.isStale', '=', 0)
    .orderBy('assetUse.dagId')
    .execute();
}

/** The event that came first under the same key, provided it was about the same asset. */
async function firstOf(
  tx: Transaction<Tables>,
  { asset, idempotencyKey }: PostedAssetEvent,
): Promise<number> {
  const first = await tx
    .selectFrom('assetEvent')
    .select(['eventId', 'asset'])
    .where('idempotencyKey', '=', idempotencyKey)
    .executeTakeFirstOrThrow();
  if (first.asset === asset) return first.eventId;
  throw new ConflictError(
    `The idempotency key "${keyAsGiven(idempotencyKey!)}" was used for an event of the asset "${first.asset}". Use another key for another event.`,
    { asset: first.asset, eventId: first.eventId },
  );
}

async function assertNamed(tx: Transaction<Tables>, name: string): Promise<void> {
  const known = await tx.selectFrom('asset').select('name').where('name', '=', name).executeTakeFirst();
  if (known !== undefined) return;
  const names = await tx.selectFrom('asset').select('name').distinct().execute();
  const meant = didYouMean(
    name,
    names.map((asset) => asset.name),
  );
  throw new NotFoundError(
    'Asset',
    name,
    meant === undefined
      ? 'No DAG names it: neither as an outlet nor in a schedule.'
      : `Did you mean "${meant}"?`,
  );
}
