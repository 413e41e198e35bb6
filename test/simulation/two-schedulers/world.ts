import type { SerializedDag } from '@tsflow/core/serialization';
import { isRunFinished, type RunState } from '@tsflow/core/state';
import type { Store } from '@tsflow/core/store';
import type { Workload } from '@tsflow/scheduler/executors';
import { audit } from '../../support/auditor.ts';
import { recordDags } from '../../support/catalog.ts';
import { Random } from '../../support/random.ts';
import type { Breakage } from './breakage.ts';
import { describeDag, newVersion, randomInstallation, SCHEDULES_END_MS } from './installation.ts';
import { Ledger, nameOf } from './ledger.ts';
import { Machine, type Runner } from './machine.ts';
import { good, randomOutcome } from './outcomes.ts';
import { type Ask, randomAsk } from './people.ts';
import { TrueTime } from './process-clock.ts';
import { LEASE_MS, SchedulerProcess } from './scheduler-process.ts';
import { assertSlots } from './slot-oracle.ts';
import type { ProcessName, Step } from './steps.ts';
import type { FaultKind } from './turnstile.ts';
import { Verdict, Violation } from './violation.ts';

/** Most calls that the schedulers make before they come to rest: more is a busy loop. */
const MAX_CALLS_TO_REST = 20_000;
/** Most times that the schedulers are woken while a step passes. */
const MAX_WAKES = 3_000;
/** How long the calm may last before everything has to be over. */
const CALM_MS = 90_000;
/** Less than a heartbeat: nobody is taken for dead. */
const CALM_STEP_MS = 1_900;
/** More than any clock was ever ahead. */
const LEAP_MS = 3_700_000;
/** How often somebody looks after runs that wait for a past that failed. */
const HELP_EVERY_MS = 8_000;
/** After so long in the calm every active attempt has an owner: lease, sweep, and the turns between. */
const OWNED_AFTER_MS = LEASE_MS + 3_000;

const FAULTS: Readonly<Record<string, FaultKind>> = {
  'stands still': 'stands still',
  'is suspended': 'stands still',
  'is refused': 'refuses',
  'is not answered': 'not answered',
};

/**
 * Two real schedulers on one real database, with the machine, the people and the time around them. What happens is written down step by
 * step; everything that is left open in a step is decided by its salt.
 */
export class World {
  readonly story: string[] = [];
  readonly #store: Store;
  readonly #ledger: Ledger;
  readonly #machine: Machine;
  readonly #time = new TrueTime();
  readonly #breakage: Breakage;
  readonly #processes = new Map<ProcessName, SchedulerProcess>();
  readonly #dags = new Map<string, SerializedDag>();
  readonly #versions = new Map<string, SerializedDag>();
  readonly #wallAhead = new Map<ProcessName, number>();
  readonly #suspended = new Set<SchedulerProcess>();
  readonly #verdict = new Verdict();
  #words = 0;

  constructor(store: Store, breakage: Breakage) {
    this.#store = store;
    this.#breakage = breakage;
    this.#ledger = new Ledger((version) => this.#versions.get(version)!);
    this.#machine = new Machine(this.#verdict, this.#ledger, this.#time);
  }

  /** Writes the DAGs down and starts both schedulers. */
  async install(random: Random): Promise<void> {
    const dags = randomInstallation(random);
    await this.#record(...dags);
    await this.#setVariable('parallelism', 1 + random.int(6));
    await this.#store.pools.set({ name: 'small', slots: 2, actor: 'ann', at: this.#time.wall });
    for (const dag of dags) for (const line of describeDag(dag)) this.#tell(line);
    this.#start('A');
    this.#start('B');
    await this.#settle(random);
  }

  async play(step: Step): Promise<void> {
    const random = new Random(step.salt);
    const told = await this.#take(step, random);
    if (told !== null) this.#tell(told);
    // Now and then the next thing happens before the schedulers have dealt with this one.
    if (random.chance(0.7)) await this.#settle(random);
  }

