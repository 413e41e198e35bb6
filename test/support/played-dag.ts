import {
  applyClear,
  applyKill,
  applyMarkRun,
  applyMarkTasks,
  applyPrioritize,
  applyRunTask,
  type ClearPayload,
} from '@tsflow/core/intents';
import {
  type AttemptStart,
  admitInstance,
  attemptEnded,
  attemptLost,
  attemptStarted,
  buildDagGraph,
  Changes,
  createRun,
  type DagGraph,
  type DagWorkState,
  type InstanceWork,
  instancesOf,
  type Limits,
  newDagWork,
  pastRun,
  ReadyQueue,
  type RunWork,
  resumeRun,
  startRun,
  type TaskDecision,
  type TaskOutcome,
  timeCame,
  timeOutRun,
} from '@tsflow/core/rules';
import type { SerializedDag } from '@tsflow/core/serialization';
import { TRIGGER_RULES, type TriggerRule } from '@tsflow/core/state';
import { serializedDag, type TaskSpec } from './serialized-dag.ts';

/**
 * How an attempt ends: `success`, `failed`, `skipped`, `fails for good`, `lost` (its runner), `chooses a b` (a branch), `stops` (a
 * short-circuit on something falsy), `waits 10` (asks to be called again in so many ms), `defers 10` (to a trigger that never fires, for
 * so many ms).
 */
export type End = string;

/**
 * A DAG written as text and played by the pure core: the harness of parity tables.
 *
 *     a, b -> c all_done; c -> t teardown
 *
 * Items of neighbouring stages are joined each with each. Behind the name of a task: a trigger rule, `setup`, `teardown`, `decides`
 * (a teardown that decides about the run), `branch`, `short_circuit`, `respects` (a short-circuit that respects trigger rules),
 * `empty`, `past`, `waits` (for downstream), `retries=2`, `delay=1000`, `backoff=2`, `weight=5`, `upstream`, `absolute`.
 *
 * Everything that decides is core/rules and core/intents. What is admitted waits until the table says how it ends.
 */
export class PlayedDag {
  readonly runs: PlayedRun[] = [];
  /** Ids in the order in which they got their slots. */
  readonly admitted: string[] = [];
  now = 1_000_000;
  /** How often what was lost starts again. */
  infraRetries = 3;
  readonly #dag: DagWorkState;
  readonly #ready = new ReadyQueue();
  readonly #parallelism: number;
  #used = 0;
  #key = 1;
  #version = 1;

  constructor(text: string, dag: Partial<SerializedDag> = {}, parallelism = Number.POSITIVE_INFINITY) {
    this.#dag = newDagWork(graphOf(text, dag, this.#version), 1_024);
    this.#parallelism = parallelism;
  }

  /** Starts a run of the next slot; it sees the one before as its past. */
  run(): PlayedRun {
    return this.turn((changes) => {
      const slot = this.runs.length * 1_000;
      const dataInterval = { start: new Date(slot - 1_000), end: new Date(slot) };
      const spec = {
        runId: `r${this.runs.length}`,
        runType: 'scheduled',
        slot,
        logicalDate: slot,
        dataInterval,
      } as const;
      const work = createRun(
        this.#dag,
        { ...spec, conf: {}, backfillKey: null, note: null },
        this.#key++,
        'test',
        changes,
      );
      const previous = this.runs.at(-1)?.work;
      if (previous !== undefined) linkPast(work, previous);
      startRun(work, this.nextKey, changes);
      const run = new PlayedRun(this, work);
      this.runs.push(run);
      return run;
    });
  }

  /** The DAG gets another version, for runs to come and for clears. */
  adopt(text: string): void {
    this.#version += 1;
    this.#dag.graph = graphOf(text, {}, this.#version);
  }

  get newest(): DagGraph {
    return this.#dag.graph;
  }

  readonly nextKey = (): number => this.#key++;

