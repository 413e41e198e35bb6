import type { RunLimit } from '../graph/run-limits.ts';
import type { DagWorkState, InstanceWork } from '../work/work.ts';
import { type Lane, laneKey, newLane, weightOf } from './lane.ts';
import { LaneOrder, type Place, Turns } from './lane-order.ts';

/**
 * What limits say at admission. Read at each decision, so that a Variable changed meanwhile counts.
 */
export interface Limits {
  /** Free slots of parallelism, over all DAGs. */
  readonly parallelismRoom: number;
  /** Free slots of a pool; Infinity when it is unlimited. */
  poolRoom(pool: string): number;
  maxActiveTasks(dag: DagWorkState): number;
  /** Limit of a task over all runs of its DAG. */
  maxActiveTis(instance: InstanceWork): number;
  /** A group's or a task's limit within one run. */
  runLimit(instance: InstanceWork, limit: RunLimit): number;
  /** Free places of the instance's concurrency key, over all DAGs; Infinity when it has none. */
  keyRoom(instance: InstanceWork): number;
}

/** Why a lane waits: its head is blocked by one of these. */
export type Gate = 'dag' | 'pool' | 'task' | 'run' | 'key' | 'paused';

/**
 * Which scheduled instance goes next: highest weight over all DAGs; among equal weights the DAGs take turns; within a DAG the
 * earlier logical date, then the order of the tasks, then the map index.
 *
 * Instances that the same limits apply to form a {@link Lane}. A lane whose head is blocked costs nothing until its gate opens: it is
 * parked at its DAG, or stands in the order of a **shared gate** - a pool and a number of slots, a concurrency key - whose lanes are all
 * blocked alike. An open gate offers the first of them, and closes again as soon as that one is blocked. So admission costs what is
 * admitted, and an end what it frees, never what waits.
 */
