import { buildDagGraph, type DagGraph } from '@tsflow/core/rules';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { Store } from '@tsflow/core/store';
import { needsHorizon, type Timetable, timetableFromJson } from '@tsflow/core/timetables';

/** A DAG version, ready for deciding and for handing out its work. */
export interface LoadedVersion {
  readonly graph: DagGraph;
  readonly timetable: Timetable;
  /** When what is known of a custom timetable was worked out; null: the scheduler computes the timetable itself. */
  readonly horizonAt: number | null;
  readonly number: number;
  readonly bundle: string;
  readonly entry: string;
}

/** A sweep looks at every run under way: it comes when there are twice as many versions as were in use at the last one, and these. */
const SWEEP_SLACK = 8;

/**
 * Versions by their digest. A version never changes, so what was loaded once stays true; only the runs that are known of a custom
 * timetable grow with time. Those that nothing under way is of are let go between two turns ({@link keep}): they are in the database.
 */
export class VersionCache {
  readonly #versions = new Map<string, LoadedVersion>();
  readonly #store: Store;
  #sweepAt = SWEEP_SLACK;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether there are so many that looking for those in use is worth it. */
  get isCrowded(): boolean {
    return this.#versions.size > this.#sweepAt;
  }

  /** Lets go of all others. Not within a turn, which may {@link get} whatever it ensured. */
  keep(inUse: ReadonlySet<string>): void {
    for (const version of this.#versions.keys()) if (!inUse.has(version)) this.#versions.delete(version);
    this.#sweepAt = 2 * this.#versions.size + SWEEP_SLACK;
  }

  /** A version that {@link ensure} loaded before, in this turn or for a DAG or a run that is under way. */
  get(version: string): LoadedVersion {
    const loaded = this.#versions.get(version);
    if (loaded === undefined) throw new Error(`DAG version ${version} was not loaded before it was needed.`);
    return loaded;
  }

  async ensure(version: string): Promise<LoadedVersion> {
    const known = this.#versions.get(version);
    if (known !== undefined) return known;
    const row = await this.#store.catalog.version(version);
    if (row === null)
      throw new Error(`DAG version ${version} is not in the database: run "tsflow db check".`);
    const dag = JSON.parse(row.serialized) as SerializedDag;
    const loaded: LoadedVersion = {
      graph: buildDagGraph(dag, version),
      ...(await this.#timetable(dag)),
      number: row.number,
      bundle: row.bundle,
      entry: row.entry,
    };
    this.#versions.set(version, loaded);
    return loaded;
  }

  /** Reads what is known of a custom timetable anew; true: it is another now than it was. */
  async refreshHorizon(version: string): Promise<boolean> {
    const loaded = this.#versions.get(version);
    if (loaded === undefined || loaded.horizonAt === null) return false;
    const fresh = await this.#timetable(loaded.graph.dag);
    if (fresh.horizonAt === loaded.horizonAt) return false;
    this.#versions.set(version, { ...loaded, ...fresh });
    return true;
  }

  async #timetable(dag: SerializedDag): Promise<Pick<LoadedVersion, 'timetable' | 'horizonAt'>> {
    if (!needsHorizon(dag.timetable)) return { timetable: timetableFromJson(dag.timetable), horizonAt: null };
    const known = (await this.#store.horizons.of([dag.dagId])).get(dag.dagId);
    return {
      timetable: timetableFromJson(dag.timetable, known?.horizon ?? null),
      horizonAt: known?.computedAt ?? 0,
    };
  }
}