  /** Decides, then admits what may run, as a turn of the scheduler does. */
  turn<T>(decide: (changes: Changes) => T): T {
    this.now += 1;
    const changes = new Changes(this.now);
    const result = decide(changes);
    this.#ready.openDag(this.#dag.dagId);
    for (const instance of changes.ready.splice(0)) this.#ready.add(instance);
    const room = () => this.#parallelism - this.#used - changes.parallelism;
    const onAdmit = (instance: InstanceWork) => {
      this.admitted.push(instance.task.spec.taskId);
      admitInstance(instance, this.nextKey, changes);
      for (const ready of changes.ready.splice(0)) this.#ready.add(ready);
    };
    this.#ready.admit(UNLIMITED, room, onAdmit, 1_000);
    this.#used += changes.parallelism;
    for (const instance of changes.instances) instance.path = null;
    // Whoever is to be ended is gone at once.
    for (const { instance } of changes.cancels)
      this.turn((later) =>
        attemptLost(instance, { reason: 'cancelled', atMs: this.now }, this.infraRetries, later),
      );
    return result;
  }
}

/** One run of a {@link PlayedDag}. */
export class PlayedRun {
  readonly work: RunWork;
  readonly #dag: PlayedDag;

  constructor(dag: PlayedDag, work: RunWork) {
    this.#dag = dag;
    this.work = work;
  }

  get state(): string {
    return this.work.state;
  }

  get states(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...instancesOf(this.work)].map(({ task, state }) => [task.spec.taskId, state]),
    );
  }

  instance(taskId: string): InstanceWork {
    const found = [...instancesOf(this.work)].find(({ task }) => task.spec.taskId === taskId);
    if (found === undefined) throw new Error(`The table names ${taskId}, which the DAG does not have.`);
    return found;
  }

  /** `a:success b:failed`: these attempts end, in this order. */
  ends(text: string): this {
    for (const [taskId, end] of pairs(text)) this.end(taskId, end);
    return this;
  }

  /** Ends the attempt that a task has now. */
  end(taskId: string, end: End): void {
    const instance = this.instance(taskId);
    if (instance.attempt === null)
      throw new Error(`${taskId} is ${instance.state}: it has no attempt to end as ${end}.`);
    this.#dag.turn((changes) => {
      if (end === 'lost')
        return attemptLost(
          instance,
          { reason: 'killed by signal 9', atMs: this.#dag.now },
          this.#dag.infraRetries,
          changes,
        );
      attemptStarted(instance, startedBy(this.#dag.now), changes);
      const outcome = outcomeOf(end, this.#dag.now);
      attemptEnded(instance, { endedAtMs: this.#dag.now, outcome, rendered: null, logEnd: 0 }, changes);
    });
  }

  /** Plays until nothing moves any more: attempts end as the table says (a list: try by try), all others succeed; delays pass. */
  play(text = ''): this {
    const ends = new Map<string, End[]>();
    for (const [taskId, end] of pairs(text)) ends.set(taskId, [...(ends.get(taskId) ?? []), end]);
    for (let steps = 0; steps < 10_000; steps++) {
      const active = [...instancesOf(this.work)].find(
        ({ state, attempt }) => attempt !== null && (state === 'queued' || state === 'running'),
      );
      if (active !== undefined) {
        const { taskId } = active.task.spec;
        const left = ends.get(taskId) ?? [];
        this.end(taskId, left.shift() ?? 'success');
        continue;
      }
      const waiting = [...instancesOf(this.work)].filter(({ nextAt }) => nextAt !== null);
      if (waiting.length === 0) return this;
      const next = waiting.reduce((a, b) => (a.nextAt! <= b.nextAt! ? a : b));
      this.#dag.now = Math.max(this.#dag.now, next.nextAt!);
      this.#dag.turn((changes) => timeCame(next, changes));
    }
    throw new Error('The run moves for ever.');
  }

  /** The time has come that a task waits for. */
  wake(taskId: string): this {
    const instance = this.instance(taskId);
    this.#dag.now = Math.max(this.#dag.now, instance.nextAt!);
    this.#dag.turn((changes) => timeCame(instance, changes));
    return this;
  }

  /** Clears, and starts the run again at once when it had ended. */
  clear(payload: Omit<ClearPayload, 'runId'> = {}): this {
    this.clearAndQueue(payload);
    return this.work.state === 'queued' ? this.start() : this;
  }

  /** Clears: a run that had ended stays queued, as it does when its DAG has no room. */
  clearAndQueue(payload: Omit<ClearPayload, 'runId'> = {}): this {
    const { work } = this;
    this.#dag.turn((changes) => {
      applyClear(
        work,
        { runId: work.runId, ...payload },
        this.#dag.newest,
        this.#dag.nextKey,
        'ann',
        changes,
      );
    });
    return this;
  }

  /** Runs one task alone, and starts the run again at once when it had ended. */
  runTask(taskId: string): this {
    this.runTaskAndQueue(taskId);
    return this.work.state === 'queued' ? this.start() : this;
  }

  /** Runs one task alone: a run that had ended stays queued, as it does when its DAG has no room. */
  runTaskAndQueue(taskId: string): this {
    const { work } = this;
    const payload = { runId: work.runId, taskId };
    this.#dag.turn((changes) => {
      applyRunTask(work, payload, this.#dag.newest, this.#dag.nextKey, 'ann', changes);
    });
    return this;
  }

  /** A queued run that was cleared has room. */
  start(): this {
    this.#dag.turn((changes) => resumeRun(this.work, changes));
    return this;
  }

  /** A runner began the attempt of a task. */
  begin(taskId: string): this {
    const instance = this.instance(taskId);
    this.#dag.turn((changes) => attemptStarted(instance, startedBy(this.#dag.now), changes));
    return this;
  }

  /** The run reached its `dagRunTimeout`. */
  timeOut(): this {
    this.#dag.turn((changes) => timeOutRun(this.work, changes));
    return this;
  }

  mark(taskIds: readonly string[], state: 'success' | 'failed' | 'skipped'): this {
    this.#dag.turn((changes) =>
      applyMarkTasks(this.work, { runId: this.work.runId, taskIds, state }, 'ann', changes),
    );
    return this;
  }

  markRun(state: 'success' | 'failed'): this {
    this.#dag.turn((changes) => applyMarkRun(this.work, { runId: this.work.runId, state }, 'ann', changes));
    return this;
  }

  prioritize(taskIds: readonly string[], priorityWeight: number | null): this {
    const payload = { runId: this.work.runId, taskIds, priorityWeight };
    this.#dag.turn((changes) => applyPrioritize(this.work, payload, changes));
    return this;
  }

  kill(taskIds?: readonly string[]): this {
    const payload = taskIds === undefined ? {} : { taskIds };
    this.#dag.turn((changes) => applyKill(this.work, { runId: this.work.runId, ...payload }, 'ann', changes));
    return this;
  }
}

