import { assetsIn } from '@tsflow/core/assets';
import {
  type AssetArrival,
  type AssetRun,
  type Changes,
  createRun,
  type DagWorkState,
  newAssetRun,
  type OutletEvent,
  roomForRuns,
} from '@tsflow/core/rules';
import { type AssetEventTable, assetEventIntent } from '@tsflow/core/store';
import type { World } from '../held/world.ts';
import { startOrQueue } from '../runs/run-stage.ts';

/**
 * Events of assets on their way. The success of a task, its events and a note to pass them on are one commit of the DAG that produced
 * them; the note is worked off in a turn of its own, which reads who waits and sends each an intent. So whoever began to wait before the
 * event was there is told, whatever dies in between, and told once, since an intent's key says which event it is about.
 */

/** Payload of the note: events that are committed and have to be passed on. */
interface FanOut {
  readonly events: readonly AssetArrival[];
}

/** Gives the events of this turn their ids, and files the notes that pass them on. */
export async function fileAssetEvents(world: World, changes: Changes): Promise<void> {
  if (changes.assetEvents.length === 0) return;
  await world.keys.ensure(changes.assetEvents.length);
  const byDag = new Map<DagWorkState, AssetArrival[]>();
  for (const event of changes.assetEvents) {
    event.eventId = world.keys.take();
    const { dag } = event.instance.run;
    const events = byDag.get(dag) ?? [];
    events.push(arrivalOf(event, changes.now));
    byDag.set(dag, events);
  }
  for (const [from, events] of byDag) {
    changes.sent.push({
      from,
      dagId: from.dagId,
      kind: 'asset_fan_out',
      payload: { events } satisfies FanOut,
      idempotencyKey: `asset_fan_out:${events[0]!.eventId}`,
    });
  }
}

/** The row of an event of a task. */
export function assetEventRow(event: OutletEvent, now: number): AssetEventTable {
  const { run, task, mapPath } = event.instance;
  const { eventId, asset, at, partition, interval } = arrivalOf(event, now);
  return {
    eventId,
    asset,
    at,
    partitionKey: partition,
    extra: JSON.stringify(event.extra),
    actor: 'scheduler',
    dagId: run.dag.dagId,
    runKey: run.key,
    runId: run.runId,
    taskId: task.spec.taskId,
    mapPath,
    intervalStart: interval!.start,
    intervalEnd: interval!.end,
    idempotencyKey: null,
  };
}

function arrivalOf({ eventId, asset, partition, instance }: OutletEvent, at: number): AssetArrival {
  const { dataIntervalStart: start, dataIntervalEnd: end } = instance.run;
  return { eventId, asset, partition, at, interval: { start, end } };
}

/** Tells everybody who waits for events that an earlier turn committed. */
export async function passAssetEvents(
  world: World,
  from: DagWorkState,
  payload: string,
  changes: Changes,
): Promise<void> {
  const { events } = JSON.parse(payload) as FanOut;
  const consumers = await world.store.assets.listeners([...new Set(events.map(({ asset }) => asset))]);
  for (const event of events) {
    for (const { asset, dagId } of consumers) {
      if (asset === event.asset) changes.sent.push({ from, ...assetEventIntent(event, dagId) });
    }
  }
}

/** Takes an event that reached a DAG. False: it is not kept, since the DAG is paused or is not scheduled on the asset. */
export function receiveAssetEvent(
  world: World,
  dag: DagWorkState,
  arrival: AssetArrival,
  changes: Changes,
): boolean {
  const { assets } = world.versions.get(dag.graph.version).timetable;
  if (dag.isPaused || dag.isStale || assets === undefined || !assetsIn(assets).includes(arrival.asset))
    return false;
  if (dag.assetArrivals.add(arrival))
    changes.assetArrivals.set(arrival, { dag, state: 'pending', run: null });
  return true;
}

/**
 * Creates the runs that events make, in DAGs in which some arrived or that have room again: as far as there is room, so that what
 * arrives while a DAG is busy becomes one run and not a queue of them.
 */
export async function createAssetRuns(world: World, changes: Changes): Promise<void> {
  const dags = new Set([...changes.assetArrivals.values()].map(({ dag }) => dag));
  for (const dag of changes.roomInDags) if (!dag.assetArrivals.isEmpty) dags.add(dag);
  if (!world.ticks) return;
  for (const dag of dags) {
    const { timetable } = world.versions.get(dag.graph.version);
    const condition = timetable.assets ?? null;
    note(dag, dag.assetArrivals.adopt(condition), null, changes);
    if (condition === null || dag.isPaused || dag.isStale) continue;
    for (const run of dag.assetArrivals.runs()) {
      const queued = dag.queuedRuns.get(null) ?? 0;
      if (roomForRuns(dag, null, world.limits.maxActiveRuns(dag, null)) - queued <= 0) break;
      await createAssetRun(world, dag, run, changes);
    }
  }
}

async function createAssetRun(
  world: World,
  dag: DagWorkState,
  made: AssetRun,
  changes: Changes,
): Promise<void> {
  await world.keys.ensure(1);
  const spec = newAssetRun(made, dag.graph.dag.paramsDefaults);
  const run = createRun(dag, spec, world.keys.take(), 'scheduler', changes);
  dag.assetArrivals.take(made.events);
  note(dag, made.events, run, changes);
  await startOrQueue(world, run, changes);
}

/** Events that wait no longer: they made a run, or (null) the schedule does not name their asset any more. */
function note(
  dag: DagWorkState,
  events: readonly AssetArrival[],
  run: Parameters<Changes['assetArrivals']['set']>[1]['run'],
  changes: Changes,
): void {
  for (const event of events) {
    changes.assetArrivals.set(event, { dag, state: run === null ? 'dropped' : 'taken', run });
  }
}
