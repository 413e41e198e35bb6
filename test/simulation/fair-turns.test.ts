import {
  admitInstance,
  attemptEnded,
  blockingGate,
  buildDagGraph,
  Changes,
  createRun,
  type DagWorkState,
  type InstanceWork,
  type Limits,
  newDagWork,
  ReadyQueue,
  startRun,
} from '@tsflow/core/rules';
import { expect, it } from 'vitest';
import { Random, testSeed } from '../support/random.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';

/**
 * Who goes next, over stories of chance: DAGs with several runs, weights, pools, groups and keys, and slots that come and go. What is
 * held against the queue is computed from all that waits, the slow way.
 */

const STORIES = 200;
const POOLS: Readonly<Record<string, number>> = { default_pool: 128, db: 3, api: 1 };
const NEEDS = [
  { pool: 'default_pool', poolSlots: 1 },
  { pool: 'db', poolSlots: 1 },
  { pool: 'db', poolSlots: 2 },
  { pool: 'api', poolSlots: 1 },
];

class Installation {
  readonly waiting = new Set<InstanceWork>();
  readonly admitted: InstanceWork[] = [];
  readonly #active: InstanceWork[] = [];
  readonly #ready = new ReadyQueue();
  readonly #dags: DagWorkState[];
  readonly #random: Random;
  readonly #parallelism: number;
  readonly #keys = new Map<string, number>();
  readonly #slots = new Map<string, number>();
  readonly limits: Limits;
  #key = 1;

