import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, liveNumber, ownVariable } from '@tsflow/core/config';
import { didYouMean, InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import { medianTaskDurations } from '@tsflow/core/queries';
import {
  buildDagGraph,
  type SimulatedDag,
  type SimulatedLimits,
  type Simulation,
  simulate,
} from '@tsflow/core/rules';
import { parseSerializedDag, type SerializedDag, type SerializedTask } from '@tsflow/core/serialization';
import { knownTimetable, openStore, poolLimit, poolSlots, type Store } from '@tsflow/core/store';
import { needsHorizon, parseInstant, parseRangeEnd } from '@tsflow/core/timetables';
import { readDagsOnce } from './dag-reading.ts';
import { existingProjectStore } from './project.ts';

export interface SimulatedProjectOptions {
  /** Empty: every DAG. Those without a schedule run when a task of another one asks. */
  readonly dagIds: readonly string[];
  readonly start: string;
  readonly end: string;
  readonly defaultDurationMs: number;
  /** Null: the Variable. */
  readonly parallelism: number | null;
  /** Whether DAGs that are paused are played too. */
  readonly paused: boolean;
}

/** A simulation, and what it was made of. */
export interface SimulatedProject {
  readonly simulation: Simulation;
  readonly start: number;
  readonly end: number;
  readonly limits: SimulatedLimits;
  /** Those that have a schedule, or ran. */
  readonly dags: readonly PlayedDag[];
  /** DAGs with a schedule that were left out because they are paused. */
  readonly paused: readonly string[];
}

type PlayedDag = SimulatedDag & { readonly guessedTasks: number };

/** Plays the schedules of the dags folder as it is now, with the project's history, Variables and pools. Changes nothing. */
export async function simulateProject(
  config: Config,
  options: SimulatedProjectOptions,
): Promise<SimulatedProject> {
  const start = parseInstant(options.start, 'UTC', '--start').getTime();
  const end = parseRangeEnd(options.end, 'UTC', '--end').getTime();
  if (end < start) throw new InvalidInputError('--end lies before --start.');
  await using project = await existingProjectStore(config);
  const { played, paused } = await loadDags(config, project.store, options, { from: start, until: end });
  const limits = await projectLimits(project.store, options.parallelism);
  const simulation = simulate({ dags: played, limits, start, end });
  const ran = new Set(simulation.runs.map(({ dagId }) => dagId));
  const dags = played.filter(({ graph, timetable }) => timetable.type !== 'none' || ran.has(graph.dag.dagId));
  return { simulation, start, end, limits, dags, paused };
}

async function loadDags(
  config: Config,
  project: Store | null,
  { dagIds, defaultDurationMs, paused }: SimulatedProjectOptions,
  range: { readonly from: number; readonly until: number },
): Promise<{ readonly played: readonly PlayedDag[]; readonly paused: readonly string[] }> {
  const known = await readFolder(config, range);
  for (const dagId of dagIds) {
    if (known.some(({ serialized }) => serialized.dagId === dagId)) continue;
    const closest = didYouMean(
      dagId,
      known.map(({ serialized }) => serialized.dagId),
    );
    throw new NotFoundError('DAG', dagId, closest === undefined ? '' : `Did you mean "${closest}"?`);
  }
  const pausedInProject = await pausedDags(project);
  const isLeftOut = ({ dagId, pausedUponCreation }: SerializedDag) =>
    dagIds.length === 0 && !paused && (pausedInProject.get(dagId) ?? pausedUponCreation);
  const chosen = known.filter(({ serialized }) =>
    dagIds.length > 0 ? dagIds.includes(serialized.dagId) : !isLeftOut(serialized),
  );
  const played = await Promise.all(
    chosen.map(async ({ serialized, timetable }) => {
      const durations: ReadonlyMap<string, number> =
        project === null ? new Map() : await medianTaskDurations(project, serialized.dagId);
      return {
        graph: buildDagGraph(serialized, 'simulated'),
        timetable,
        durationMs: (taskId: string) => durations.get(taskId) ?? defaultDurationMs,
        guessedTasks: serialized.tasks.filter((task) => isGuessed(task, durations)).length,
      };
    }),
  );
  const leftOut = known.filter(
    ({ serialized }) => isLeftOut(serialized) && serialized.timetable.type !== 'none',
  );
  return { played, paused: leftOut.map(({ serialized }) => serialized.dagId) };
}

/** Whether a task takes the default time: it does something, and no run of it is known. A wait takes as long as it takes. */
function isGuessed(
  { taskId, nothingToDo, wait }: SerializedTask,
  durations: ReadonlyMap<string, number>,
): boolean {
  return !nothingToDo && wait == null && !durations.has(taskId);
}

/** The DAGs of the folder as their files have them now, in the order of their ids. */
async function readFolder(config: Config, range: { readonly from: number; readonly until: number }) {
  // Inside the project: the packages of DAG files resolve from there.
  await mkdir(join(config.home, 'test'), { recursive: true, mode: 0o700 });
  const home = await mkdtemp(join(config.home, 'test', 'simulate-'));
  const store = await openStore('sqlite::memory:');
  try {
    await store.migrate();
    await readDagsOnce({ ...config, home }, store);
    const rows = await store.db
      .selectFrom('dag')
      .innerJoin('dagVersion', 'dagVersion.version', 'dag.currentVersion')
      .select('dagVersion.serialized')
      .orderBy('dag.dagId')
      .execute();
    const dags = rows.map(({ serialized }) => parseSerializedDag(serialized));
    const custom = dags.filter(({ timetable }) => needsHorizon(timetable));
    for (const { dagId } of custom) await store.horizons.want(dagId, range, Date.now());
    if (custom.length > 0) await readDagsOnce({ ...config, home }, store);
    return await Promise.all(
      dags.map(async (serialized) => ({ serialized, timetable: await knownTimetable(store, serialized) })),
    );
  } finally {
    await store.close();
    await rm(home, { recursive: true, force: true });
  }
}

async function pausedDags(project: Store | null): Promise<ReadonlyMap<string, boolean>> {
  const rows = (await project?.db.selectFrom('dag').select(['dagId', 'isPaused']).execute()) ?? [];
  return new Map(rows.map(({ dagId, isPaused }) => [dagId, isPaused === 1]));
}

async function projectLimits(project: Store | null, parallelism: number | null): Promise<SimulatedLimits> {
  const rows = (await project?.variables.list()) ?? [];
  const variables = new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as Json]));
  const pools =
    (await project?.db.selectFrom('pool').select(['name', 'slots', 'live', 'includeDeferred']).execute()) ??
    [];
  const withDeferred = new Set(pools.flatMap(({ name, includeDeferred }) => (includeDeferred ? [name] : [])));
  const slots = new Map(pools.map((pool) => [pool.name, poolLimit(pool)]));
  return {
    parallelism: (now) => parallelism ?? liveNumber(ownVariable('parallelism'), variables, now),
    // A pool that nobody made yet holds nobody up here: the question is whether the schedules fit.
    poolSlots: (pool, now) => liveNumber(poolSlots(pool, slots) ?? -1, variables, now),
    countsDeferred: (pool) => withDeferred.has(pool),
    read: (limit, now) => liveNumber(limit, variables, now),
  };
}
