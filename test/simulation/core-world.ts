import { applyClear, applyKill, applyMarkTasks } from '@tsflow/core/intents';
import type { Json } from '@tsflow/core/json';
import {
  admitInstance,
  attemptEnded,
  attemptLost,
  attemptStarted,
  buildDagGraph,
  Changes,
  createRun,
  type DagWorkState,
  holdsSlot,
  type InstanceWork,
  instancesOf,
  isLive,
  type Limits,
  type MapScope,
  moveRun,
  newDagWork,
  pastRun,
  pastVerdict,
  ReadyQueue,
  type RunWork,
  recount,
  ruleVerdict,
  sourceInstances,
  startInstances,
  startRun,
  type TaskOutcome,
  timeCame,
  waitsForDecision,
  waitsForIteration,
} from '@tsflow/core/rules';
import { isFinished, isRunFinished } from '@tsflow/core/state';
import type { Random } from '../support/random.ts';
import type { TaskSpec } from '../support/serialized-dag.ts';
import { randomDag } from './random-dag.ts';

const INFRA_RETRIES = 3;

/**
 * One DAG under the pure core, driven by chance: tasks succeed, fail, skip, ask to be called again or lose their runner; people clear,
 * mark and kill. After every event the invariants are checked against a count from scratch.
 */
export class CoreWorld {
  readonly history: string[] = [];
  readonly runs: RunWork[] = [];
  readonly #random: Random;
  readonly #dag: DagWorkState;
  readonly #ready = new ReadyQueue();
  readonly #limits: Limits;
  #parallelism: number;
  #used = 0;
  #now = 1_000_000;
  #key = 1;