  /** The storm is over: people set everything right, tasks succeed, and all has to come to its end without anybody's help. */
  async calm(salt: number): Promise<void> {
    const random = new Random(salt);
    this.#tell('--- calm');
    const survivors = await this.#endTheStorm(random);
    let begun = this.#time.ms;
    let hasLeapt = false;
    let helpAt = begun + HELP_EVERY_MS;
    for (let ended = 0; this.#time.ms - begun < CALM_MS; ) {
      // A clock that was behind left an hour of ticks to make up for.
      const now = this.#countEnded();
      if (now > ended && hasLeapt) begun = this.#time.ms - CALM_MS / 3 - 1;
      ended = now;
      for (const name of survivors) if (this.#processes.get(name)!.isDead) this.#start(name);
      await this.#workOff(random);
      if (this.#time.ms - begun > OWNED_AFTER_MS) this.#assertOwned();
      if (await this.#isOver()) break;
      // What was to wait until an instant of a clock that was an hour ahead waits for it.
      if (!hasLeapt && this.#time.ms - begun > CALM_MS / 3) {
        hasLeapt = true;
        begun += LEAP_MS;
        await this.#leap(LEAP_MS, random);
      }
      if (this.#time.ms >= helpAt) {
        helpAt = this.#time.ms + HELP_EVERY_MS;
        await this.#helpThePast(random);
      }
      await this.#leap(CALM_STEP_MS, random);
    }
    await this.#audit();
  }

  get steps(): number {
    return this.story.length;
  }

  // --- what happens ---------------------------------------------------------------------------------------------------------

  async #take(step: Step, random: Random): Promise<string | null> {
    switch (step.do) {
      case 'time passes':
        await this.#settle(random);
        await this.#pass(step.ms, random);
        return `${step.ms} ms pass`;
      case 'begin':
        return this.#withRunner(
          random,
          ({ state }) => state === 'granted',
          'begins',
          (runner) => this.#machine.begin(runner),
        );
      case 'end':
        return this.#end(random);
      case 'lose':
        return this.#withRunner(
          random,
          ({ state }) => state !== 'ended',
          'is killed by signal 9',
          (runner) => this.#machine.die(runner, 'killed by signal 9'),
        );
      case 'save':
        return this.#withRunner(random, isSaving, 'saves its state', (runner) =>
          runner.supervisor?.save(runner, { saved: random.int(9) }),
        );
      case 'ask': {
        const ask = randomAsk(random, [...this.#dags.keys()], this.#ledger, this.#time.wall);
        if (ask === null) return null;
        await this.#ask(ask);
        if (random.chance(0.6)) for (const process of this.#living()) process.scheduler.ping('intents');
        return `ann asks ${ask.dagId}: ${ask.intent.kind} ${JSON.stringify(ask.intent.payload)}`;
      }
      case 'limit':
        return this.#changeLimit(random);
      case 'post':
        return this.#post(random);
      case 'new version':
        return this.#deploy(random);
      default:
        return this.#befall(step, random);
    }
  }

  async #befall(step: Extract<Step, { process: unknown }>, random: Random): Promise<string | null> {
    switch (step.do) {
      case 'clock is set': {
        const names = step.process === null ? (['A', 'B'] as const) : [step.process];
        for (const name of names) this.#setClock(name, step.ahead);
        return `the wall clock of ${names.join(' and ')} is set ${step.ahead} ms ahead`;
      }
      case 'starts': {
        if (!(this.#processes.get(step.process)?.isDead ?? true)) return null;
        this.#start(step.process);
        return `${step.process} starts`;
      }
      case 'goes on': {
        const process = this.#processes.get(step.process);
        if (process === undefined || process.isDead || !process.isStandingStill) return null;
        this.#goOn(process);
        return `${step.process} goes on`;
      }
      default: {
        const process = this.#processes.get(step.process);
        if (process === undefined || process.isDead || process.isStandingStill) return null;
        const kind = FAULTS[step.do] ?? random.pick(['dies before', 'dies after'] as const);
        process.turnstile.fault = { afterCalls: step.afterCalls, kind };
        if (step.do === 'is suspended') this.#suspended.add(process);
        process.isDeathSeen = kind.startsWith('dies') && random.chance(0.4);
        return `${step.process} ${step.do}${kind.startsWith('dies') ? ` (${kind.slice(5)})` : ''} at its call ${step.afterCalls} from now`;
      }
    }
  }

  #withRunner(
    random: Random,
    isMeant: (runner: Runner) => boolean,
    what: string,
    act: (runner: Runner) => void,
  ): string | null {
    const meant = [...this.#machine.runners].filter(isMeant);
    if (meant.length === 0) return null;
    const runner = random.pick(meant);
    act(runner);
    return `${describe(runner.workload)} ${what}`;
  }

  #end(random: Random): string | null {
    const open = [...this.#machine.runners].filter(({ state }) => state !== 'ended');
    if (open.length === 0) return null;
    const runner = random.pick(open);
    const { workload } = runner;
    if (runner.ending !== null && random.chance(0.7)) {
      this.#machine.die(runner, 'ended');
      return `${describe(workload)} is gone, as was wanted`;
    }
    const outcome = randomOutcome(
      random,
      workload,
      this.#versions.get(workload.version)!,
      this.#time.wall,
      this.#laterThan(workload.dagId),
    );
    this.#machine.end(runner, outcome);
    return `${describe(workload)} ends: ${JSON.stringify(outcome)}`;
  }

  async #ask({ dagId, intent }: Ask): Promise<void> {
    await this.#store.intents.submit({
      dagId,
      kind: intent.kind,
      payload: JSON.stringify(intent.payload),
      actor: 'ann',
      requestedAt: this.#time.wall,
      idempotencyKey: null,
    });
  }

