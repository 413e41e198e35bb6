import { type AssetCondition, assetsIn } from '../../assets/index.ts';
import type { RunInfo, Timetable } from '../../timetables/index.ts';
import { admitInstance } from '../attempt/attempt-life.ts';
import { meantAmong } from '../attempt/external-runs.ts';
import {
  newRequestedRun,
  type ResolvedRunWait,
  requestedRun,
  runRequestStep,
} from '../attempt/run-request.ts';
import { answered, timeCame } from '../attempt/waiting.ts';
import type { DagGraph } from '../graph/dag-graph.ts';
import { Heap } from '../queue/heap.ts';
import { ReadyQueue } from '../queue/ready-queue.ts';
import { createRun, type NewRun, newAssetRun, roomForRuns, runIdOf, startRun } from '../run/create-run.ts';
import { type DueDeadline, deadlinesOf, passDeadline } from '../run/deadlines.ts';
import { dueTick } from '../run/due-tick.ts';
import type { AssetArrival } from '../schedule/asset-runs.ts';
import { nextTick, upcomingTicks } from '../schedule/next-tick.ts';
import { Changes } from '../work/changes.ts';
import { instancesOf } from '../work/map-scope.ts';
import { newDagWork } from '../work/new-dag-work.ts';
import { pastRun } from '../work/past.ts';
import type { DagWorkState, InstanceWork, RunWork } from '../work/work.ts';
import { playEnd } from './played-end.ts';
import { PlayedLimits, type SimulatedLimits, type SlotUse } from './played-limits.ts';
import { type Play, PlayedWaits } from './played-waits.ts';
import { type GivenUpWait, type SimulatedRun, simulatedRun } from './simulated-run.ts';

/** A DAG as it is simulated: its newest version, and how long its tasks take. */
export interface SimulatedDag {
  readonly graph: DagGraph;
  readonly timetable: Timetable;
  readonly durationMs: (taskId: string) => number;
}

export interface SimulationOptions {
  readonly dags: readonly SimulatedDag[];
  readonly limits: SimulatedLimits;
  /** First and last instant at which ticks count, in ms since 1970. What runs at the end runs to its end. */
  readonly start: number;
  readonly end: number;
}

/** What would happen. */
export interface Simulation {
  /** In the order of their starts. */
  readonly runs: readonly SimulatedRun[];
  /** Ticks that no run came of: too late, no room, or a newer tick came while they waited and the DAG does not catch up. */
  readonly passed: readonly {
    readonly dagId: string;
    readonly dueAt: number;
    readonly reason: 'delayed' | 'overlap' | 'superseded';
  }[];
  /** Slots of parallelism in use from each instant on, and those that were wanted besides. */
  readonly slots: readonly SlotUse[];
  /** Most slots in use at once, by pool. */
  readonly pools: ReadonlyMap<string, number>;
}

/**
 * Plays the schedules of DAGs between two instants: the rules of the scheduler, a heap for a clock, and tasks that take as long as they
 * are said to and succeed. A branch goes every way. Waits for times, for other DAGs that are played and for their assets end as they do in earnest;
 * what lies outside comes as late as the task usually takes. Pure: equal arguments give equal answers.
 */
export function simulate(options: SimulationOptions): Simulation {
  return new Simulator(options).run();
}

interface Due {
  readonly at: number;
  readonly tick?: Player;
  readonly end?: InstanceWork;
  /** A time of an instance that waits. */
  readonly wake?: InstanceWork;
  /** What an instance waited for, under this grant, has come from outside. */
  readonly answer?: { readonly instance: InstanceWork; readonly grantNumber: number };
  readonly deadline?: { readonly run: RunWork; readonly due: DueDeadline };
}

/** A DAG while it is played. */
interface Player {
  readonly simulated: SimulatedDag;
  readonly dag: DagWorkState;
  /** Assets that it is scheduled on; null: none. */
  readonly assets: AssetCondition | null;
  /** Runs that were asked for, or were late, while there was no room, oldest first. */
  readonly queued: RunWork[];
  /** Its runs that are over, if somebody may wait for them. */
  readonly over: RunWork[];
  last: RunWork | null;
}

