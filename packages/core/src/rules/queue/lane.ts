import type { GraphTask } from '../graph/dag-graph.ts';
import type { InstanceWork } from '../work/work.ts';
import { Heap } from './heap.ts';
import type { LaneOrder, Place } from './lane-order.ts';

/** Scheduled instances that the same limits apply to: what blocks the first of them blocks them all. */
export interface Lane {
  readonly key: string;
  readonly dagId: string;
  readonly waiting: Heap<InstanceWork>;
  /** Where it stands: among those that may go, or at a shared gate. Null: parked at its DAG. */
  order: LaneOrder | null;
  /** The newest place that it was given there. Any other that an order still holds has gone stale. */
  place: Place | null;
}

export function newLane(instance: InstanceWork): Lane {
  const dagId = instance.run.dag.dagId;
  return { key: laneKey(instance), dagId, waiting: new Heap(compareInLane), order: null, place: null };
}

export function laneKey({ run, task }: InstanceWork): string {
  const name = nameOfLimits(task);
  const ofRun = task.runLimits.length === 0 ? '' : run.key;
  return `${run.dag.dagId}\0${ofRun}\0${name}`;
}

/** What a person said, or else what the graph gives the task. */
export function weightOf(instance: InstanceWork): number {
  return instance.priorityWeight ?? instance.task.weight;
}

/** Among instances of one DAG and weight: the earlier logical date, then the order of the tasks, then the map index. */
export function compareWithinDag(a: InstanceWork, b: InstanceWork): number {
  return (
    a.run.logicalDate - b.run.logicalDate ||
    a.run.key - b.run.key ||
    a.task.index - b.task.index ||
    compareText(a.mapSort, b.mapSort)
  );
}

function compareInLane(a: InstanceWork, b: InstanceWork): number {
  return weightOf(b) - weightOf(a) || compareWithinDag(a, b);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Computed once for each task of a version: this is asked for each instance that becomes ready. */
const names = new WeakMap<GraphTask, string>();

function nameOfLimits(task: GraphTask): string {
  let name = names.get(task);
  if (name === undefined) {
    const { pool, poolSlots, maxActiveTisPerDag, taskId, concurrency } = task.spec;
    const own = maxActiveTisPerDag === null ? null : taskId;
    const ofRun = task.runLimits.map((limit) => limit.name);
    name = JSON.stringify([pool, poolSlots, own, ofRun, concurrency ?? null]);
    names.set(task, name);
  }
  return name;
}
