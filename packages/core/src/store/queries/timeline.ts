import { type SqlBool, sql } from 'kysely';
import { InvalidInputError } from '../../errors.ts';
import type { Store } from '../store.ts';
import { dagFacts } from './dag-facts.ts';
import { plannedRuns } from './next-run.ts';
import { RUN_BAR_COLUMNS, type RunBar, runBar } from './run-bar.ts';
import { type Parallelism, parallelism } from './scheduler.ts';

/** Every DAG's runs around an instant. Instants are milliseconds UTC. */
export interface Timeline {
  /** Those that have something to show, by id. */
  readonly dags: readonly TimelineDag[];
  readonly slots: Parallelism;
  /** True when the window holds more than what is shown. */
  readonly isCut: boolean;
}

export interface TimelineDag {
  readonly dagId: string;
  readonly runs: readonly RunBar[];
  /** Instants at which runs will become due. */
  readonly planned: readonly number[];
}

/** Most runs, and most planned ones a DAG, that one picture holds. */
const MAX_RUNS = 5_000;
const MAX_PLANNED = 50;

/** Finished runs that were queued longer than this before the window are left out: the index goes by that instant. */
const LOOK_BACK_MS = 86_400_000;

/** What ran, runs and will run between `from` and `to` (ms). Throws {@link InvalidInputError} unless `from` lies before `to`. */
export async function timeline(
  store: Store,
  args: { readonly from: number; readonly to: number; readonly now: number },
): Promise<Timeline> {
  const { from, to, now } = args;
  if (!(from < to)) throw new InvalidInputError('timeline: expected "from" before "to".');
  const runs = await runsBetween(store, from, to);
  const shown = runs.slice(0, MAX_RUNS);
  const dags = new Map<string, { runs: RunBar[]; planned: number[] }>();
  const ofDag = (dagId: string) => {
    const known = dags.get(dagId);
    if (known !== undefined) return known;
    const fresh = { runs: [], planned: [] };
    dags.set(dagId, fresh);
    return fresh;
  };
  for (const run of shown) ofDag(run.dagId).runs.push(runBar(run));
  if (to > now) {
    for (const [dagId, planned] of await plannedBetween(store, Math.max(from, now), to, now)) {
      ofDag(dagId).planned.push(...planned);
    }
  }
  return {
    dags: [...dags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([dagId, dag]) => ({ dagId, ...dag })),
    slots: await parallelism(store, now),
    isCut: runs.length > MAX_RUNS,
  };
}

async function runsBetween(store: Store, from: number, to: number) {
  const columns = [...RUN_BAR_COLUMNS, 'dagRun.dagId', 'dagRun.queuedAt'] as const;
  const [open, finished] = await Promise.all([
    store.db
      .selectFrom('dagRun')
      .select(columns)
      // Through the partial index of open runs, written with the same words: the other one walks all that was ever queued.
      .where('key', 'in', (eb) =>
        eb
          .selectFrom('dagRun as open')
          .select('open.key')
          .where(sql<SqlBool>`(open.state = 'queued' or open.state = 'running')`),
      )
      .limit(MAX_RUNS + 1)
      .execute(),
    store.db
      .selectFrom('dagRun')
      .select(columns)
      .where('queuedAt', '>=', from - LOOK_BACK_MS)
      .where('queuedAt', '<=', to)
      .where('endDate', '>=', from)
      .where((eb) => eb.or([eb('state', '=', 'success'), eb('state', '=', 'failed')]))
      .orderBy('queuedAt', 'desc')
      .limit(MAX_RUNS + 1)
      .execute(),
  ]);
  const inWindow = open.filter((run) => run.queuedAt <= to);
  return [...inWindow, ...finished].sort((a, b) => a.queuedAt - b.queuedAt || a.key - b.key);
}

async function plannedBetween(
  store: Store,
  from: number,
  to: number,
  now: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const dags = await store.db
    .selectFrom('dag')
    .selectAll()
    .where('isPaused', '=', 0)
    .where('isStale', '=', 0)
    .where('currentVersion', 'is not', null)
    .execute();
  const facts = await dagFacts(
    store,
    dags.map((dag) => dag.currentVersion!),
  );
  const planned = new Map<string, readonly number[]>();
  for (const dag of dags) {
    const schedule = facts.get(dag.currentVersion!);
    if (schedule === undefined) continue;
    const instants: number[] = [];
    for (const run of plannedRuns(dag, schedule, now, MAX_PLANNED)) {
      if (run.runAfter > to) break;
      if (run.runAfter >= from) instants.push(run.runAfter);
    }
    if (instants.length > 0) planned.set(dag.dagId, instants);
  }
  return planned;
}
