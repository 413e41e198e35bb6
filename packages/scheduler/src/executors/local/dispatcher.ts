import { availableParallelism } from 'node:os';
import type { Clock } from '@tsflow/core/clock';
import type { Workload } from '../../task-api/protocol.ts';
import type { Assignment } from './assignment.ts';
import { AttemptDurations } from './attempt-durations.ts';
import type { RunnerPool } from './runner-pool.ts';
import type { RunnerProcess } from './runner-process.ts';

/**
 * Another process is started when all runners have been busy with one attempt for this long, or when one was waited for much longer.
 * Attempts of a millisecond are done sooner by the few that are hot than by many that are not: starting a process costs as much
 * as a thousand of them, and each compiles its code anew.
 */
const PATIENCE_MS = 50;
const IMPATIENCE_MS = 500;
/** The first attempt of a version in a runner also loads code. */
const COLD_PATIENCE_MS = 250;
/** How long code may load on every core before other processes are tried: the code of thousands of tasks takes some tenths of a second. */
const LOADING_PATIENCE_MS = 2_000;
/** Processes that start at the same time: each needs a core for a tenth of a second. */
const MAX_SPAWNING = Math.max(1, availableParallelism());
/** Grants that a runner may have behind the one that runs, all of them but the last expected to be short. */
const MAX_AHEAD = 8;
/** With as many runners busy as there are cores, a short attempt is better off behind one of them than in another process. */
const BUSY_ENOUGH = Math.max(1, availableParallelism());

/**
 * Which runner gets which attempt, and when another runner is worth starting. Attempts come in the order in which they were
 * admitted and leave it only when one asks for a process that nobody used.
 *
 * Short ones are granted ahead, behind the one that runs: that is where throughput comes from. A runner whose attempt turns out to be long
 * loses what is behind it, whether its event loop answers or not (see `Claims`): a wrong guess costs once or twice {@link PATIENCE_MS}.
 */
export class Dispatcher {
  readonly #pool: RunnerPool;
  readonly #clock: Clock;
  readonly #concurrency: () => number;
  /** Without a runner, in the order of their admission. */
  readonly #waiting: Assignment[] = [];
  /** Those that have an attempt. */
  readonly #busy = new Set<RunnerProcess>();
  readonly #durations = new AttemptDurations();
  readonly #placeAgain: (assignment: Assignment) => void;
  #lastOrder = 0;
  #patience: NodeJS.Timeout | null = null;
  #stopped = false;

  /** `placeAgain` gets what was taken back from a runner, in the order in which it was granted. */
  constructor(
    pool: RunnerPool,
    clock: Clock,
    concurrency: () => number,
    placeAgain: (assignment: Assignment) => void,
  ) {
    this.#placeAgain = placeAgain;
    this.#pool = pool;
    this.#clock = clock;
    this.#concurrency = concurrency;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#patience ?? undefined);
  }

  /** Gives it to a free runner, or lets it wait for one. */
  place(assignment: Assignment): void {
    const { isolation } = assignment.workload!;
    const runner = this.#runnerBefore(isolation) ?? this.#pool.take(isolation === 'process');
    if (assignment.order === 0) assignment.order = ++this.#lastOrder;
    if (runner !== null) return this.#grant(runner, assignment);
    assignment.since = this.#clock.monotonic();
    this.#waiting.splice(this.#placeOf(assignment), 0, assignment);
    this.lookSoon();
  }

