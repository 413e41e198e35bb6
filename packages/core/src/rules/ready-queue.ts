import { Heap } from './heap.ts';
import type { RunLimit } from './run-limits.ts';
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
 * Instances that the same limits apply to form a **lane** (a DAG, a pool, a number of slots, limits of tasks, of runs and of keys). A lane whose head is
 * blocked is parked at its gate and costs nothing until that gate opens, so admission costs what is admitted, never what waits.
 *
 *     weight 9:  sales > stock > …      DAGs, the one whose last turn is longest ago first
 *                  |       |
 *                lanes   lanes          of a DAG, the one with the earliest head first
 */
export class ReadyQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #lines = new Map<number, Line>();
  /** Lines in which somebody stands. */
  readonly #weights = new Heap<Line>((a, b) => b.weight - a.weight);
  #admissions = 0;
  readonly #parkedAtPool = new Map<string, Set<Lane>>();
  readonly #parkedAtKey = new Map<string, Set<Lane>>();
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

  /** The weight of something that waits was changed: it takes the place that it has now. */
  reorder(instances: Iterable<InstanceWork>): void {
    const lanes = new Set<Lane>();
    for (const instance of instances) {
      const lane = this.#lanes.get(laneKey(instance));
      if (lane !== undefined) lanes.add(lane);
    }
    for (const lane of lanes) {
      const waiting: InstanceWork[] = [];
      for (let next = lane.heap.pop(); next !== undefined; next = lane.heap.pop()) waiting.push(next);
      for (const instance of waiting) lane.heap.push(instance);
      lane.place = null;
      if (lane.gate === null) this.#line(lane);
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
      const place = this.#nextPlace();
      if (place === null) {
        if (this.#openShared(limits)) continue;
        break;
      }
      const { lane, head } = place;
      // Ended from outside while it waited: the lane gets the place of the one behind.
      if (this.#head(lane) !== head) {
        this.#line(lane);
        continue;
      }
      const gate = blockingGate(head, limits);
      if (gate !== null) {
        this.#park(lane, gate);
        continue;
      }
      lane.heap.pop();
      this.#endTurn(head);
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

  /** Something that had this concurrency key ended. */
  openKey(key: string): void {
    this.#open(this.#parkedAtKey, key);
  }

  /** Variables or pools changed: everything is asked again. */
  openAll(): void {
    for (const key of [...this.#parkedAtKey.keys()]) this.openKey(key);
    for (const dagId of [...this.#parkedAtDag.keys()]) this.openDag(dagId);
    for (const pool of [...this.#parkedAtPool.keys()]) this.openPool(pool);
  }

  /** Forgets what it holds of a DAG: its lease or its memory is gone. */
  forgetDag(dagId: string): void {
    for (const lane of [...this.#lanes.values()]) {
      if (lane.dagId !== dagId) continue;
      this.#lanes.delete(lane.key);
      this.#parkedAtPool.get(lane.pool)?.delete(lane);
      if (lane.concurrencyKey !== null) this.#parkedAtKey.get(lane.concurrencyKey)?.delete(lane);
      lane.heap.clear();
      lane.place = null;
    }
    this.#parkedAtDag.delete(dagId);
    for (const [weight, line] of this.#lines) {
      line.dags.get(dagId)?.places.clear();
      if (line.dags.delete(dagId) && line.dags.size === 0 && !line.isLined) this.#lines.delete(weight);
    }
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

  /** Something shared may have room left after a lane that it let through was stopped elsewhere: the next parked lane gets its chance. */
  #openShared(limits: Limits): boolean {
    const hasPool = (head: InstanceWork) => head.task.spec.poolSlots <= limits.poolRoom(head.task.spec.pool);
    const hasKey = (head: InstanceWork) => limits.keyRoom(head) > 0;
    return this.#openOne(this.#parkedAtPool, hasPool) || this.#openOne(this.#parkedAtKey, hasKey);
  }

  #openOne(parked: Map<string, Set<Lane>>, hasRoom: (head: InstanceWork) => boolean): boolean {
    for (const [key, lanes] of parked) {
      for (const lane of lanes) {
        const head = this.#head(lane);
        if (head !== undefined && !hasRoom(head)) continue;
        lanes.delete(lane);
        if (lanes.size === 0) parked.delete(key);
        lane.gate = null;
        this.#line(lane);
        return true;
      }
    }
    return false;
  }

  #park(lane: Lane, gate: Gate): void {
    lane.gate = gate;
    lane.place = null;
    const [parked, key] = this.#parking(lane, gate);
    const lanes = parked.get(key) ?? new Set();
    lanes.add(lane);
    parked.set(key, lanes);
  }

  /** Where a lane waits for a gate, and under which name: limits of tasks and runs open with anything that ends in their DAG. */
  #parking(lane: Lane, gate: Gate): readonly [Map<string, Set<Lane>>, string] {
    if (gate === 'pool') return [this.#parkedAtPool, lane.pool];
    if (gate === 'key') return [this.#parkedAtKey, lane.concurrencyKey!];
    return [this.#parkedAtDag, lane.dagId];
  }

  /** Gives a lane a place by its head. The place that it had goes stale. */
  #line(lane: Lane): void {
    const head = this.#head(lane);
    if (head === undefined || lane.place?.head === head) return;
    lane.place = { lane, head };
    const line = this.#lineOf(weightOf(head));
    const turn = turnOf(line, lane.dagId);
    turn.places.push(lane.place);
    if (!turn.isLined) {
      turn.isLined = true;
      line.turns.push(turn);
    }
    if (line.isLined) return;
    line.isLined = true;
    this.#weights.push(line);
  }

  #lineOf(weight: number): Line {
    let line = this.#lines.get(weight);
    if (line === undefined) {
      const turns = new Heap<Turn>((a, b) => a.last - b.last);
      line = { weight, dags: new Map(), turns, isLined: false };
      this.#lines.set(weight, line);
    }
    return line;
  }

  /** The best lane of the DAG whose turn it is, at the highest weight. A DAG keeps its turn while lanes of it are blocked. */
  #nextPlace(): Place | null {
    for (let line = this.#weights.peek(); line !== undefined; line = this.#weights.peek()) {
      for (let turn = line.turns.peek(); turn !== undefined; turn = line.turns.peek()) {
        const place = newestPlace(turn.places);
        if (place !== undefined) {
          place.lane.place = null;
          return place;
        }
        line.turns.pop();
        turn.isLined = false;
      }
      this.#weights.pop();
      line.isLined = false;
    }
    return null;
  }

  /** The DAG whose turn it was goes behind all others of the weight. */
  #endTurn(admitted: InstanceWork): void {
    const line = this.#lineOf(weightOf(admitted));
    const turn = line.turns.pop()!;
    this.#admissions += 1;
    turn.last = this.#admissions;
    line.turns.push(turn);
  }

  /** First instance that still wants to run; empty lanes are dropped. */
  #head(lane: Lane): InstanceWork | undefined {
    for (let head = lane.heap.peek(); head !== undefined; head = lane.heap.peek()) {
      if (head.state === 'scheduled') return head;
      lane.heap.pop();
    }
    this.#lanes.delete(lane.key);
    lane.place = null;
    return undefined;
  }
}

interface Lane {
  readonly key: string;
  readonly dagId: string;
  readonly pool: string;
  readonly concurrencyKey: string | null;
  readonly heap: Heap<InstanceWork>;
  gate: Gate | null;
  /** Null: it stands in no line. */
  place: Place | null;
}

/** Everything of one weight: DAGs take turns, the one whose last turn is longest ago first. */
interface Line {
  readonly weight: number;
  readonly dags: Map<string, Turn>;
  readonly turns: Heap<Turn>;
  isLined: boolean;
}

/** A DAG in the line of one weight, with the places of its lanes. It is remembered while nothing of it waits. */
interface Turn {
  readonly places: Heap<Place>;
  /** Number of the admission that was its last; 0: none. */
  last: number;
  isLined: boolean;
}

function turnOf({ dags }: Line, dagId: string): Turn {
  let turn = dags.get(dagId);
  if (turn === undefined) {
    const places = new Heap<Place>((a, b) => compareWithinDag(a.head, b.head));
    turn = { places, last: 0, isLined: false };
    dags.set(dagId, turn);
  }
  return turn;
}

/** Where a lane stands among those of its DAG: by the head that it had when it got there. */
interface Place {
  readonly lane: Lane;
  readonly head: InstanceWork;
}

/** Takes the first place that still counts: lanes that were given another one, or parked, left theirs behind. */
function newestPlace(places: Heap<Place>): Place | undefined {
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (place.lane.place === place) return place;
  }
  return undefined;
}

/** What a person said, or else what the graph gives the task. */
function weightOf(instance: InstanceWork): number {
  return instance.priorityWeight ?? instance.task.weight;
}

function laneKey({ run, task }: InstanceWork): string {
  const { pool, poolSlots, maxActiveTisPerDag, taskId, concurrency } = task.spec;
  const own = maxActiveTisPerDag === null ? '' : taskId;
  const ofRun =
    task.runLimits.length === 0 ? '' : `${run.key} ${task.runLimits.map(({ name }) => name).join(' ')}`;
  return [run.dag.dagId, pool, poolSlots, own, ofRun, concurrency?.key ?? ''].join('\0');
}

function newLane(key: string, { run, task }: InstanceWork): Lane {
  return {
    key,
    dagId: run.dag.dagId,
    pool: task.spec.pool,
    concurrencyKey: task.spec.concurrency?.key ?? null,
    heap: new Heap(compareInstances),
    gate: null,
    place: null,
  };
}

function compareInstances(a: InstanceWork, b: InstanceWork): number {
  return weightOf(b) - weightOf(a) || compareWithinDag(a, b);
}

function compareWithinDag(a: InstanceWork, b: InstanceWork): number {
  return (
    a.run.logicalDate - b.run.logicalDate ||
    a.run.key - b.run.key ||
    a.task.index - b.task.index ||
    compareText(a.mapSort, b.mapSort)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

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