class Simulator implements Play {
  readonly #options: SimulationOptions;
  readonly #heap = new Heap<Due>((a, b) => a.at - b.at);
  readonly #ready = new ReadyQueue();
  readonly #players = new Map<DagWorkState, Player>();
  readonly #byDagId = new Map<string, Player>();
  readonly #waits = new PlayedWaits(this);
  readonly #limits: PlayedLimits;
  /** DAGs that somebody waits for, and assets that somebody updates. */
  readonly #watched = new Set<string>();
  readonly #produced = new Set<string>();
  /** Due ticks that wait for room. */
  readonly #overdue = new Set<Player>();
  readonly #runs: SimulatedRun[] = [];
  readonly #dueAt = new Map<RunWork, number>();
  readonly #givenUp = new Map<RunWork, GivenUpWait[]>();
  readonly #scheduled = new Set<InstanceWork>();
  readonly #passed: { dagId: string; dueAt: number; reason: 'delayed' | 'overlap' | 'superseded' }[] = [];
  #key = 1;
  #now: number;
  #changes: Changes;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#now = options.start;
    this.#changes = new Changes(options.start);
    this.#limits = new PlayedLimits(options.limits, this.#changes);
  }

  run(): Simulation {
    for (const simulated of this.#options.dags) this.#addDag(simulated);
    for (let due = this.#heap.peek(); due !== undefined; due = this.#heap.peek()) this.#turn(due.at);
    return {
      runs: this.#runs.sort((a, b) => a.startDate - b.startDate),
      passed: this.#passed,
      slots: this.#limits.uses,
      pools: this.#limits.poolPeaks,
    };
  }

  #addDag(simulated: SimulatedDag): void {
    const { start } = this.#options;
    const dag = newDagWork(simulated.graph, Number.POSITIVE_INFINITY);
    dag.mark = start - 1;
    const assets = simulated.timetable.assets ?? null;
    const player: Player = { simulated, dag, assets, queued: [], over: [], last: null };
    this.#players.set(dag, player);
    this.#byDagId.set(dag.dagId, player);
    for (const { spec } of dag.graph.tasks) {
      if (spec.wait?.kind === 'external' || spec.wait?.kind === 'run') this.#watched.add(spec.wait.dagId);
      for (const asset of spec.outlets ?? []) this.#produced.add(asset);
    }
    this.#planTick(player);
  }

  /** Everything that falls on one instant is one turn, as the scheduler's turns are. */
  #turn(at: number): void {
    this.#now = at;
    const changes = new Changes(at);
    this.#changes = changes;
    this.#limits.begin(changes);
    const ticking = new Set<Player>();
    const deadlines: NonNullable<Due['deadline']>[] = [];
    for (let due = this.#heap.peek(); due !== undefined && due.at === at; due = this.#heap.peek()) {
      this.#heap.pop();
      if (due.end !== undefined) playEnd(due.end, changes);
      else if (due.tick !== undefined) ticking.add(due.tick);
      else if (due.wake !== undefined) this.#wake(due.wake);
      else if (due.answer !== undefined) this.#answer(due.answer);
      else if (due.deadline !== undefined) deadlines.push(due.deadline);
    }
    // What ends on the very instant of its deadline is in time.
    for (const { run, due } of deadlines) passDeadline(run, due, changes);
    for (const dag of changes.roomInDags) {
      const player = this.#players.get(dag);
      if (player !== undefined && this.#overdue.has(player)) ticking.add(player);
    }
    this.#startWaiting();
    for (const player of ticking) this.#tick(player);
    do {
      this.#admit();
      this.#passOn();
    } while (changes.ready.length > 0);
    this.#settle();
  }

  #tick(player: Player): void {
    const { simulated, dag } = player;
    const waited = this.#overdue.has(player);
    const underWay = { hasRoom: () => this.#room(player) > 0, queued: () => player.queued.length };
    this.#overdue.delete(player);
    for (;;) {
      const due = dueTick(simulated.timetable, dag, underWay, this.#now);
      if (due === null || due.info.runAfter.getTime() > this.#options.end) break;
      if (due.verdict === 'wait') {
        this.#overdue.add(player);
        if (due.lookAt !== null) this.#heap.push({ at: due.lookAt, tick: player });
        return;
      }
      if (waited && !dag.graph.dag.catchup) this.#supersede(player, due.info);
      dag.mark = due.info.logicalDate.getTime();
      if (due.verdict === 'run' || due.verdict === 'queue') this.#start(player, due.info);
      else this.#passed.push({ dagId: dag.dagId, dueAt: due.info.runAfter.getTime(), reason: due.verdict });
    }
    this.#planTick(player);
  }

  /** Ticks between the mark and the one that is taken. */
  #supersede({ simulated, dag }: Player, taken: RunInfo): void {
    const schedule = { ...dag.graph.dag, catchup: true };
    for (const info of upcomingTicks(simulated.timetable, schedule, dag, this.#now)) {
      if (info.logicalDate >= taken.logicalDate) return;
      this.#passed.push({ dagId: dag.dagId, dueAt: info.runAfter.getTime(), reason: 'superseded' });
    }
  }

  #planTick(player: Player): void {
    const { dag, simulated } = player;
    // Every tick of the simulated time counts: nothing was missed before it.
    const info = nextTick(simulated.timetable, dag.graph.dag, dag, this.#now);
    const at = info === null ? null : Math.max(this.#now, info.runAfter.getTime());
    if (at !== null && at <= this.#options.end) this.#heap.push({ at, tick: player });
  }

  #start(player: Player, info: RunInfo): void {
    const { dag } = player;
    const slot = info.logicalDate.getTime();
    const run = this.#create(player, {
      slot,
      logicalDate: slot,
      dataInterval: info.dataInterval,
      conf: dag.graph.dag.paramsDefaults,
      runId: runIdOf('scheduled', slot),
      runType: 'scheduled',
      backfillKey: null,
      note: null,
    });
    this.#dueAt.set(run, info.runAfter.getTime());
    if (player.last !== null && dag.graph.hasPastDependency) linkPast(run, player.last);
    player.last = run;
    this.#startOrQueue(player, run);
  }

  #create({ dag }: Player, spec: NewRun): RunWork {
    const run = createRun(dag, spec, this.#key++, 'simulation', this.#changes);
    this.#dueAt.set(run, this.#now);
    return run;
  }

  #begin(run: RunWork): void {
    startRun(run, () => this.#key++, this.#changes);
    for (const due of deadlinesOf(run, run.dag.graph.dag)) {
      this.#heap.push({ at: Math.max(this.#now, due.dueAt), deadline: { run, due } });
    }
  }

  #startOrQueue(player: Player, run: RunWork): void {
    if (this.#room(player) > 0) this.#begin(run);
    else player.queued.push(run);
  }

  /** How many more runs may start. Those that were asked for are in front of those of a schedule. */
  #room({ dag, queued }: Player): number {
    return roomForRuns(dag, null, this.#limits.read(dag.graph.dag.maxActiveRuns)) - queued.length;
  }

  /** Starts what waited for the room that there is now. */
  #startWaiting(): void {
    for (const dag of this.#changes.roomInDags) {
      const player = this.#players.get(dag)!;
      while (player.queued.length > 0 && this.#room(player) + player.queued.length > 0) {
        this.#begin(player.queued.shift()!);
        // Behind a run that waited for its deadline's sake, the next tick may be late by now.
        if (this.#overdue.has(player)) this.#heap.push({ at: this.#now, tick: player });
      }
      if (!dag.assetArrivals.isEmpty) this.#assetRuns(player);
    }
  }

  /** What this turn brought about goes to who waits for it, in this DAG or in others. */
  #passOn(): void {
    const changes = this.#changes;
    this.#waits.ended(changes);
    for (const { instance, asset, partition } of changes.assetEvents.splice(0)) {
      const { dataIntervalStart: start, dataIntervalEnd: end } = instance.run;
      const event = { eventId: this.#key++, asset, partition, at: this.#now, interval: { start, end } };
      this.#waits.assetUpdated(event, changes);
      for (const player of this.#players.values()) this.#receive(player, event);
    }
    this.#startWaiting();
    for (const instance of changes.waiting.splice(0)) {
      if (instance.nextAt !== null) this.#heap.push({ at: instance.nextAt, wake: instance });
    }
  }

  #receive(player: Player, event: AssetArrival): void {
    if (player.assets === null || !assetsIn(player.assets).includes(event.asset)) return;
    player.dag.assetArrivals.add(event);
    this.#assetRuns(player);
  }

  /** As far as there is room: what arrives while a DAG is busy becomes one run and not a queue of them. */
  #assetRuns(player: Player): void {
    const { dag } = player;
    dag.assetArrivals.adopt(player.assets);
    for (const made of dag.assetArrivals.runs()) {
      if (this.#room(player) <= 0) return;
      dag.assetArrivals.take(made.events);
      this.#begin(this.#create(player, newAssetRun(made, dag.graph.dag.paramsDefaults)));
    }
  }

  #wake(instance: InstanceWork): void {
    if (instance.nextAt === null || instance.nextAt > this.#now) return;
    const { run, task, reason } = instance;
    const limit = instance.attempt?.waiting?.deferral?.timeoutAt ?? Number.POSITIVE_INFINITY;
    timeCame(instance, this.#changes);
    if (limit > this.#now) return;
    const all = this.#givenUp.get(run) ?? [];
    this.#givenUp.set(run, [...all, { taskId: task.spec.taskId, reason: reason ?? '' }]);
  }

  #answer({ instance, grantNumber }: NonNullable<Due['answer']>): void {
    if (instance.state !== 'deferred' || instance.grantNumber !== grantNumber) return;
    answered(instance, null, this.#changes);
  }

  // --- what waits are told ------------------------------------------------------------------------------------------------------

  get start(): number {
    return this.#options.start;
  }

  runsOf(dagId: string): readonly RunWork[] | null {
    const player = this.#byDagId.get(dagId);
    return player === undefined ? null : [...player.over, ...player.dag.runs.values(), ...player.queued];
  }

  request(request: ResolvedRunWait): RunWork | null {
    const player = this.#byDagId.get(request.dagId)!;
    const existing = meantAmong(requestedRun(request), this.runsOf(request.dagId)!);
    const isOwn = existing?.runId === request.runId;
    const step = runRequestStep(request, existing?.state ?? null, isOwn);
    if (step === 'attach') return existing;
    if (step !== 'create') return null;
    const conf = { ...player.dag.graph.dag.paramsDefaults, ...request.conf };
    const run = this.#create(player, newRequestedRun(request, player.simulated.timetable, conf, this.#now));
    this.#startOrQueue(player, run);
    return run;
  }

  produces(asset: string): boolean {
    return this.#produced.has(asset);
  }

  outside(instance: InstanceWork): void {
    const { grantNumber } = instance;
    this.#heap.push({ at: this.#now + this.#durationMs(instance), answer: { instance, grantNumber } });
  }

  #durationMs({ run, task }: InstanceWork): number {
    return Math.max(1, this.#players.get(run.dag)!.simulated.durationMs(task.spec.taskId));
  }

  #admit(): void {
    const changes = this.#changes;
    for (const { run } of changes.instances) this.#ready.openDag(run.dag.dagId);
    for (const [pool, delta] of this.#limits.movedSlots()) if (delta < 0) this.#ready.openPool(pool);
    for (const [key, delta] of changes.keys) if (delta < 0) this.#ready.openKey(key);
    this.#takeReady();
    const onAdmit = (instance: InstanceWork) => {
      this.#scheduled.delete(instance);
      if (admitInstance(instance, () => this.#key++, changes) !== null) {
        this.#heap.push({ at: this.#now + this.#durationMs(instance), end: instance });
      } else if (instance.state === 'deferred') {
        this.#waits.begin(instance, changes);
      }
      this.#takeReady();
    };
    this.#ready.admit(this.#limits, () => this.#limits.parallelismRoom, onAdmit, Number.POSITIVE_INFINITY);
  }

  #takeReady(): void {
    for (const instance of this.#changes.ready.splice(0)) {
      this.#scheduled.add(instance);
      this.#ready.add(instance);
    }
  }

  /** Books what the turn did, and forgets runs that are over. */
  #settle(): void {
    const changes = this.#changes;
    this.#limits.book(this.#scheduled.size);
    for (const instance of changes.instances) instance.path = null;
    for (const run of changes.runs.keys())
      if (run.state === 'success' || run.state === 'failed') this.#record(run);
    // Room that this turn made may let another tick in at once.
    for (const dag of changes.roomInDags) {
      const player = this.#players.get(dag)!;
      if (this.#overdue.has(player)) this.#heap.push({ at: this.#now, tick: player });
    }
  }

  #record(run: RunWork): void {
    run.dag.runs.delete(run.key);
    if (this.#watched.has(run.dag.dagId)) this.#players.get(run.dag)!.over.push(run);
    const dueAt = this.#dueAt.get(run)!;
    const givenUp = this.#givenUp.get(run) ?? [];
    this.#dueAt.delete(run);
    this.#givenUp.delete(run);
    this.#runs.push(simulatedRun(run, dueAt, givenUp));
  }
}

function linkPast(run: RunWork, previous: RunWork): void {
  const instances = [...instancesOf(previous)].map(({ task, mapPath, state }) => {
    return { taskId: task.spec.taskId, mapPath, state };
  });
  run.past = pastRun(previous, previous.graph, instances);
  previous.followers.add(run);
}