  /** A runner is free, or has room behind short attempts: the one behind begins, waiting ones follow, or it is idle. */
  employ(runner: RunnerProcess): void {
    if (runner.assignment === null) {
      runner.assignment = runner.ahead.shift() ?? null;
      if (runner.assignment !== null) runner.assignment.since = this.#clock.monotonic();
    }
    if (runner.retiring || !runner.isConnected) return;
    while (runner.assignment === null || this.#mayTakeMore(runner)) {
      const isUnused = runner.used === 0;
      const next = this.#waiting.findIndex(({ workload }) => workload!.isolation === 'warm' || isUnused);
      if (next === -1) break;
      this.#grant(runner, this.#waiting.splice(next, 1)[0]!);
    }
    if (runner.assignment !== null) return;
    this.#busy.delete(runner);
    this.#pool.putBack(runner);
    // Only those that ask for an unused process are left, and used ones take the room.
    if (this.#waiting.length > 0) this.lookSoon();
  }

  /** A runner of an earlier scheduler is in the middle of this one. */
  occupy(runner: RunnerProcess, assignment: Assignment): void {
    runner.assignment = assignment;
    this.#busy.add(runner);
  }

  /** It has neither a runner nor a place among the waiting any more. */
  remove(assignment: Assignment): void {
    const { runner } = assignment;
    removeFrom(this.#waiting, assignment);
    if (runner === null) return;
    if (runner.assignment === assignment) runner.assignment = null;
    removeFrom(runner.ahead, assignment);
  }

  /** It did not begin where it was sent: as if it had never been granted there. */
  takeBack(assignment: Assignment): void {
    const { runner } = assignment;
    if (runner !== null) {
      removeFrom(runner.ahead, assignment);
      if (runner.assignment === assignment) runner.assignment = null;
    }
    assignment.runner = null;
    assignment.ticket = 0;
  }

  /**
   * Takes back what stands behind the first of a runner and has not begun; it goes elsewhere. Should the first not have begun either, the runner
   * declines that as soon as it looks.
   */
  revokeAhead(runner: RunnerProcess): void {
    if (runner.ahead.length === 0) return;
    const begun = runner.revoke();
    for (const assignment of runner.ahead.filter(({ ticket }) => ticket > begun))
      this.#placeAgain(assignment);
  }

  /** The process of a runner is gone. */
  forget(runner: RunnerProcess): void {
    this.#busy.delete(runner);
  }

  /** The runner has the code of a version: from here on it is the attempt that takes its time. */
  loaded(runner: RunnerProcess, bundle: string): void {
    runner.loaded.add(bundle);
    const { assignment } = runner;
    if (assignment?.workload?.bundle !== bundle) return;
    assignment.loadedCode = true;
    assignment.since = this.#clock.monotonic();
  }

  /** How long an attempt took, its code there: whether others may stand behind the next one of its task. */
  recordDuration({ workload, loadedCode, since }: Assignment, durationMs: number): void {
    if (workload === null) return;
    this.#durations.record(workload, loadedCode ? this.#clock.monotonic() - since : durationMs);
  }

  /** Looks in a moment whether those that wait are served. */
  lookSoon(): void {
    if (this.#patience !== null || this.#stopped) return;
    if (this.#waiting.length === 0 && !this.#anyAhead) return;
    this.#patience = setTimeout(
      // After a look at the sockets: a long turn of the scheduler must not make runners look busy.
      () => setImmediate(() => setImmediate(() => this.#look())),
      this.#anyAhead ? PATIENCE_MS : Math.max(this.#pool.respawnInMs, this.#pool.isEmpty ? 0 : PATIENCE_MS),
    );
  }

  get #anyAhead(): boolean {
    return [...this.#busy].some(({ ahead }) => ahead.length > 0);
  }

  #look(): void {
    this.#patience = null;
    if (this.#stopped) return;
    this.#revokeBlocked();
    if (this.#waiting.length > 0 && this.#pool.respawnInMs === 0) this.#spawnForWaiting();
    this.lookSoon();
  }

  /** Takes back what waits behind an attempt that turned out to be long. */
  #revokeBlocked(): void {
    const before = this.#clock.monotonic() - PATIENCE_MS;
    for (const runner of this.#busy) {
      const { ahead, assignment } = runner;
      if (ahead.length === 0 || assignment === null || assignment.since > before) continue;
      if (runner.hasCodeOf(assignment.workload)) this.#durations.record(assignment.workload!, PATIENCE_MS);
      this.revokeAhead(runner);
    }
  }

  /** Before those that were admitted later: what was taken back does not begin again at the end of the line. */
  #placeOf({ order }: Assignment): number {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.order > order) at -= 1;
    return at;
  }

  #spawnForWaiting(): void {
    const count = this.#missingRunners();
    // Used ones give their room to attempts that want a process of their own.
    for (
      let { room } = this.#pool;
      room < Math.min(count, this.#wantUnused) && this.#pool.idle.length > 0;
      room++
    ) {
      this.#pool.retire(this.#pool.idle[0]!);
    }
    this.#pool.spawn(Math.min(count, this.#pool.room));
  }

  /** How many more processes would help those that wait. */
  #missingRunners(): number {
    let missing = this.#wantUnused;
    if (missing < this.#waiting.length && !this.#codeIsComing) {
      const now = this.#clock.monotonic();
      const turnover = [...this.#busy].some(
        (runner) =>
          runner.assignment !== null &&
          now - runner.assignment.since <
            (runner.hasCodeOf(runner.assignment.workload) ? PATIENCE_MS : COLD_PATIENCE_MS),
      );
      if (!turnover) missing = this.#waiting.length;
      else if (now - this.#waiting[0]!.since > IMPATIENCE_MS) missing = Math.max(missing, 1);
    }
    return Math.max(0, Math.min(missing, MAX_SPAWNING) - this.#pool.spawning);
  }

  /** As many runners as there are cores load what the first of those that wait needs: another would load it too, and slow them down. */
  get #codeIsComing(): boolean {
    const { bundle } = this.#waiting[0]!.workload!;
    const after = this.#clock.monotonic() - LOADING_PATIENCE_MS;
    const loading = [...this.#busy].filter(
      (runner) =>
        runner.assignment?.workload?.bundle === bundle &&
        runner.assignment.since > after &&
        !runner.loaded.has(bundle),
    );
    return loading.length >= BUSY_ENOUGH;
  }

  get #wantUnused(): number {
    return this.#waiting.filter(({ workload }) => workload!.isolation === 'process').length;
  }

  /**
   * A busy runner behind whose short attempts this one waits less than for anything else. While the event loop of this process
   * writes a commit, runners go on with what they have: that is where throughput comes from.
   */
  #runnerBefore(isolation: Workload['isolation']): RunnerProcess | null {
    if (isolation === 'process' || this.#busy.size < Math.min(BUSY_ENOUGH, this.#concurrency())) return null;
    let best: RunnerProcess | null = null;
    for (const runner of this.#busy) {
      if (this.#mayTakeMore(runner) && (best === null || runner.ahead.length < best.ahead.length))
        best = runner;
    }
    return best;
  }

  /** Everything that it has is expected to be short, and what runs there has not turned out otherwise. */
  #mayTakeMore({ ahead, assignment, retiring, connection }: RunnerProcess): boolean {
    if (retiring || connection === null || assignment === null || ahead.length >= MAX_AHEAD) return false;
    if (assignment.since < this.#clock.monotonic() - PATIENCE_MS) return false;
    const last = ahead.at(-1) ?? assignment;
    return last.ending === null && this.#durations.isShort(last.workload);
  }

  #grant(runner: RunnerProcess, assignment: Assignment): void {
    assignment.runner = runner;
    assignment.since = this.#clock.monotonic();
    runner.used += 1;
    if (runner.assignment === null) {
      runner.assignment = assignment;
      this.#busy.add(runner);
    } else {
      runner.ahead.push(assignment);
      this.lookSoon();
    }
    assignment.ticket = runner.grant(assignment.workload!);
  }
}

function removeFrom<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at !== -1) list.splice(at, 1);
}
