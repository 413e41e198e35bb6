import { Heap } from './heap.ts';
import type { DagWorkState, InstanceWork } from './work.ts';

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
}

/** Why a lane waits: its head is blocked by one of these. */
export type Gate = 'dag' | 'pool' | 'task' | 'paused';

/**
 * Which scheduled instance goes next: highest weight over all DAGs; among equal weights the DAGs take turns; within a DAG the
 * earlier logical date, then the order of the tasks, then the map index.
 *
 * Instances that the same limits apply to form a **lane** (a DAG, a pool, a number of slots, a task limit). A lane whose head is
 * blocked is parked at its gate and costs nothing until that gate opens, so admission costs what is admitted, never what waits.
 */
export class ReadyQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Map<number, Lane[]>();
  readonly #weights = new Heap<number>((a, b) => b - a);
  readonly #parkedAtPool = new Map<string, Set<Lane>>();
  readonly #parkedAtDag = new Map<string, Set<Lane>>();

  add(instance: InstanceWork): void {
    const key = laneKey(instance);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = newLane(key, instance);
      this.#lanes.set(key, lane);
    }
    lane.heap.push(instance);
    if (lane.gate === null) this.#line(lane);
  }

  /** Takes as many instances as the limits allow, in order; each is to be counted by `onAdmit` before the next is asked. */
  admit(limits: Limits, room: () => number, onAdmit: (instance: InstanceWork) => void, max: number): number {
    let admitted = 0;
    while (admitted < max && room() > 0) {
      const lane = this.#nextLane();
      if (lane === null) {
        if (this.#openPools(limits)) continue;
        break;
      }
      const head = this.#head(lane);
      if (head === undefined) continue;
      const gate = blockingGate(head, limits);
      if (gate !== null) {
        this.#park(lane, gate);
        continue;
      }
      lane.heap.pop();
      onAdmit(head);
      admitted += 1;
      this.#line(lane);
    }
    return admitted;
  }

  /** Something of this DAG ended, or its limits or its pause changed: its lanes are asked again. */
  openDag(dagId: string): void {
    this.#open(this.#parkedAtDag, dagId);
  }

  openPool(pool: string): void {
    this.#open(this.#parkedAtPool, pool);
  }

  /** Variables or pools changed: everything is asked again. */
  openAll(): void {
    for (const dagId of [...this.#parkedAtDag.keys()]) this.openDag(dagId);
    for (const pool of [...this.#parkedAtPool.keys()]) this.openPool(pool);
  }

  /** Forgets what it holds of a DAG: its lease or its memory is gone. */
  forgetDag(dagId: string): void {
    for (const lane of [...this.#lanes.values()]) {
      if (lane.dagId !== dagId) continue;
      this.#lanes.delete(lane.key);
      this.#parkedAtPool.get(lane.pool)?.delete(lane);
      lane.heap.clear();
      lane.weight = null;
    }
    this.#parkedAtDag.delete(dagId);
  }

  #open(parked: Map<string, Set<Lane>>, key: string): void {
    const lanes = parked.get(key);
    if (lanes === undefined) return;
    parked.delete(key);
    for (const lane of lanes) {
      lane.gate = null;
      this.#line(lane);
    }
  }

  /** A pool may have room left after a lane that it let through was stopped elsewhere: the next parked lane gets its chance. */
  #openPools(limits: Limits): boolean {
    for (const [pool, lanes] of this.#parkedAtPool) {
      if (limits.poolRoom(pool) <= 0) continue;
      for (const lane of lanes) {
        const head = this.#head(lane);
        if (head !== undefined && head.task.spec.poolSlots > limits.poolRoom(pool)) continue;
        lanes.delete(lane);
        if (lanes.size === 0) this.#parkedAtPool.delete(pool);
        lane.gate = null;
        this.#line(lane);
        return true;
      }
    }
    return false;
  }

  #park(lane: Lane, gate: Gate): void {
    lane.gate = gate;
    lane.weight = null;
    const [parked, key] = gate === 'pool' ? [this.#parkedAtPool, lane.pool] : [this.#parkedAtDag, lane.dagId];
    const lanes = parked.get(key) ?? new Set();
    lanes.add(lane);
    parked.set(key, lanes);
  }

  /** Puts a lane at the end of the line of its head's weight. An entry of another weight in another line goes stale. */
  #line(lane: Lane): void {
    const head = this.#head(lane);
    if (head === undefined) return;
    const { weight } = head.task;
    if (lane.weight === weight) return;
    lane.weight = weight;
    const turns = this.#turns.get(weight);
    if (turns === undefined) {
      this.#turns.set(weight, [lane]);
      this.#weights.push(weight);
    } else {
      turns.push(lane);
    }
  }

  #nextLane(): Lane | null {
    for (let weight = this.#weights.peek(); weight !== undefined; weight = this.#weights.peek()) {
      const turns = this.#turns.get(weight)!;
      const lane = turns.shift();
      if (lane === undefined) {
        this.#turns.delete(weight);
        this.#weights.pop();
        continue;
      }
      if (lane.weight !== weight) continue;
      lane.weight = null;
      return lane;
    }
    return null;
  }

  /** First instance that still wants to run; empty lanes are dropped. */
  #head(lane: Lane): InstanceWork | undefined {
    for (let head = lane.heap.peek(); head !== undefined; head = lane.heap.peek()) {
      if (head.state === 'scheduled') return head;
      lane.heap.pop();
    }
    this.#lanes.delete(lane.key);
    lane.weight = null;
    return undefined;
  }
}

interface Lane {
  readonly key: string;
  readonly dagId: string;
  readonly pool: string;
  readonly heap: Heap<InstanceWork>;
  gate: Gate | null;
  /** Weight of the line it stands in; null: in none. */
  weight: number | null;
}

function laneKey({ run, task }: InstanceWork): string {
  const { pool, poolSlots, maxActiveTisPerDag, taskId } = task.spec;
  return `${run.dag.dagId}\0${pool}\0${poolSlots}\0${maxActiveTisPerDag === null ? '' : taskId}`;
}

function newLane(key: string, { run, task }: InstanceWork): Lane {
  return {
    key,
    dagId: run.dag.dagId,
    pool: task.spec.pool,
    heap: new Heap(compareInstances),
    gate: null,
    weight: null,
  };
}

function compareInstances(a: InstanceWork, b: InstanceWork): number {
  return (
    b.task.weight - a.task.weight ||
    a.run.logicalDate - b.run.logicalDate ||
    a.run.key - b.run.key ||
    a.task.index - b.task.index ||
    a.key - b.key
  );
}

/** The first limit that says no, or null. `parallelism` is asked by the caller: it blocks everybody alike. */
export function blockingGate(instance: InstanceWork, limits: Limits): Gate | null {
  const { dag } = instance.run;
  if (dag.isPaused) return 'paused';
  if (dag.activeTasks >= limits.maxActiveTasks(dag)) return 'dag';
  const { taskId, maxActiveTisPerDag, pool, poolSlots } = instance.task.spec;
  if (maxActiveTisPerDag !== null && (dag.activeByTask.get(taskId) ?? 0) >= limits.maxActiveTis(instance))
    return 'task';
  return poolSlots > limits.poolRoom(pool) ? 'pool' : null;
}