const startedBy = (atMs: number): AttemptStart => {
  return { atMs, runnerId: 'r', host: 'h', pid: 1, log: { segment: 's', start: 0 } };
};

const UNLIMITED: Limits = {
  parallelismRoom: 0,
  poolRoom: () => Number.POSITIVE_INFINITY,
  maxActiveTasks: () => Number.POSITIVE_INFINITY,
  maxActiveTis: () => Number.POSITIVE_INFINITY,
  runLimit: () => Number.POSITIVE_INFINITY,
  keyRoom: () => Number.POSITIVE_INFINITY,
};

/** `a:success b:chooses c d` -> pairs; an end goes on to the next `name:`. */
function pairs(text: string): [string, End][] {
  return [...text.matchAll(/([\w.]+):([^:]*?)(?=\s+[\w.]+:|$)/g)].map(([, taskId, end]) => [
    taskId!,
    end!.trim(),
  ]);
}

function outcomeOf(end: End, now: number): TaskOutcome {
  const [word, ...rest] = end.split(/\s+/);
  const success = (decision?: TaskDecision): TaskOutcome =>
    decision === undefined ? { kind: 'success', xcoms: {} } : { kind: 'success', xcoms: {}, decision };
  switch (word) {
    case 'success':
      return success();
    case 'goes':
      return success({ kind: 'short_circuit', proceed: true });
    case 'stops':
      return success({ kind: 'short_circuit', proceed: false });
    case 'chooses':
      return success({ kind: 'branch', chosen: rest });
    case 'failed':
      return { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true };
    case 'fails':
      return { kind: 'failed', error: { name: 'Error', message: 'never' }, retryable: false };
    case 'skipped':
      return { kind: 'skipped', reason: 'nothing new' };
    case 'defers': {
      const on = { kind: 'trigger', type: 'Never', args: {} } as const;
      const deferral = { on, timeoutAt: now + Number(rest[0]), onTimeout: 'fail', after: 'end' } as const;
      return { kind: 'defer', deferral, savedState: null };
    }
    case 'waits':
      return { kind: 'reschedule', atMs: now + Number(rest[0]), savedState: null };
    default:
      throw new Error(`The table says "${end}", which is no end of an attempt.`);
  }
}