  async #changeLimit(random: Random): Promise<string> {
    if (random.chance(0.3)) {
      const slots = random.pick([0, 1, 2, 3, -1]);
      await this.#store.pools.set({ name: 'small', slots, actor: 'ann', at: this.#time.wall });
      return `pool small has ${slots} slots`;
    }
    const key = random.chance(0.7) ? 'parallelism' : `${random.pick([...this.#dags.keys()])}_runs`;
    const value = random.pick([0, 1, 2, 3, 16, 'abc']);
    await this.#setVariable(key, value);
    if (random.chance(0.5)) for (const process of this.#living()) process.scheduler.ping('variables');
    return `Variable ${key} is ${JSON.stringify(value)}`;
  }

  /** Past the doors that would refuse nonsense: as if somebody had written it with SQL. */
  async #setVariable(key: string, value: number | string): Promise<void> {
    if (key === 'parallelism') this.#ledger.newestParallelism = typeof value === 'number' ? value : null;
    await this.#store.variables.set({ key, value: JSON.stringify(value), actor: 'ann', at: this.#time.wall });
  }

  async #post(random: Random): Promise<string | null> {
    const known = [...this.#dags.values()].flatMap(({ assets = [] }) => assets.map(({ name }) => name));
    if (known.length === 0) return null;
    const asset = random.pick(known);
    const partition = random.chance(0.3) ? 'p' : null;
    await this.#store.assets.post({
      asset,
      extra: {},
      partition,
      actor: 'ann',
      at: this.#time.wall,
      idempotencyKey: null,
    });
    return `an event of asset ${asset} is posted`;
  }

  async #deploy(random: Random): Promise<string | null> {
    const dagId = random.pick([...this.#dags.keys()]);
    const changed = newVersion(random, this.#dags.get(dagId)!);
    if (changed === null) return null;
    await this.#record(changed.dag);
    if (random.chance(0.5)) for (const process of this.#living()) process.scheduler.ping('versions');
    return `a new version of ${dagId}: ${changed.what}`;
  }

  // --- processes and time ---------------------------------------------------------------------------------------------------

  #living(): SchedulerProcess[] {
    return [...this.#processes.values()].filter(({ isDead }) => !isDead);
  }

  #start(name: ProcessName): void {
    const process: SchedulerProcess = new SchedulerProcess(name, {
      store: this.#store,
      verdict: this.#verdict,
      ledger: this.#ledger,
      machine: this.#machine,
      time: this.#time,
      breakage: this.#breakage,
      nextWord: () => `w${++this.#words}`,
      complain: (who, message) => this.#complain(who, message),
    });
    process.clock.wallAhead = this.#wallAhead.get(name) ?? 0;
    process.turnstile.onStrike = (kind, call) => {
      this.#tell(`    ${name}: ${kind} ${call}`);
      if (kind === 'stands still') process.stoodStillAt = this.#time.ms;
      else if (kind.startsWith('dies')) process.exit();
    };
    this.#processes.set(name, process);
    process.start();
  }

  #goOn(process: SchedulerProcess): void {
    const stoodStill = this.#time.ms - (process.stoodStillAt ?? this.#time.ms);
    if (this.#suspended.delete(process)) process.clock.suspend(stoodStill);
    process.turnstile.isStandingStill = false;
    process.stoodStillAt = null;
  }

  #setClock(name: ProcessName, ahead: number): void {
    this.#wallAhead.set(name, ahead);
    const process = this.#processes.get(name);
    if (process !== undefined) process.clock.wallAhead = ahead;
  }

  /** Lets time pass; whoever does not stand still is woken when it wants to be. */
  async #pass(ms: number, random: Random): Promise<void> {
    const end = this.#time.ms + ms;
    for (let rounds = 0; ; rounds++) {
      if (rounds > MAX_WAKES)
        throw new Violation('I11', `the schedulers wake again and again within ${ms} ms`);
      const awake = this.#living().filter((process) => !process.isStandingStill);
      const next = Math.min(...awake.map(({ clock }) => clock.nextTimer));
      if (next > end) break;
      this.#time.ms = Math.max(this.#time.ms, next);
      for (const process of awake) process.clock.fire();
      await this.#settle(random);
    }
    this.#time.ms = end;
  }

  /** Lets the schedulers work, call by call and in an order by chance, until each waits for something. */
  async #settle(random: Random): Promise<void> {
    for (let calls = 0; ; calls++) {
      await this.#drain();
      const waiting = this.#living().filter(({ turnstile }) => turnstile.isWaiting);
      if (waiting.length === 0) return;
      if (calls > MAX_CALLS_TO_REST) throw new Violation('I11', 'the schedulers do not come to rest');
      const process = waiting.length === 1 ? waiting[0]! : random.pick(waiting);
      // Alone it needs nobody to let it pass.
      process.turnstile.isOpen = waiting.length === 1;
      process.turnstile.release();
      await this.#drain();
      process.turnstile.isOpen = false;
    }
  }

  /** Until nobody shows a sign of life, other than to wait at its turnstile or for its clock. */
  async #drain(): Promise<void> {
    for (let rounds = 0, before = -1; ; rounds++) {
      const now = this.#living().reduce((sum, { signsOfLife }) => sum + signsOfLife, 0);
      if (now === before) return;
      if (rounds > MAX_CALLS_TO_REST) throw new Violation('I11', 'a scheduler works on and on');
      before = now;
      await new Promise((resolve) => setImmediate(resolve));
      this.#throwViolation();
    }
  }

  /** Time passes unseen, as on a machine that slept: who wanted to be woken meanwhile is woken once, late. */
  async #leap(ms: number, random: Random): Promise<void> {
    this.#time.ms += ms;
    for (const process of this.#living()) process.clock.fire();
    await this.#settle(random);
  }

  #complain({ name }: SchedulerProcess, message: string): void {
    this.#tell(`    ${name} says: ${message}`);
    const isOrdered = message.includes('as the history wants it') || message.includes('the clock wrong');
    if (isOrdered) return;
    this.#verdict.first ??= new Violation('errors', message);
  }

  #throwViolation(): void {
    if (this.#verdict.first !== null) throw this.#verdict.first;
  }

  // --- the calm -------------------------------------------------------------------------------------------------------------

  async #endTheStorm(random: Random): Promise<readonly ProcessName[]> {
    for (const name of ['A', 'B'] as const) this.#setClock(name, 0);
    // One of the two may be dead for good: the other one has to do.
    const survivors = random.chance(0.7) ? (['A', 'B'] as const) : [random.pick(['A', 'B'] as const)];
    for (const name of ['A', 'B'] as const) {
      const process = this.#processes.get(name);
      if (process !== undefined) process.turnstile.fault = null;
      if (!(survivors as readonly ProcessName[]).includes(name)) process?.exit();
      else if (process === undefined || process.isDead) this.#start(name);
      else if (process.isStandingStill) this.#goOn(process);
    }
    await this.#setVariable('parallelism', 16);
    for (const dagId of this.#dags.keys()) await this.#setVariable(`${dagId}_runs`, 2);
    await this.#store.pools.set({ name: 'small', slots: 4, actor: 'ann', at: this.#time.wall });
    for (const dagId of this.#dags.keys()) {
      await this.#ask({ dagId, intent: { kind: 'pause', payload: { isPaused: false } } });
    }
    for (const [backfillKey, dagId] of this.#ledger.backfills)
      await this.#ask({
        dagId,
        intent: { kind: 'control_backfill', payload: { backfillKey, action: 'resume' } },
      });
    await this.#settle(random);
    return survivors;
  }

  /** Every task that is under way succeeds. */
  async #workOff(random: Random): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const open = [...this.#machine.runners].filter(({ state }) => state !== 'ended');
      for (const runner of open) {
        if (runner.ending !== null) this.#machine.die(runner, 'ended');
        else
          this.#machine.end(
            runner,
            good(random, runner.workload, this.#versions.get(runner.workload.version)!),
          );
      }
      await this.#settle(random);
      if (open.length === 0) return;
    }
  }

  /** Nobody lets a run wait for ever for a past that failed: its failed tasks are marked. */
  async #helpThePast(random: Random): Promise<void> {
    const isDependent = (version: string) =>
      this.#versions
        .get(version)!
        .tasks.some(({ dependsOnPast, waitForDownstream }) => dependsOnPast || waitForDownstream);
    for (const { key, dagId, runId, version, state } of this.#ledger.runs.values()) {
      const isKilledInQueue = state === 'failed' && this.#ledger.tasksOf(key).length === 0;
      if (isKilledInQueue) await this.#ask({ dagId, intent: { kind: 'clear', payload: { runId } } });
      const bad = this.#ledger
        .tasksOf(key)
        .filter(({ state }) => state === 'failed' || state === 'upstream_failed');
      if (bad.length === 0 || !isDependent(version)) continue;
      const taskIds = [...new Set(bad.map(({ taskId }) => taskId))];
      await this.#ask({
        dagId,
        intent: { kind: 'mark_tasks', payload: { runId, taskIds, state: 'success' } },
      });
    }
    await this.#settle(random);
  }

  async #isOver(): Promise<boolean> {
    if (this.#time.ms < SCHEDULES_END_MS + 4_000) return false;
    // One that nobody supervises any more waits out its orphan grace: what it did was done by another.
    if ([...this.#machine.runners].some(({ supervisor }) => supervisor !== null)) return false;
    for (const { state } of this.#ledger.runs.values()) if (!isRunFinished(state as RunState)) return false;
    const pending = await this.#store.intents.pending([...this.#dags.keys()], 1);
    return pending.length === 0 && this.#ledger.backfills.size === 0;
  }

  #countEnded(): number {
    return [...this.#ledger.runs.values()].filter(({ state }) => isRunFinished(state as RunState)).length;
  }

  #assertOwned(): void {
    for (const task of this.#ledger.tasks.values()) {
      if (task.state !== 'queued' && task.state !== 'running' && task.state !== 'restarting') continue;
      if (this.#machine.find(task.attemptId!, task.grantNumber) !== undefined) continue;
      // The holder takes it with its next look; if it never did, the run would never end (I15).
      if (this.#ledger.isReported(task.attemptId!, task.grantNumber)) continue;
      throw new Violation(
        'I4',
        `${nameOf(task)} is ${task.state}, and no runner has its attempt ${task.attemptId}.${task.grantNumber}`,
      );
    }
  }

  // --- the verdict ----------------------------------------------------------------------------------------------------------

  async #audit(): Promise<void> {
    const runs = await this.#store.db.selectFrom('dagRun').selectAll().execute();
    const tasks = await this.#store.db.selectFrom('taskInstance').selectAll().execute();
    const open = runs.filter(({ state }) => !isRunFinished(state as RunState));
    if (open.length > 0) {
      this.#tellStates(open.map(({ dagId }) => dagId));
      const left = tasks.filter(
        ({ runKey, state }) => open.some(({ key }) => key === runKey) && !isOver(state),
      );
      const names = left.map(
        (task) => `${nameOf(task)} ${task.state}${task.reason === null ? '' : ` (${task.reason})`}`,
      );
      // All room is free by now: what is still in line is never served.
      const isInLine =
        left.length > 0 && left.every(({ state }) => state === 'scheduled' || state === 'none');
      throw new Violation(
        isInLine && left.some(({ state }) => state === 'scheduled') ? 'I10' : 'I15',
        `${open.map(({ dagId, runId, state }) => `${runId} of ${dagId} is ${state}`).join(', ')}: ${names.join(', ')}`,
      );
    }
    if (!(await this.#isOver())) {
      const backfills = [...this.#ledger.backfills.keys()].join(', ');
      const asked = await this.#store.intents.pending([...this.#dags.keys()], 5);
      const runners = [...this.#machine.runners].map(
        ({ workload, state }) => `${describe(workload)} ${state}`,
      );
      throw new Violation(
        'I15',
        `left over: backfills ${backfills}; intents ${asked.map(({ kind }) => kind).join(', ')}; runners ${runners.join(', ')}`,
      );
    }
    this.#compare('run', runs, this.#ledger.runs);
    this.#compare('task instance', tasks, this.#ledger.tasks);
    const problems = await audit(this.#store);
    if (problems.length > 0) throw new Violation('rebuilt', problems.slice(0, 3).join('; '));
    for (const dag of this.#dags.values()) await assertSlots(this.#store, dag);
  }

  /** How it stands in some DAGs, for whoever reads the story. */
  #tellStates(dagIds: readonly string[]): void {
    for (const { key, dagId, runId, state } of this.#ledger.runs.values()) {
      if (!dagIds.includes(dagId)) continue;
      const tasks = this.#ledger
        .tasksOf(key)
        .map((task) => `${task.taskId}${task.mapPath === '' ? '' : ` [${task.mapPath}]`} ${task.state}`);
      this.#tell(`run ${key} of ${dagId}, ${runId}, is ${state}: ${tasks.join(', ')}`);
    }
  }

  /** Rows against books. */
  #compare<T extends { readonly key: number }>(
    what: string,
    rows: readonly T[],
    books: ReadonlyMap<number, T>,
  ): void {
    if (rows.length !== books.size)
      throw new Violation('I3', `${rows.length} rows of ${what}, ${books.size} were acknowledged`);
    for (const row of rows) {
      const book = books.get(row.key);
      for (const column of Object.keys(row) as (keyof T)[]) {
        if (book !== undefined && same(row[column], book[column])) continue;
        throw new Violation(
          'I3',
          `${what} ${row.key}: ${String(column)} is ${JSON.stringify(row[column])}, acknowledged was ${JSON.stringify(book?.[column])}`,
        );
      }
    }
  }

  // --- small things ---------------------------------------------------------------------------------------------------------

  async #record(...dags: SerializedDag[]): Promise<void> {
    const versions = await recordDags(this.#store, dags, this.#time.wall);
    dags.forEach((dag, i) => {
      this.#dags.set(dag.dagId, dag);
      this.#versions.set(versions[i]!, dag);
    });
  }

  #laterThan(dagId: string): string[] {
    return [...this.#dags.keys()].filter((other) => other > dagId);
  }

  #tell(line: string): void {
    this.story.push(`${String(this.#time.ms).padStart(6)} ${line}`);
  }
}

const isSaving = ({ state, workload, supervisor }: Runner): boolean =>
  state === 'working' && workload.kind === 'execute' && supervisor !== null;

const isOver = (state: string): boolean =>
  ['success', 'failed', 'skipped', 'upstream_failed', 'removed'].includes(state);

const same = (a: unknown, b: unknown): boolean => (a ?? null) === (b ?? null);

function describe({ kind, dagId, runId, taskId, mapPath, attemptId, grantNumber }: Workload): string {
  const name = `${attemptId}.${grantNumber} ${dagId}/${taskId}${mapPath === '' ? '' : ` [${mapPath}]`} of ${runId}`;
  return kind === 'execute' ? name : `${kind} of ${name}`;
}
