import { DAG, type DagOptions } from '@tsflow/core';
import { applyClear, applyKill, applyMarkTasks, applyRunTask } from '@tsflow/core/intents';
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
  explainReadiness,
  type InstanceWork,
  instanceAt,
  instancesOf,
  moveRun,
  nameOf,
  newDagWork,
  passDeadline,
  type ReadinessWorld,
  type RunWork,
  startInstances,
  startRun,
  type TaskOutcome,
  type TurnEvent,
  timeCame,
} from '@tsflow/core/rules';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';

/** One run under the pure core, whose tasks end when the test says so. `load [3]` names an instance. */
export class CoreRun {
  readonly dag: DagWorkState;
  readonly run: RunWork;
  readonly events: TurnEvent[] = [];
  #now = 1_000;
  #key = 1;

  constructor(serialized: SerializedDag, maxMapLength = 1_024) {
    this.dag = newDagWork(buildDagGraph(serialized, 'v1'), maxMapLength);
    const at = new Date(0);
    const spec = {
      runId: 'r',
      runType: 'manual',
      slot: null,
      logicalDate: 0,
      dataInterval: { start: at, end: at },
      conf: {},
      backfillKey: null,
      note: null,
    } as const;
    this.run = this.#turn((changes) => {
      const run = createRun(this.dag, spec, this.#nextKey(), 'test', changes);
      startRun(run, () => this.#nextKey(), changes);
      return run;
    });
  }

  /** A run of a DAG with this body. */
  static of(body: () => void, options: Partial<DagOptions> = {}): CoreRun {
    return new CoreRun(serializeDag(new DAG({ dagId: 'd', ...options }, body)));
  }

  /** States by name. */
  get states(): Record<string, string> {
    return Object.fromEntries([...instancesOf(this.run)].map((one) => [nameOf(one), one.state]));
  }

  /** What is not `none` any more, on one line: `g.a[0]:success g.b:scheduled`. */
  get line(): string {
    return Object.entries(this.states)
      .filter(([, state]) => state !== 'none')
      .map(([name, state]) => `${name.replace(' ', '')}:${state}`)
      .join(' ');
  }

  get reasons(): Record<string, string | null> {
    return Object.fromEntries([...instancesOf(this.run)].map((one) => [nameOf(one), one.reason]));
  }

  instance(name: string): InstanceWork {
    const [, taskId, mapPath = ''] = /^(\S+)(?: \[(.*)\])?$/.exec(name)!;
    const found = instanceAt(this.run, this.dag.graph.indexOf.get(taskId!)!, mapPath);
    if (found === undefined)
      throw new Error(`There is no ${name}, only ${Object.keys(this.states).join(', ')}.`);
    return found;
  }

  /** Why an instance does not run, where nothing outside of its run is in its way. */
  readiness(name: string): ReturnType<typeof explainReadiness> {
    return explainReadiness(this.instance(name), IDLE_WORLD);
  }

  /**
   * Ends instances one after the other: `g.a[0]` succeeds, `g.a!` fails, `g.a?` is skipped, `l.until[0]=y` finds that its loop is over and `=n` that
   * it is not; `~` lets the next waiting time come.
   */
  play(ends: string): void {
    for (const word of ends.split(' ').filter((one) => one !== '')) {
      const { said, how } = /^(?<said>.+?)(?<how>[!?]|=[yn])?$/.exec(word)!.groups!;
      const name = said!.replace('[', ' [');
      if (word === '~') this.pass();
      else if (how === '!') this.fail(name);
      else if (how === '?') this.skip(name);
      else if (how === undefined) this.end(name);
      else this.#decideUntil(name, how === '=y');
    }
  }