  constructor(random: Random) {
    this.#random = random;
    this.#parallelism = 1 + random.int(6);
    this.#dags = Array.from({ length: 2 + random.int(4) }, (_, i) => randomDag(`dag${i}`, random));
    this.limits = {
      parallelismRoom: 0,
      poolRoom: (pool) => POOLS[pool]! - (this.#slots.get(pool) ?? 0),
      maxActiveTasks: () => 4,
      maxActiveTis: () => 1,
      runLimit: () => 1,
      keyRoom: ({ task }) =>
        task.spec.concurrency === undefined ? 9 : 1 - (this.#keys.get(task.spec.concurrency.key) ?? 0),
    };
  }

  get room(): number {
    return this.#parallelism - this.#active.length;
  }

  get isOver(): boolean {
    return this.#active.length === 0;
  }

  addRun(): void {
    const changes = this.#changes();
    const dag = this.#random.pick(this.#dags);
    const slot = dag.runs.size * 1_000;
    const interval = { start: new Date(slot), end: new Date(slot) };
    const names = { runId: `r${slot}`, runType: 'scheduled', slot, logicalDate: slot } as const;
    const rest = { dataInterval: interval, conf: {}, backfillKey: null, note: null };
    const run = createRun(dag, { ...names, ...rest }, this.#key++, 'test', changes);
    startRun(run, () => this.#key++, changes);
    this.#settle(changes);
  }

  end(): void {
    if (this.#active.length === 0) return;
    const [ended] = this.#active.splice(this.#random.int(this.#active.length), 1);
    const changes = this.#changes();
    const outcome = { kind: 'success', xcoms: {} } as const;
    attemptEnded(ended!, { endedAtMs: 1, outcome, rendered: null, logEnd: null }, changes);
    this.#settle(changes);
    this.#ready.openDag(ended!.run.dag.dagId);
    this.#ready.openPool(ended!.task.spec.pool);
    const { concurrency } = ended!.task.spec;
    if (concurrency !== undefined) this.#ready.openKey(concurrency.key);
  }

  /** One admission at a time, so that each can be judged by what waited at that moment. */
  admit(judge: (chosen: InstanceWork, waiting: ReadonlySet<InstanceWork>) => void): void {
    for (let more = true; more && this.room > 0; ) {
      const changes = this.#changes();
      const before = new Set(this.waiting);
      const allowed = new Set([...before].filter((one) => blockingGate(one, this.limits) === null));
      const onAdmit = (instance: InstanceWork) => {
        judge(instance, allowed);
        admitInstance(instance, () => this.#key++, changes);
        this.waiting.delete(instance);
        this.#active.push(instance);
        this.admitted.push(instance);
      };
      more = this.#ready.admit(this.limits, () => 1, onAdmit, 1) === 1;
      this.#settle(changes);
      if (!more && allowed.size > 0)
        throw new Error(`${name([...allowed][0]!)} may run and was left waiting`);
    }
  }

  #changes(): Changes {
    return new Changes(1);
  }

  #settle(changes: Changes): void {
    for (const [pool, delta] of changes.slots) this.#slots.set(pool, (this.#slots.get(pool) ?? 0) + delta);
    for (const [key, delta] of changes.keys) this.#keys.set(key, (this.#keys.get(key) ?? 0) + delta);
    for (const instance of changes.ready) {
      this.waiting.add(instance);
      this.#ready.add(instance);
    }
  }
}

const name = ({ run, task }: InstanceWork) => `${run.dag.dagId}.${run.runId}.${task.spec.taskId}`;

it('goes by weight, gives DAGs of one weight their turns, and leaves no slot empty that somebody could use', () => {
  const seed = testSeed('fair turns');
  for (let story = 0; story < STORIES; story++) {
    const random = new Random(seed + story);
    const world = new Installation(random);
    const judge = turns();
    const steps = 30 + random.int(60);
    for (let step = 0; step < steps; step++) {
      if (random.chance(0.3)) world.addRun();
      else world.end();
      world.admit(judge);
    }
    for (let left = 10_000; !world.isOver; left--) {
      if (left === 0) throw new Error(`story ${seed + story} never ends`);
      world.end();
      world.admit(judge);
    }
    expect([...world.waiting].map(name), `story ${seed + story}`).toEqual([]);
  }
});

// biome-ignore format: a table
it.each([
  // what a thousand DAGs wait for
  ['a pool of one slot',           { pool: 'api', poolSlots: 1 }],
  ['a concurrency key',            { concurrency: { key: 'x', limit: 1 } }],
] as const)('an end asks as few limits with 1,000 DAGs at %s as with 10', (_what, spec) => {
  expect(questionsPerEnd(1_000, spec)).toBe(questionsPerEnd(10, spec));
});

/** How often limits are asked for what one end lets in, when each of so many DAGs has a task that waits for the same. */
function questionsPerEnd(dags: number, spec: TaskSpec): number {
  const ready = new ReadyQueue();
  let key = 1;
  let used = 0;
  let questions = 0;
  const room = () => {
    questions += 1;
    return 1 - used;
  };
  const none = () => 9;
  const limits = { parallelismRoom: 9, maxActiveTasks: none, maxActiveTis: none, runLimit: none };
  const all: Limits =
    spec.pool === undefined
      ? { ...limits, poolRoom: none, keyRoom: room }
      : { ...limits, poolRoom: room, keyRoom: none };
  for (let i = 0; i < dags; i++) {
    const dag = newDagWork(buildDagGraph(serializedDag(`dag${i}`, { only: spec }), 'v1'), 8);
    const changes = new Changes(1);
    const interval = { start: new Date(0), end: new Date(0) };
    const names = { runId: 'r', runType: 'scheduled', slot: 0, logicalDate: 0 } as const;
    const run = createRun(
      dag,
      { ...names, dataInterval: interval, conf: {}, backfillKey: null, note: null },
      key++,
      'test',
      changes,
    );
    startRun(run, () => key++, changes);
    for (const instance of changes.ready) ready.add(instance);
  }
  const admit = () =>
    ready.admit(
      all,
      () => 1,
      () => (used += 1),
      16,
    );
  expect(admit()).toBe(1);
  questions = 0;
  used = 0;
  if (spec.pool !== undefined) ready.openPool(spec.pool);
  else ready.openKey('x');
  expect(admit()).toBe(1);
  return questions;
}

/**
 * Judges each admission: nobody of a higher weight could have gone; nobody of the same DAG and weight with an earlier date; and no DAG
 * goes twice while another of the same weight could go all that time.
 */
function turns() {
  /** By weight and DAG that could go all the time: who went meanwhile. */
  const overtaken = new Map<string, Set<DagWorkState>>();
  return (chosen: InstanceWork, allowed: ReadonlySet<InstanceWork>) => {
    const { weight } = chosen.task;
    const { dag } = chosen.run;
    const rivals = new Set<string>();
    for (const other of allowed) {
      if (other.task.weight > weight)
        throw new Error(`${name(chosen)} before ${name(other)}, which weighs more`);
      if (other.run.dag !== dag) rivals.add(`${other.task.weight}/${other.run.dag.dagId}`);
      else if (other.task.weight === weight && other.run.logicalDate < chosen.run.logicalDate)
        throw new Error(`${name(chosen)} before ${name(other)}, which is of an earlier date`);
    }
    for (const key of overtaken.keys()) if (!rivals.has(key)) overtaken.delete(key);
    for (const key of rivals) {
      const went = overtaken.get(key) ?? new Set();
      overtaken.set(key, went);
      if (!key.startsWith(`${weight}/`)) continue;
      if (went.has(dag))
        throw new Error(`${name(chosen)} is the second of its DAG while ${key} waited for its turn`);
      went.add(dag);
    }
  };
}

function randomDag(dagId: string, random: Random): DagWorkState {
  const specs: Record<string, TaskSpec> = {};
  for (let i = 0; i < 2 + random.int(5); i++) {
    specs[`t${i}`] = {
      upstream: Object.keys(specs).filter(() => random.chance(0.2)),
      priorityWeight: random.chance(0.8) ? 1 : 2,
      weightRule: 'absolute',
      groupId: random.chance(0.3) ? 'g' : null,
      ...random.pick(NEEDS),
      maxActiveTisPerDag: random.chance(0.2) ? 1 : null,
      ...(random.chance(0.2) ? { concurrency: { key: random.pick(['x', 'y']), limit: 1 } } : {}),
    };
  }
  const groups = [{ groupId: 'g', parentId: null, label: 'g', doc: null, maxActiveTasks: 1 }];
  return newDagWork(buildDagGraph(serializedDag(dagId, specs, { groups }), 'v1'), 8);
}
