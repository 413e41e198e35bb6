import type { JsonObject } from '../../json.ts';
import type { Schedule } from '../../rules/index.ts';
import type { LiveNumber, SerializedDag } from '../../serialization/index.ts';
import { needsHorizon, type Timetable, timetableFromJson } from '../../timetables/index.ts';
import type { Store } from '../store.ts';

/** The few members of a serialized DAG that lists show: small enough to keep one for every DAG. */
export interface DagFacts extends Schedule {
  readonly maxActiveRuns: LiveNumber;
  readonly timetable: Timetable;
  /** Of a timetable whose runs are known only so far: what it is read from each time. */
  readonly timetableJson?: JsonObject;
}

/** Serialized DAGs kept in memory per store: the grid of a DAG that is being watched reads the same one again and again. */
const MAX_SERIALIZED = 32;
const MAX_FACTS = 20_000;

/** What is remembered of versions. They never change, so nothing here becomes wrong. */
class VersionCache {
  readonly serialized = new Map<string, SerializedDag>();
  readonly facts = new Map<string, DagFacts>();
}

const caches = new WeakMap<Store, VersionCache>();

/** The DAG as it was at `version`; null when there is no such version. Cached: versions never change. */
export async function serializedVersion(store: Store, version: string): Promise<SerializedDag | null> {
  const cache = cacheOf(store);
  const known = cache.serialized.get(version);
  if (known !== undefined) {
    remember(cache.serialized, version, known, MAX_SERIALIZED);
    return known;
  }
  const row = await store.db
    .selectFrom('dagVersion')
    .select('serialized')
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined) return null;
  const dag = JSON.parse(row.serialized) as SerializedDag;
  remember(cache.serialized, version, dag, MAX_SERIALIZED);
  return dag;
}

/** {@link DagFacts} of each of `versions`, with what is known of custom timetables now; those that do not exist are missing. */
export async function dagFacts(
  store: Store,
  versions: readonly string[],
): Promise<ReadonlyMap<string, DagFacts>> {
  const facts = await versionFacts(store, versions);
  const custom = [...facts].filter(([, { timetableJson }]) => timetableJson !== undefined);
  if (custom.length === 0) return facts;
  const horizons = await store.horizons.of([...new Set(custom.map(([, { dagId }]) => dagId))]);
  const bound = new Map(facts);
  for (const [version, of] of custom) {
    const known = horizons.get(of.dagId)?.horizon ?? null;
    bound.set(version, { ...of, timetable: timetableFromJson(of.timetableJson!, known) });
  }
  return bound;
}

async function versionFacts(
  store: Store,
  versions: readonly string[],
): Promise<ReadonlyMap<string, DagFacts>> {
  const cache = cacheOf(store);
  const found = new Map<string, DagFacts>();
  const missing: string[] = [];
  for (const version of new Set(versions)) {
    const known = cache.facts.get(version);
    if (known === undefined) missing.push(version);
    else found.set(version, known);
  }
  if (missing.length === 0) return found;
  const rows = await store.db
    .selectFrom('dagVersion')
    .select(['version', 'serialized'])
    .where('version', 'in', missing)
    .execute();
  for (const row of rows) {
    const dag = JSON.parse(row.serialized) as SerializedDag;
    const facts: DagFacts = {
      maxActiveRuns: dag.maxActiveRuns,
      timetable: timetableFromJson(dag.timetable),
      startDate: dag.startDate,
      endDate: dag.endDate,
      catchup: dag.catchup,
      dagId: dag.dagId,
      ...(needsHorizon(dag.timetable) ? { timetableJson: dag.timetable } : {}),
      ...(dag.jitterMs === undefined ? {} : { jitterMs: dag.jitterMs }),
    };
    found.set(row.version, facts);
    remember(cache.facts, row.version, facts, MAX_FACTS);
  }
  return found;
}

function cacheOf(store: Store): VersionCache {
  let cache = caches.get(store);
  if (cache === undefined) {
    cache = new VersionCache();
    caches.set(store, cache);
  }
  return cache;
}

/** Puts the entry last; drops the first (least recently used) one when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value!);
}