  #decideUntil(name: string, isMet: boolean): void {
    const decision = { kind: 'until', isMet } as const;
    this.finish(name, { kind: 'success', xcoms: { return_value: isMet }, decision });
  }

  /** Runs scheduled instances to their end: success with the value, or another outcome. */
  end(name: string, value?: Json): void {
    this.finish(name, { kind: 'success', xcoms: value === undefined ? {} : { return_value: value } });
  }

  fail(name: string): void {
    this.finish(name, { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false });
  }

  skip(name: string): void {
    this.finish(name, { kind: 'skipped', reason: 'nothing new' });
  }

  /** Ends an attempt that was begun, or begins one first. */
  finish(name: string, outcome: TaskOutcome): void {
    const instance = this.instance(name);
    if (instance.state !== 'running') this.begin(name);
    this.#turn((changes) =>
      attemptEnded(instance, { endedAtMs: this.#now, outcome, rendered: null, logEnd: 0 }, changes),
    );
  }

  /** A scheduled instance gets its slot and a runner. */
  begin(name: string): void {
    const instance = this.instance(name);
    if (instance.state !== 'scheduled') throw new Error(`${name} is ${instance.state}, not scheduled.`);
    this.#turn((changes) => {
      admitInstance(instance, () => this.#nextKey(), changes);
      const start = { atMs: this.#now, runnerId: 'r', host: 'h', pid: 1, log: { segment: 's', start: 0 } };
      attemptStarted(instance, start, changes);
    });
  }

  /** What is being ended is gone. */
  gone(name: string): void {
    const instance = this.instance(name);
    this.#turn((changes) => attemptLost(instance, { reason: 'cancelled', atMs: this.#now }, 3, changes));
  }

  /** The next time that something waits for comes. Returns how many milliseconds that took. */
  pass(): number {
    const waiting = [...instancesOf(this.run)].filter(({ nextAt }) => nextAt !== null);
    const next = waiting.reduce((a, b) => (a.nextAt! <= b.nextAt! ? a : b));
    const took = Math.max(0, next.nextAt! - this.#now);
    this.#now = Math.max(this.#now, next.nextAt!);
    this.#turn((changes) => timeCame(next, changes));
    return took;
  }

  /** Returns which instances it changed. */
  mark(
    taskIds: readonly string[],
    state: 'success' | 'failed' | 'skipped',
    path?: string,
  ): { taskId: string; mapPath: string }[] {
    const one = path === undefined ? {} : { mapPath: path };
    const payload = { runId: 'r', taskIds, state, ...one };
    return this.#turn((changes) => applyMarkTasks(this.run, payload, 'ann', changes)).map(
      ({ taskId, mapPath }) => ({ taskId, mapPath }),
    );
  }

  /** Somebody runs a task by hand, whatever stands before it. */
  runTask(taskId: string): void {
    this.#turn((changes) =>
      applyRunTask(this.run, { runId: 'r', taskId }, this.dag.graph, () => this.#nextKey(), 'ann', changes),
    );
  }

  kill(taskIds: readonly string[]): void {
    this.#turn((changes) => applyKill(this.run, { runId: 'r', taskIds }, 'ann', changes));
  }

  clear(
    choice: { taskIds?: readonly string[]; mapPath?: string; downstream?: boolean },
    newest = this.dag.graph,
  ): void {
    this.#turn((changes) => {
      applyClear(this.run, { runId: 'r', ...choice }, newest, () => this.#nextKey(), 'ann', changes);
      if (this.run.state === 'running') return;
      moveRun(this.run, 'running', changes);
      startInstances(this.run, changes);
    });
  }

  /** The instant of a deadline of the DAG comes. Returns what was told of it, in words; null: it is met, or nobody is told any more. */
  passDeadline(name: string): string | null {
    const deadline = this.dag.graph.dag.deadlines!.find((one) => one.name === name)!;
    return this.#turn((changes) => {
      passDeadline(this.run, { deadline, dueAt: changes.now }, changes);
      const [news] = changes.news;
      return news === undefined ? null : (news.facts.reason ?? '');
    });
  }

  #nextKey(): number {
    this.#key += 1;
    return this.#key;
  }

  #turn<T>(decide: (changes: Changes) => T): T {
    this.#now += 1;
    const changes = new Changes(this.#now);
    const result = decide(changes);
    this.events.push(...changes.events);
    for (const instance of changes.instances) instance.path = null;
    return result;
  }
}

const IDLE_WORLD: ReadinessWorld = {
  now: 1_000,
  schedulers: [{ id: 's', beatAgeMs: 0 }],
  leaseMs: 30_000,
  maxActiveRuns: 16,
  activeRuns: 1,
  maxActiveTasks: 16,
  parallelism: { limit: 16, used: 0 },
  pool: { name: 'default_pool', slots: 128, used: 0 },
  taskLimit: null,
  runLimits: [],
  concurrencyKey: null,
};