const graphOf = (text: string, dag: Partial<SerializedDag>, version: number): DagGraph =>
  buildDagGraph(serializedDag('played', parseTasks(text), dag), `v${version}`);

/** The tasks of a DAG written as text. */
export function parseTasks(text: string): Record<string, TaskSpec> {
  const specs: Record<string, TaskSpec> = {};
  const upstream = new Map<string, Set<string>>();
  for (const chain of text.split(';')) {
    const stages = chain.split('->').map((stage) => stage.split(',').map((item) => parseItem(item.trim())));
    stages.forEach((stage, i) => {
      for (const [taskId, spec] of stage) {
        specs[taskId] = { ...specs[taskId], ...spec };
        const above = upstream.get(taskId) ?? new Set();
        for (const [id] of stages[i - 1] ?? []) above.add(id);
        upstream.set(taskId, above);
      }
    });
  }
  // In topological order, as serialized DAGs are.
  const sorted: Record<string, TaskSpec> = {};
  const open = Object.keys(specs);
  while (open.length > 0) {
    const next = open.findIndex((id) => [...upstream.get(id)!].every((above) => above in sorted));
    if (next < 0) throw new Error(`The table's DAG has a cycle: ${text}`);
    const [id] = open.splice(next, 1);
    sorted[id!] = { ...specs[id!], upstream: [...upstream.get(id!)!] };
  }
  return sorted;
}

function parseItem(item: string): [string, TaskSpec] {
  const [taskId, ...words] = item.split(/\s+/);
  return [taskId!, Object.assign({}, ...words.map(specOf)) as TaskSpec];
}

function specOf(word: string): TaskSpec {
  const [name, value] = word.split('=');
  if (TRIGGER_RULES.includes(word as TriggerRule)) return { triggerRule: word as TriggerRule };
  switch (name) {
    case 'setup':
      return { isSetup: true };
    case 'teardown':
      return { isTeardown: true, triggerRule: 'all_done_setup_success' };
    case 'decides':
      return { onFailureFailDagRun: true };
    case 'branch':
      return { decides: 'branch' };
    case 'short_circuit':
      return { decides: 'short_circuit' };
    case 'respects':
      return { ignoreDownstreamTriggerRules: false };
    case 'empty':
      return { nothingToDo: true };
    case 'past':
      return { dependsOnPast: true };
    case 'waits':
      return { dependsOnPast: true, waitForDownstream: true };
    case 'upstream':
    case 'absolute':
      return { weightRule: name };
    case 'retries':
      return { retries: Number(value) };
    case 'delay':
      return { retryDelayMs: Number(value) };
    case 'backoff':
      return { retryBackoff: Number(value) };
    case 'weight':
      return { priorityWeight: Number(value) };
    default:
      throw new Error(`The table says "${word}", which is no property of a task.`);
  }
}

function linkPast(run: RunWork, previous: RunWork): void {
  const instances = [...instancesOf(previous)].map(({ task, mapPath, state }) => {
    return { taskId: task.spec.taskId, mapPath, state };
  });
  run.past = pastRun(previous, previous.graph, instances);
  previous.followers.add(run);
}
