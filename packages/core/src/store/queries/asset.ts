import { NotFoundError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { RunState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import type { AssetEventTable, AssetTable, AssetUseTable } from '../tables.ts';
import { type PageArgs, pageLimit } from './page.ts';
import { type RunArgs, runRow } from './run.ts';

/** An asset as the DAGs that name it say. Instants are milliseconds UTC. */
export interface AssetSummary {
  readonly name: string;
  readonly uri: string | null;
  readonly description: string | null;
  /** The strictest that a DAG gives. */
  readonly freshnessMs: number | null;
  readonly lastEventAt: number | null;
  /** By when the next event is expected: the last one, and its freshness. Null: nobody said, or there was none yet. */
  readonly expectedAt: number | null;
  readonly isStale: boolean;
  /** Tasks that update it. */
  readonly producers: readonly { readonly dagId: string; readonly taskId: string }[];
  /** DAGs that are scheduled on it. */
  readonly consumers: readonly string[];
  /** Tasks that wait for it. */
  readonly sensors: readonly { readonly dagId: string; readonly taskId: string }[];
}

export interface AssetEventSummary {
  readonly eventId: number;
  readonly asset: string;
  readonly at: number;
  readonly partition: string | null;
  readonly extra: JsonObject;
  readonly actor: string;
  readonly source: {
    readonly dagId: string;
    readonly runId: string;
    readonly taskId: string;
    readonly mapPath: string;
  } | null;
  /** The runs that it made, with other events or alone. */
  readonly runs: readonly { readonly dagId: string; readonly runId: string; readonly state: RunState }[];
  /** DAGs in which it waits for the rest of a condition, or for room. */
  readonly pendingIn: readonly string[];
}

export interface AssetDetails extends AssetSummary {
  /** Newest first. */
  readonly events: readonly AssetEventSummary[];
}

/** Every asset that a DAG names, by name. `now` in milliseconds decides which are stale. */
export async function listAssets(store: Store, now: number): Promise<readonly AssetSummary[]> {
  const { db } = store;
  const [rows, uses, last] = await Promise.all([
    db.selectFrom('asset').selectAll().orderBy('name').orderBy('dagId').execute(),
    db.selectFrom('assetUse').selectAll().orderBy('dagId').orderBy('taskId').execute(),
    // The newest of each by the index of its events, not by a walk over all of them.
    db
      .selectFrom('assetEvent')
      .select(['asset', 'at'])
      .where('eventId', 'in', (of) =>
        of.selectFrom('asset').select((one) =>
          one
            .selectFrom('assetEvent as newest')
            .select((newest) => newest.fn.max('newest.eventId').as('eventId'))
            .whereRef('newest.asset', '=', 'asset.name')
            .as('eventId'),
        ),
      )
      .execute(),
  ]);
  const usesOf = grouped(uses, ({ asset }) => asset);
  const lastOf = new Map(last.map(({ asset, at }) => [asset, at]));
  return [...grouped(rows, ({ name }) => name)].map(([name, definitions]) =>
    summary(name, definitions, usesOf.get(name) ?? [], lastOf.get(name) ?? null, now),
  );
}

export interface GetAssetArgs extends Pick<PageArgs, 'limit'> {
  readonly name: string;
  /** Only events of this partition. */
  readonly partition?: string | undefined;
}

/** An asset with its newest events (`limit`: 1 to 500, default 50). Throws NotFoundError. */
export async function getAsset(store: Store, args: GetAssetArgs, now: number): Promise<AssetDetails> {
  const { db } = store;
  const rows = await db
    .selectFrom('asset')
    .selectAll()
    .where('name', '=', args.name)
    .orderBy('dagId')
    .execute();
  if (rows.length === 0) throw new NotFoundError('Asset', args.name, '"tsflow assets list" shows them.');
  const uses = await db
    .selectFrom('assetUse')
    .selectAll()
    .where('asset', '=', args.name)
    .orderBy('dagId')
    .orderBy('taskId')
    .execute();
  const newest = db
    .selectFrom('assetEvent')
    .selectAll()
    .where('asset', '=', args.name)
    .orderBy('eventId', 'desc');
  const { partition } = args;
  const events = await newest
    .$if(partition !== undefined, (query) => query.where('partitionKey', '=', partition!))
    .limit(pageLimit(args))
    .execute();
  const last = await newest.limit(1).executeTakeFirst();
  return {
    ...summary(args.name, rows, uses, last?.at ?? null, now),
    events: await eventsWithRuns(store, events),
  };
}

/** The events that made a run, oldest first: none when something else did. Throws NotFoundError. */
export async function listRunAssetEvents(store: Store, args: RunArgs): Promise<readonly AssetEventSummary[]> {
  const run = await runRow(store, args);
  return eventsWithRuns(store, await store.assets.eventsOfRun(run.key));
}

/** Assets that were not updated within their freshness; of each, since when the next event is overdue. */
export async function staleAssets(
  store: Store,
  now: number,
): Promise<readonly { readonly name: string; readonly lastEventAt: number; readonly expectedAt: number }[]> {
  const rows = await store.db
    .selectFrom('asset')
    .select((of) => ['name', of.fn.min<number>('freshnessMs').as('freshnessMs')])
    .where('freshnessMs', 'is not', null)
    .groupBy('name')
    .execute();
  const stale = [];
  for (const { name, freshnessMs } of rows) {
    const last = await store.db
      .selectFrom('assetEvent')
      .select('at')
      .where('asset', '=', name)
      .orderBy('eventId', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (last === undefined || last.at + Number(freshnessMs) >= now) continue;
    stale.push({ name, lastEventAt: last.at, expectedAt: last.at + Number(freshnessMs) });
  }
  return stale;
}

function summary(
  name: string,
  definitions: readonly AssetTable[],
  uses: readonly AssetUseTable[],
  lastEventAt: number | null,
  now: number,
): AssetSummary {
  const freshness = definitions.flatMap(({ freshnessMs }) => (freshnessMs === null ? [] : [freshnessMs]));
  const freshnessMs = freshness.length === 0 ? null : Math.min(...freshness);
  const expectedAt = lastEventAt === null || freshnessMs === null ? null : lastEventAt + freshnessMs;
  const tasksIn = (role: string) =>
    uses.filter((use) => use.role === role).map(({ dagId, taskId }) => ({ dagId, taskId }));
  return {
    name,
    uri: definitions.find(({ uri }) => uri !== null)?.uri ?? null,
    description: definitions.find(({ description }) => description !== null)?.description ?? null,
    freshnessMs,
    lastEventAt,
    expectedAt,
    isStale: expectedAt !== null && expectedAt < now,
    producers: tasksIn('outlet'),
    consumers: tasksIn('schedule').map(({ dagId }) => dagId),
    sensors: tasksIn('sensor'),
  };
}

async function eventsWithRuns(
  { db }: Store,
  events: readonly AssetEventTable[],
): Promise<readonly AssetEventSummary[]> {
  if (events.length === 0) return [];
  const arrivals = await db
    .selectFrom('assetArrival')
    .leftJoin('dagRun', 'dagRun.key', 'assetArrival.runKey')
    .select(['assetArrival.eventId', 'assetArrival.dagId', 'assetArrival.state as arrival'])
    .select(['dagRun.runId', 'dagRun.state'])
    .where(
      'assetArrival.eventId',
      'in',
      events.map(({ eventId }) => eventId),
    )
    .orderBy('assetArrival.dagId')
    .execute();
  const arrivalsOf = grouped(arrivals, ({ eventId }) => eventId);
  return events.map((event) => {
    const { eventId, asset, at, partitionKey, extra, actor, dagId, runId, taskId, mapPath } = event;
    const reached = arrivalsOf.get(eventId) ?? [];
    return {
      eventId,
      asset,
      at,
      partition: partitionKey,
      extra: JSON.parse(extra) as JsonObject,
      actor,
      source: dagId === null ? null : { dagId, runId: runId!, taskId: taskId!, mapPath: mapPath! },
      runs: reached.flatMap((of) =>
        of.runId === null ? [] : [{ dagId: of.dagId, runId: of.runId, state: of.state as RunState }],
      ),
      pendingIn: reached.filter((of) => of.arrival === 'pending').map((of) => of.dagId),
    };
  });
}

function grouped<T, K>(rows: readonly T[], keyOf: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
