import { liveNumber, ownVariable } from '../../config/index.ts';
import { NotFoundError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import {
  explainMapped,
  explainReadiness,
  explainRun,
  holdsSlot,
  instanceAt,
  instancesOf,
  instancesUnder,
  type Readiness,
  type ReadinessWorld,
  type RunWork,
} from '../../rules/index.ts';
import type { LiveNumber, SerializedTask } from '../../serialization/index.ts';
import { DEFAULT_POOL, poolLimit, poolSlots } from '../pools.ts';
import type { Store } from '../store.ts';
import { concurrencyCounter, poolCounter } from '../turn-counters.ts';
import { dagSnapshot, pastSnapshot, runSnapshot } from './snapshot.ts';

/** A scheduler that has not beaten for this long counts as gone. */
const LEASE_MS = 30_000;

/**
 * Why a task instance is not running: the checks that the scheduler makes, in order, with live values. Of a mapped task without a path, about
 * the first instance that waits. Reads only. Throws {@link NotFoundError} when the run has no such instance.
 */
export async function whyTask(
  store: Store,
  dagId: string,
  runId: string,
  taskId: string,
  mapPath = '',
): Promise<readonly Readiness[]> {
  const { dag } = await dagSnapshot(store, dagId);
  const run = await runSnapshot(store, dag, runId);
  const task = run.graph.tasks[run.graph.indexOf.get(taskId) ?? -1];
  if (task === undefined) throw new NotFoundError(`Task of ${dagId}`, taskId);
  const instance = instanceAt(run, task.index, mapPath);
  const world = await readinessWorld(store, run, task.spec);
  run.past = await pastSnapshot(store, run);
  await countActiveTasks(store, run);
  if (instance !== undefined) return explainReadiness(instance, world);
  const mapped = instancesUnder(run, task.index, '');
  if (mapped.length === 0) return explainRun({ state: run.state, isPaused: dag.isPaused }, world);
  if (mapPath === '') return explainMapped(mapped, world);
  const last = mapped.at(-1)!.mapPath;
  throw new NotFoundError(`Instance of ${taskId}`, mapPath, last === '' ? '' : `The last one is ${last}.`);
}

/** Why a run has not begun. Reads only. */
export async function whyRun(store: Store, dagId: string, runId: string): Promise<readonly Readiness[]> {
  const { dag, graph } = await dagSnapshot(store, dagId);
  const run = await runSnapshot(store, dag, runId);
  return explainRun(
    { state: run.state, isPaused: dag.isPaused },
    await readinessWorld(store, run, graph.dag.tasks[0]),
  );
}

async function readinessWorld(
  store: Store,
  run: RunWork,
  task: SerializedTask | undefined,
): Promise<ReadinessWorld> {
  const now = Date.now();
  const { dag } = run;
  const variables = new Map(
    (await store.variables.list()).map((row) => [row.key, JSON.parse(row.value) as Json] as const),
  );
  const counters = await store.turns.counters();
  const poolName = task?.pool ?? DEFAULT_POOL;
  const pools = await store.db
    .selectFrom('pool')
    .select(['name', 'slots', 'live', 'includeDeferred'])
    .execute();
  const slots = poolSlots(poolName, new Map(pools.map((pool) => [pool.name, poolLimit(pool)])));
  const withDeferred = pools.some(({ name, includeDeferred }) => name === poolName && includeDeferred === 1);
  const active = await store.db
    .selectFrom('dagRun')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('dagId', '=', dag.dagId)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  const limit = task?.maxActiveTisPerDag ?? null;
  return {
    now,
    schedulers: (await store.leases.living()).map((row) => ({ id: row.id, beatAgeMs: now - row.beatAt })),
    leaseMs: LEASE_MS,
    maxActiveRuns: liveNumber(dag.graph.dag.maxActiveRuns, variables, now),
    activeRuns: Number(active.count),
    maxActiveTasks: liveNumber(dag.graph.dag.maxActiveTasks, variables, now),
    parallelism: {
      limit: liveNumber(ownVariable('parallelism'), variables, now),
      used: counters.get('parallelism') ?? 0,
    },
    pool: {
      name: poolName,
      slots: slots === null ? null : liveNumber(slots, variables, now),
      used: counters.get(poolCounter(poolName, withDeferred)) ?? 0,
    },
    taskLimit:
      limit === null
        ? null
        : { limit: liveNumber(limit, variables, now), used: await activeOf(store, run, task!.taskId) },
    runLimits: runLimits(run, task, (limit) => liveNumber(limit, variables, now)),
    concurrencyKey:
      task?.concurrency === undefined
        ? null
        : {
            key: task.concurrency.key,
            limit: liveNumber(task.concurrency.limit, variables, now),
            used: counters.get(concurrencyCounter(task.concurrency.key)) ?? 0,
          },
  };
}

/** The limits within the run that a task counts against, with what holds a slot under each. */
function runLimits(
  run: RunWork,
  task: SerializedTask | undefined,
  read: (limit: LiveNumber) => number,
): ReadinessWorld['runLimits'] {
  const { graph } = run;
  const index = graph.indexOf.get(task?.taskId ?? '');
  if (index === undefined) return [];
  const active = [...instancesOf(run)].filter(({ state }) => holdsSlot(state));
  return graph.tasks[index]!.runLimits.map(({ name, limit }) => ({
    name,
    limit: read(limit),
    used: active.filter((instance) => instance.task.runLimits.some((one) => one.name === name)).length,
  }));
}

async function countActiveTasks(store: Store, run: RunWork): Promise<void> {
  run.dag.activeTasks = await countHolding(store, run.dag.dagId);
}

function activeOf(store: Store, run: RunWork, taskId: string): Promise<number> {
  return countHolding(store, run.dag.dagId, taskId);
}

async function countHolding(store: Store, dagId: string, taskId?: string): Promise<number> {
  const row = await store.db
    .selectFrom('taskInstance')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('dagId', '=', dagId)
    .where('state', 'in', ['queued', 'running', 'restarting'])
    .$if(taskId !== undefined, (query) => query.where('taskId', '=', taskId!))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