  constructor(random: Random) {
    this.#random = random;
    this.#dag = randomWork(random);
    this.#parallelism = 1 + random.int(4);
    const maxActiveTasks = 1 + random.int(4);
    this.#limits = {
      parallelismRoom: 0,
      poolRoom: () => Number.POSITIVE_INFINITY,
      maxActiveTasks: () => maxActiveTasks,
      maxActiveTis: () => 1,
      runLimit: () => 2,
      keyRoom: () => Number.POSITIVE_INFINITY,
    };
  }

  addRun(): void {
    this.#turn('run', (changes) => {
      const slot = this.runs.length * 1_000;
      const interval = { start: new Date(slot), end: new Date(slot + 1_000) };
      const spec = {
        runId: `r${slot}`,
        runType: 'scheduled',
        slot,
        logicalDate: slot,
        dataInterval: interval,
      } as const;
      const run = createRun(
        this.#dag,
        { ...spec, conf: {}, backfillKey: null, note: null },
        this.#key++,
        'test',
        changes,
      );
      const previous = this.runs.at(-1);
      if (previous !== undefined) linkPast(run, previous);
      startRun(run, () => this.#key++, changes);
      this.runs.push(run);
    });
  }

  /** One event; false: nothing is left that could happen by itself. */
  step(): boolean {
    const instances = this.runs.flatMap((run) => [...instancesOf(run)]);
    const events = [
      ...instances
        .filter((one) => one.state === 'queued' || one.state === 'running')
        .map((one) => () => this.#end(one)),
      ...instances.filter((one) => one.state === 'restarting').map((one) => () => this.#gone(one)),
      ...instances.filter((one) => one.nextAt !== null).map((one) => () => this.#due(one)),
    ];
    if (events.length === 0) {
      this.#turn('admit', () => undefined);
      return this.runs.some((run) => [...instancesOf(run)].some((one) => one.state === 'queued'));
    }
    this.#random.pick(events)();
    return true;
  }

  /** Somebody clears, marks or kills. */
  person(): void {
    const run = this.#random.pick(this.runs);
    const chosen = this.#random.pick([...instancesOf(run)]);
    const task = chosen.task.spec.taskId;
    const one = this.#random.chance(0.5) && chosen.state !== 'removed' ? { mapPath: chosen.mapPath } : {};
    const downstream = this.#random.chance(0.5);
    const kind = this.#random.pick(['clear', 'mark', 'kill'] as const);
    this.#turn(`${kind} ${task} ${JSON.stringify(one)} of ${run.runId}`, (changes) => {
      if (kind === 'clear') {
        applyClear(
          run,
          { runId: run.runId, taskIds: [task], downstream, ...one },
          run.graph,
          () => this.#key++,
          'ann',
          changes,
        );
        if (run.state === 'queued') {
          moveRun(run, 'running', changes);
          recount(run);
          startInstances(run, changes);
        }
      } else if (kind === 'mark') {
        const state = this.#random.pick(['success', 'failed', 'skipped'] as const);
        applyMarkTasks(run, { runId: run.runId, taskIds: [task], state, ...one }, 'ann', changes);
      } else if (run.state === 'running') {
        applyKill(run, { runId: run.runId, taskIds: [task], ...one }, 'ann', changes);
      }
    });
  }

  check(): void {
    for (const run of this.runs) this.#checkRun(run);
    const holding = this.runs
      .flatMap((run) => [...instancesOf(run)])
      .filter(({ state }) => holdsSlot(state)).length;
    expectEqual('slots in use', this.#used, holding);
    expectEqual('active tasks of the DAG', this.#dag.activeTasks, holding);
  }

  #checkRun(run: RunWork): void {
    const counted = counts(run);
    const { unfinished, live } = { unfinished: run.unfinished.count, live: run.live.count };
    recount(run);
    expectEqual(`counts of ${run.runId}`, counted, counts(run));
    const instances = [...instancesOf(run)];
    expectEqual(
      `unfinished of ${run.runId}`,
      unfinished,
      instances.filter(({ state }) => !isFinished(state)).length,
    );
    expectEqual(`live of ${run.runId}`, live, instances.filter(({ state }) => isLive(state)).length);
    if (isRunFinished(run.state))
      expectEqual(`${run.runId} is ${run.state}, unfinished`, run.unfinished.count, 0);
    for (const instance of instances) this.#checkInstance(instance);
  }

  #checkInstance(instance: InstanceWork): void {
    const { state, tryNumber, maxTries, infraNumber, attempt, task, run } = instance;
    if (tryNumber > maxTries + 1)
      throw new Error(`${task.spec.taskId} made try ${tryNumber} of ${maxTries + 1}`);
    if (infraNumber > INFRA_RETRIES + 1) throw new Error(`${task.spec.taskId} was lost ${infraNumber} times`);
    if (
      (state === 'queued' || state === 'running') !== (attempt !== null) &&
      state !== 'restarting' &&
      state !== 'up_for_reschedule' &&
      state !== 'scheduled'
    ) {
      throw new Error(`${task.spec.taskId} is ${state} ${attempt === null ? 'without' : 'with'} an attempt`);
    }
    if (
      state === 'none' &&
      run.state === 'running' &&
      pastVerdict(instance).passed &&
      instance.groups.every(({ failed }) => failed === null) &&
      !waitsForList(instance) &&
      !waitsForIteration(instance) &&
      ruleVerdict(instance) !== 'wait' &&
      !(ruleVerdict(instance) === 'run' && waitsForDecision(instance))
    ) {
      throw new Error(`${task.spec.taskId} is none though its rule says ${ruleVerdict(instance)}`);
    }
  }

  #end(instance: InstanceWork): void {
    const { taskId, decides } = instance.task.spec;
    if (this.#random.chance(0.1)) {
      this.#turn(`lost ${taskId}`, (changes) => {
        attemptLost(instance, { reason: 'killed by signal 9', atMs: this.#now }, INFRA_RETRIES, changes);
      });
      return;
    }
    const outcome = this.#outcome(instance, decides);
    this.#turn(`${outcome.kind} ${taskId} of ${instance.run.runId}`, (changes) => {
      const start = { atMs: this.#now, runnerId: 'r', host: 'h', pid: 1, log: { segment: 's', start: 0 } };
      attemptStarted(instance, start, changes);
      attemptEnded(instance, { endedAtMs: this.#now, outcome, rendered: null, logEnd: 0 }, changes);
    });
  }

  #outcome(instance: InstanceWork, decides: TaskSpec['decides']): TaskOutcome {
    const luck = this.#random.next();
    if (luck < 0.15)
      return { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: this.#random.chance(0.8) };
    if (luck < 0.22) return { kind: 'skipped', reason: 'nothing new' };
    if (luck < 0.3) return { kind: 'reschedule', atMs: this.#now + 5, savedState: null };
    if (decides === 'short_circuit') {
      return {
        kind: 'success',
        xcoms: {},
        decision: { kind: 'short_circuit', proceed: this.#random.chance(0.5) },
      };
    }
    if (decides === 'until')
      return { kind: 'success', xcoms: {}, decision: { kind: 'until', isMet: this.#random.chance(0.4) } };
    if (decides == null) return { kind: 'success', xcoms: { return_value: this.#value() } };
    const below = instance.task.downstream.map((i) => instance.run.graph.tasks[i]!.spec.taskId);
    const chosen = below.filter(() => this.#random.chance(0.5));
    return { kind: 'success', xcoms: {}, decision: { kind: 'branch', chosen } };
  }

  /** What something may be mapped over, and sometimes not. */
  #value(): Json {
    if (this.#random.chance(0.05)) return this.#random.pick([null, 7, 'text']);
    const items = Array.from({ length: this.#random.int(4) }, (_, i) => i);
    return this.#random.chance(0.2) ? Object.fromEntries(items.map((i) => [`k${i}`, i])) : items;
  }

  #gone(instance: InstanceWork): void {
    this.#turn(`gone ${instance.task.spec.taskId}`, (changes) => {
      attemptLost(instance, { reason: 'cancelled', atMs: this.#now }, INFRA_RETRIES, changes);
    });
  }

  #due(instance: InstanceWork): void {
    this.#now = Math.max(this.#now, instance.nextAt!);
    this.#turn(`due ${instance.task.spec.taskId}`, (changes) => timeCame(instance, changes));
  }

  /** A turn: decide, then admit under the limits, as the scheduler's loop does. */
  #turn(name: string, decide: (changes: Changes) => void): void {
    this.history.push(name);
    this.#now += 1;
    const changes = new Changes(this.#now);
    decide(changes);
    this.#ready.openDag(this.#dag.dagId);
    for (const instance of changes.ready.splice(0)) this.#ready.add(instance);
    const room = () => this.#parallelism - this.#used - changes.parallelism;
    this.#ready.admit(
      this.#limits,
      room,
      (instance) => {
        admitInstance(instance, () => this.#key++, changes);
        for (const ready of changes.ready.splice(0)) this.#ready.add(ready);
      },
      1_000,
    );
    this.#used += changes.parallelism;
    for (const instance of changes.instances) instance.path = null;
    this.check();
  }
}

function randomWork(random: Random): DagWorkState {
  return newDagWork(buildDagGraph(randomDag(random, 'd', 10, {}, random.chance(0.5)), 'v1'), 8);
}

/** It may run by its rule, but a task that makes its list has not ended. */
function waitsForList(instance: InstanceWork): boolean {
  const level = instance.task.levels[instance.mapPath === '' ? 0 : instance.mapPath.split('.').length];
  if (level === undefined) return false;
  return level.sources.some((source) =>
    sourceInstances(instance.run, source, instance.mapPath).some(({ state }) => !isFinished(state)),
  );
}

/** Every counter of a run, as text. */
function counts(run: RunWork): string {
  const lines: string[] = [];
  const add = (name: string, { ends, setupEnds, unfinished }: MapScope) =>
    lines.push(`${name} ${Object.values(ends).join()} ${Object.values(setupEnds).join()} ${unfinished}`);
  for (const [name, group] of run.groups) {
    if ([...instancesOf(run)].some(({ groups }) => groups.includes(group)))
      lines.push(`${name} ${group.unfinished} ${group.live} ${group.isOver}`);
  }
  for (const { task, root, scopes } of run.tasks) {
    add(task.spec.taskId, root);
    if (scopes !== null) for (const [path, scope] of scopes) add(`${task.spec.taskId} [${path}]`, scope);
  }
  return lines.join('; ');
}

function linkPast(run: RunWork, previous: RunWork): void {
  const instances = [...instancesOf(previous)].map(({ task, mapPath, state }) => {
    return { taskId: task.spec.taskId, mapPath, state };
  });
  run.past = pastRun(previous, previous.graph, instances);
  previous.followers.add(run);
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}