export class ReadyQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Turns();
  /** Lanes that no gate is known to hold. */
  readonly #standing = new LaneOrder(this.#turns);
  readonly #parkedAtDag = new Map<string, Set<Lane>>();
  /** By pool or key, then by what a lane needs of it. */
  readonly #pools: SharedGates = new Map();
  readonly #keys: SharedGates = new Map();
  /** Shared gates that may have room. */
  readonly #open = new Set<LaneOrder>();

  add(instance: InstanceWork): void {
    const key = laneKey(instance);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = newLane(instance);
      lane.order = this.#standing;
      this.#lanes.set(key, lane);
    }
    lane.waiting.push(instance);
    this.#place(lane);
  }

  /** The weight of something that waits was changed: it takes the place that it has now. */
  reorder(instances: Iterable<InstanceWork>): void {
    const lanes = new Set<Lane>();
    for (const instance of instances) {
      const lane = this.#lanes.get(laneKey(instance));
      if (lane !== undefined) lanes.add(lane);
    }
    for (const lane of lanes) {
      const waiting: InstanceWork[] = [];
      for (let next = lane.waiting.pop(); next !== undefined; next = lane.waiting.pop()) waiting.push(next);
      for (const instance of waiting) lane.waiting.push(instance);
      this.#place(lane);
    }
  }

  /** Whether something is scheduled that no limit has let through so far. */
  get isWaiting(): boolean {
    return this.#lanes.size > 0;
  }

  /** Takes as many instances as the limits allow, in order; each is to be counted by `onAdmit` before the next is asked. */
  admit(limits: Limits, room: () => number, onAdmit: (instance: InstanceWork) => void, max: number): number {
    let admitted = 0;
    while (admitted < max && room() > 0) {
      const place = this.#first();
      if (place === undefined) break;
      const { lane, head } = place;
      lane.place = null;
      // Unless it was ended from outside while it waited: then the one behind it gets a place.
      if (this.#head(lane) === head) {
        const gate = blockingGate(head, limits);
        if (gate !== null) {
          this.#park(lane, head, gate);
          continue;
        }
        lane.waiting.pop();
        this.#turns.end(place);
        onAdmit(head);
        admitted += 1;
      }
      lane.order = this.#standing;
      this.#place(lane);
    }
    return admitted;
  }

  /** Something of this DAG ended, or its limits or its pause changed: its lanes are asked again. */
  openDag(dagId: string): void {
    const lanes = this.#parkedAtDag.get(dagId);
    if (lanes === undefined) return;
    this.#parkedAtDag.delete(dagId);
    for (const lane of lanes) {
      lane.order = this.#standing;
      this.#place(lane);
    }
  }

  openPool(pool: string): void {
    this.#openGates(this.#pools.get(pool));
  }

  /** Something that had this concurrency key ended. */
  openKey(key: string): void {
    this.#openGates(this.#keys.get(key));
  }

  /** Variables or pools changed: everything is asked again. */
  openAll(): void {
    for (const dagId of [...this.#parkedAtDag.keys()]) this.openDag(dagId);
    for (const gates of [...this.#pools.values(), ...this.#keys.values()]) this.#openGates(gates);
  }

  /** Forgets what it holds of a DAG: its lease or its memory is gone. */
  forgetDag(dagId: string): void {
    for (const lane of [...this.#lanes.values()]) {
      if (lane.dagId !== dagId) continue;
      this.#lanes.delete(lane.key);
      lane.waiting.clear();
      lane.place = null;
    }
    this.#parkedAtDag.delete(dagId);
    this.#turns.forget(dagId);
  }

  /** Who goes first of those that stand and of those at open gates. */
  #first(): Place | undefined {
    let first = this.#standing.first();
    for (const gate of this.#open) {
      const place = gate.first();
      if (place === undefined) this.#open.delete(gate);
      else if (first === undefined || this.#turns.compare(place, first) < 0) first = place;
    }
    return first;
  }

  #openGates(gates: ReadonlyMap<string, LaneOrder> | undefined): void {
    for (const gate of gates?.values() ?? []) this.#open.add(gate);
  }

  #park(lane: Lane, head: InstanceWork, gate: Gate): void {
    if (gate === 'pool' || gate === 'key') {
      const shared = this.#sharedGate(head, gate);
      this.#open.delete(shared);
      shared.put(lane, head);
      return;
    }
    // Limits of tasks and of runs open with anything that ends in their DAG.
    lane.order = null;
    const lanes = this.#parkedAtDag.get(lane.dagId) ?? new Set();
    lanes.add(lane);
    this.#parkedAtDag.set(lane.dagId, lanes);
  }

  /** One that needs 4 slots of a pool must not keep back one that needs 1: each need is a gate of its own. */
  #sharedGate({ task: { spec } }: InstanceWork, gate: 'pool' | 'key'): LaneOrder {
    const [gates, name, need] =
      gate === 'pool'
        ? [this.#pools, spec.pool, String(spec.poolSlots)]
        : [this.#keys, spec.concurrency!.key, JSON.stringify(spec.concurrency!.limit)];
    let ofName = gates.get(name);
    if (ofName === undefined) {
      ofName = new Map();
      gates.set(name, ofName);
    }
    let order = ofName.get(need);
    if (order === undefined) {
      order = new LaneOrder(this.#turns);
      ofName.set(need, order);
    }
    return order;
  }

  /** Gives a lane the place of its head, where it stands. */
  #place(lane: Lane): void {
    if (lane.order === null) return;
    const head = this.#head(lane);
    if (head === undefined) return;
    if (lane.place?.head === head && lane.place.weight === weightOf(head)) return;
    lane.order.put(lane, head);
  }

  /**
   * First instance that still wants to run here; empty lanes are dropped. One to which another version gave a task with other limits stands in
   * another lane by now.
   */
  #head(lane: Lane): InstanceWork | undefined {
    for (let head = lane.waiting.peek(); head !== undefined; head = lane.waiting.peek()) {
      if (head.state === 'scheduled' && laneKey(head) === lane.key) return head;
      lane.waiting.pop();
    }
    // A lane that was dropped may still be parked, and another may have its key by now.
    if (this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key);
    lane.place = null;
    return undefined;
  }
}

type SharedGates = Map<string, Map<string, LaneOrder>>;

/** The first limit that says no, or null. `parallelism` is asked by the caller: it blocks everybody alike. */
export function blockingGate(instance: InstanceWork, limits: Limits): Gate | null {
  const { dag } = instance.run;
  if (dag.isPaused) return 'paused';
  if (dag.activeTasks >= limits.maxActiveTasks(dag)) return 'dag';
  const { taskId, maxActiveTisPerDag, pool, poolSlots } = instance.task.spec;
  if (maxActiveTisPerDag !== null && (dag.activeByTask.get(taskId) ?? 0) >= limits.maxActiveTis(instance))
    return 'task';
  for (const limit of instance.task.runLimits) {
    if ((instance.run.activeByLimit.get(limit.name) ?? 0) >= limits.runLimit(instance, limit)) return 'run';
  }
  if (limits.keyRoom(instance) <= 0) return 'key';
  return poolSlots > limits.poolRoom(pool) ? 'pool' : null;
}
