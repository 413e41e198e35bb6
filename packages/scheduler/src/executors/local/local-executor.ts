import { type Clock, systemClock } from '@tsflow/core/clock';
import { formatDuration } from '@tsflow/core/duration';
import { errorMessage, type SerializedError } from '@tsflow/core/errors';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { RunnerPort } from '@tsflow/core/store';
import type { AboutAttempt, RunnerMessage, RunnerSettings, Workload } from '../../task-api/protocol.ts';
import type { TaskApiServer } from '../../task-api/server.ts';
import { Spool } from '../../task-api/spool.ts';
import type { AdoptableAttempt, Executor, ExecutorEvents, LostAttempt, TaskQuestion } from '../executor.ts';
import type { VersionFile } from '../version-directory.ts';
import { Admission } from './admission.ts';
import { lossOf } from './adoption.ts';
import { answerTo } from './answer-to.ts';
import { type Assignment, adoptedAssignment, newAssignment } from './assignment.ts';
import { Dispatcher } from './dispatcher.ts';
import { OutcomeHandover } from './outcome-handover.ts';
import { PreparedVersions } from './prepared-versions.ts';
import { killTree, type ProcessTree, terminateTree } from './process-tree.ts';
import { RunnerPool } from './runner-pool.ts';
import type { RunnerExit, RunnerPlace, RunnerProcess } from './runner-process.ts';
import { TriggerProcess } from './trigger-process.ts';

export interface LocalExecutorOptions {
  /** `TSFLOW_HOME`. */
  readonly home: string;
  readonly schedulerId: string;
  readonly events: ExecutorEvents;
  /** Started and stopped by its owner, before and after this executor. */
  readonly server: TaskApiServer;
  readonly runners: RunnerPort;
  /** The files of a version, from the database. */
  readonly versions: { files(bundle: string): Promise<readonly VersionFile[]> };
  /** The `node_modules` of the DAGs: see `nearestNodeModules`. */
  readonly nodeModules: string | null;
  /** Attempts at once until the first {@link Executor.setConcurrency}. Default 16. */
  readonly concurrency?: number;
  /** Runners that are kept ready although nothing runs. Default 2. */
  readonly warmRunners?: number;
  /** A runner beyond those ends after this long without work, in milliseconds. Default 60 s. */
  readonly idleRetireMs?: number;
  readonly settings?: RunnerSettings;
  /** What runners inherit, less tsflow's own variables. Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A grant that this many runners took to their grave is not given to another one. */
const MAX_REDELIVERIES = 3;
/** How long the runner's own time-out may be late before the attempt is ended from outside. */
const WATCHDOG_SLACK_MS = 5_000;
/** An outcome that no scheduler asked for in this time belongs to an attempt that was decided otherwise. */
const SPOOL_KEPT_MS = 7 * 86_400_000;

/**
 * Runs attempts in processes of this machine: warm ones, used again, the one that was busy last first, so that few stay hot. Who
 * runs next is decided before it comes here; p-limit alone caps how many run at once.
 *
 * It judges by the process and not by what the process says: synchronous code is not death, an exit is, and a process tree is gone
 * when nobody of it is left.
 */
export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions;
  readonly #events: ExecutorEvents;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #spool: Spool;
  readonly #admission: Admission;
  readonly #outcomes: OutcomeHandover;
  /** By attempt: at most one grant of it is here. */
  readonly #assignments = new Map<number, Assignment>();
  readonly #pool: RunnerPool;
  readonly #triggers: TriggerProcess;
  readonly #dispatcher: Dispatcher;
  readonly #versions: PreparedVersions;
  /** What is under way and has to end before {@link stop} does. */
  readonly #endings = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#spool = new Spool(options.home);
    this.#outcomes = new OutcomeHandover(this.#spool, (report) => this.#events.outcome(report));
    this.#admission = new Admission(options.concurrency ?? 16, (assignment) => this.#dispatch(assignment));
    const { home, nodeModules, versions } = options;
    this.#versions = new PreparedVersions({ home, nodeModules, files: (bundle) => versions.files(bundle) });
    this.#pool = this.#createPool();
    this.#triggers = this.#createTriggers();
    this.#dispatcher = new Dispatcher(
      this.#pool,
      this.#clock,
      () => this.#admission.places,
      (assignment) => this.#dispatchAgain(assignment),
    );
  }

  async start(): Promise<void> {
    this.#spool.removeOlderThan(this.#clock.now() - SPOOL_KEPT_MS);
    this.#options.server.onRunner = (hello, connection) =>
      this.#triggers.welcome(hello, connection) ?? this.#pool.welcome(hello, connection);
    this.#pool.start();
  }

  /** Ends idle runners. Busy ones go on by themselves: the next scheduler takes them over. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#dispatcher.stop();
    await this.#triggers.stop();
    await this.#pool.close();
    await Promise.allSettled(this.#endings);
    await this.#pool.dismiss();
    await Promise.allSettled(this.#endings);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  submit(workloads: readonly Workload[]): void {
    for (const workload of workloads) {
      if (workload.kind === 'trigger') this.#triggers.submit(workload);
      else this.#submit(workload);
    }
  }

  cancel(attemptId: number, grantNumber: number, reason: string, graceMs: number): void {
    const assignment = this.#assignments.get(attemptId);
    if (assignment === undefined || assignment.grantNumber !== grantNumber) {
      // Nothing of it is here: whoever waits for its end may go on.
      if (!this.#outcomes.isOpen({ attemptId, grantNumber }))
        this.#reportGone(attemptId, grantNumber, true, reason);
      return;
    }
    if (assignment.ending !== null) return;
    assignment.ending = { kind: 'cancelled', reason };
    this.#end(assignment, graceMs);
  }

  accept(attemptId: number, grantNumber: number): void {
    this.#outcomes.answer({ attemptId, grantNumber }, 'accepted');
  }

  fence(attemptId: number, grantNumber: number): void {
    if (this.#triggers.fence(attemptId, grantNumber)) return;
    const assignment = this.#assignments.get(attemptId);
    if (assignment?.grantNumber === grantNumber) {
      assignment.ending = { kind: 'fenced' };
      this.#end(assignment, 0);
    }
    this.#outcomes.answer({ attemptId, grantNumber }, 'fenced');
  }

  async adopt(attempts: readonly AdoptableAttempt[]): Promise<readonly LostAttempt[]> {
    const ended = await this.#pool.findPredecessors();
    const lost: LostAttempt[] = [];
    for (const attempt of attempts) {
      const loss = this.#takeOver(attempt, ended);
      if (loss === null) continue;
      await killTree({ attemptId: attempt.attemptId, groups: loss.sameBoot ? attempt.processGroups : [] });
      lost.push(loss.attempt);
    }
    return lost;
  }

  setConcurrency(limit: number): void {
    const whole = Math.max(0, Math.floor(limit));
    if (!Number.isFinite(whole)) return;
    this.#admission.setConcurrency(whole);
    this.#dispatcher.lookSoon();
  }

  preload(bundle: string, entry: string): void {
    void this.#versions.prepare(bundle).then(
      () => {
        if (this.#pool.idle.length === 0) this.#pool.spawn(Math.min(1, this.#pool.room));
        for (const runner of this.#pool.idle.slice(-2)) runner.send({ verb: 'preload', bundle, entry });
      },
      () => undefined,
    );
  }

  // --- from a workload to a runner ------------------------------------------------------------------------------------------

  #submit(workload: Workload): void {
    const before = this.#assignments.get(workload.attemptId);
    if (before !== undefined) {
      if (before.grantNumber >= workload.grantNumber) return;
      this.fence(before.attemptId, before.grantNumber);
    }
    const assignment = newAssignment(workload);
    this.#assignments.set(workload.attemptId, assignment);
    this.#admission.submit(assignment, () => this.#assignments.get(assignment.attemptId) !== assignment);
  }

  /** To a runner, once the files of its version are here. */
  #dispatch(assignment: Assignment): void {
    const { bundle } = assignment.workload!;
    if (!this.#versions.has(bundle)) {
      void this.#versions.prepare(bundle).then(
        () => this.#dispatch(assignment),
        (error: unknown) => this.#onUnprepared(assignment, error),
      );
    } else if (assignment.ending === null && this.#assignments.get(assignment.attemptId) === assignment) {
      this.#dispatcher.place(assignment);
    }
  }

  #onUnprepared(assignment: Assignment, error: unknown): void {
    if (this.#assignments.get(assignment.attemptId) !== assignment || assignment.ending !== null) return;
    const reason = `the files of its version could not be written: ${errorMessage(error)}`;
    this.#logger.error('A version could not be prepared.', { error: errorMessage(error) });
    this.#close(assignment);
    this.#reportGone(assignment.attemptId, assignment.grantNumber, false, reason);
  }

  // --- what runners say -----------------------------------------------------------------------------------------------------

  get #place(): RunnerPlace {
    const { home, server, environment } = this.#options;
    return { home, socketPath: server.socketPath, environment: environment ?? process.env };
  }

  #createTriggers(): TriggerProcess {
    const { schedulerId, runners } = this.#options;
    return new TriggerProcess({
      schedulerId,
      runners,
      place: this.#place,
      versions: this.#versions,
      events: this.#events,
      logger: this.#logger,
      clock: this.#clock,
    });
  }

  #createPool(): RunnerPool {
    const { schedulerId, runners, warmRunners, idleRetireMs } = this.#options;
    return new RunnerPool({
      schedulerId,
      place: this.#place,
      runners,
      concurrency: () => this.#admission.places,
      warmRunners: warmRunners ?? 2,
      idleRetireMs: idleRetireMs ?? 60_000,
      logger: this.#logger,
      clock: this.#clock,
      events: {
        ready: (runner) => this.#dispatcher.employ(runner),
        notStarted: () => this.#dispatcher.lookSoon(),
        message: (runner, message) => this.#onMessage(runner, message),
        busyWith: (runner, attempt) => this.#expect(runner, attempt),
        disconnected: (runner) => this.#dispatcher.revokeAhead(runner),
        exited: (runner, exit) => this.#onExit(runner, exit),
      },
    });
  }

  /** A runner is in the middle of an attempt that this executor may not know: then it is one of an earlier scheduler. */
  #expect(runner: RunnerProcess, { attemptId, grantNumber }: AboutAttempt): void {
    const known = this.#assignments.get(attemptId);
    if (known !== undefined && known.grantNumber >= grantNumber) {
      const isIt = known.grantNumber === grantNumber && (known.runner === null || known.runner === runner);
      if (!isIt) runner.send({ verb: 'fenced', attemptId, grantNumber });
      return;
    }
    const assignment = adoptedAssignment(attemptId, grantNumber, runner);
    this.#dispatcher.occupy(runner, assignment);
    this.#assignments.set(attemptId, assignment);
  }

  #onMessage(runner: RunnerProcess, message: Exclude<RunnerMessage, { verb: 'hello' }>): void {
    switch (message.verb) {
      case 'started':
        this.#onStarted(runner, message);
        return;
      case 'outcome':
        this.#onOutcome(runner, message);
        return;
      case 'group':
        this.#onGroup(runner, message);
        return;
      case 'named':
        this.#onNamed(runner, message);
        return;
      case 'declined':
        this.#onDeclined(runner, message);
        return;
      case 'loaded':
        this.#dispatcher.loaded(runner, message.bundle);
        return;
      case 'retiring':
        runner.retiring = true;
        this.#logger.debug('A runner retires.', { runnerId: runner.runnerId, reason: message.reason });
        return;
      default:
        void this.#ask(runner, message);
    }
  }

  #onStarted(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'started' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    if (assignment === null) return;
    const again = assignment.started && assignment.startedAtMs !== null;
    assignment.started = true;
    assignment.startedAtMs = message.atMs;
    assignment.log = message.log;
    if (again) return;
    const { attemptId, grantNumber, atMs, log } = message;
    const { runnerId, host, pid } = runner.identity;
    if (assignment.ending !== null) this.#end(assignment, assignment.graceMs);
    this.#startWatchdog(assignment);
    this.#events.started({ attemptId, grantNumber, atMs, runnerId, host, pid, log });
  }

  #onNamed(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'named' }>): void {
    if (this.#assignmentOf(runner, message) === null) return;
    const { attemptId, grantNumber, renderedMapIndex } = message;
    this.#events.named({ attemptId, grantNumber, renderedMapIndex });
  }

  #onOutcome(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'outcome' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    if (assignment !== null) {
      this.#close(assignment);
      this.#dispatcher.recordDuration(assignment, message.endedAtMs - message.startedAtMs);
      // It was signalled, or belongs to an earlier scheduler: it is not to run another attempt.
      if (assignment.ending !== null || runner.retiring) this.#pool.retire(runner);
    }
    this.#outcomes.fromRunner(runner, message);
    if (assignment !== null) this.#dispatcher.employ(runner);
  }

  /** It did not begin there: it is as if it had never been granted to that runner. */
  #onDeclined(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'declined' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    // Not the one that was granted there again since.
    if (assignment?.ticket !== message.ticket) return;
    this.#dispatchAgain(assignment);
    if (runner.assignment === null) this.#dispatcher.employ(runner);
  }

  /** It did not begin where it was sent. */
  #dispatchAgain(assignment: Assignment): void {
    this.#dispatcher.takeBack(assignment);
    if (assignment.ending === null) this.#dispatch(assignment);
    else this.#endUnbegun(assignment);
  }

  #onGroup(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'group' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    if (assignment === null) return;
    assignment.groups.add(message.processGroup);
    // Registered while the attempt is being ended: it gets what the other groups got.
    if (assignment.ending !== null)
      terminateTree({ attemptId: message.attemptId, groups: [message.processGroup] });
    this.#events.group(message.attemptId, message.grantNumber, message.processGroup);
  }

  async #ask(runner: RunnerProcess, question: TaskQuestion): Promise<void> {
    runner.send(await answerTo(question, (asked) => this.#events.ask(asked)));
  }

  #assignmentOf(runner: RunnerProcess, about: AboutAttempt): Assignment | null {
    const isIt = (one: Assignment | null): boolean =>
      one?.attemptId === about.attemptId && one.grantNumber === about.grantNumber;
    // Of a replaced grant, too, which runs there until it is ended.
    return isIt(runner.assignment) ? runner.assignment : (runner.ahead.find(isIt) ?? null);
  }

  // --- the end of attempts and runners --------------------------------------------------------------------------------------

  /** Ends the process tree of an attempt; what follows is told by {@link #onExit}, or at once when it has no process. */
  #end(assignment: Assignment, graceMs: number): void {
    const { runner, attemptId, grantNumber, ending } = assignment;
    assignment.graceMs = graceMs;
    if (runner === null) return this.#endUnbegun(assignment);
    if (runner.ahead.includes(assignment) && !assignment.started) {
      // Its process works for another attempt. Should it have just begun, its start is the moment to end it.
      this.#dispatcher.revokeAhead(runner);
      return;
    }
    runner.retiring = true;
    if (ending?.kind === 'cancelled') {
      runner.send({ verb: 'cancel', attemptId, grantNumber, reason: ending.reason, graceMs });
    } else if (ending?.kind === 'fenced') {
      runner.send({ verb: 'fenced', attemptId, grantNumber });
    }
    this.#dispatcher.revokeAhead(runner);
    if (graceMs > 0) terminateTree(treeOf(assignment));
    const timer = setTimeout(() => this.#track(killTree(treeOf(assignment))), graceMs);
    void runner.exited.then(() => clearTimeout(timer));
  }

  #endUnbegun(assignment: Assignment): void {
    this.#close(assignment);
    this.#tellEnd(assignment, 'it had not begun');
  }

  /** The attempt has no place here any more. */
  #close(assignment: Assignment): void {
    clearTimeout(assignment.watchdog ?? undefined);
    if (this.#assignments.get(assignment.attemptId) === assignment)
      this.#assignments.delete(assignment.attemptId);
    this.#dispatcher.remove(assignment);
    this.#admission.close(assignment);
  }

  /** Ends an attempt whose code keeps its runner from minding the time. */
  #startWatchdog(assignment: Assignment): void {
    const timeoutMs = assignment.workload?.executionTimeoutMs ?? null;
    const timeLeftMs = assignment.workload?.timeLeftMs ?? null;
    if (timeoutMs === null || timeLeftMs === null) return;
    const killGraceMs = this.#options.settings?.killGraceMs ?? 10_000;
    const delayMs = timeLeftMs + killGraceMs + WATCHDOG_SLACK_MS;
    if (delayMs > 2 ** 31 - 1) return;
    assignment.watchdog = setTimeout(() => {
      if (assignment.ending !== null) return;
      assignment.ending = { kind: 'timed_out', timeoutMs };
      this.#end(assignment, 0);
    }, delayMs).unref();
  }

  async #onExit(runner: RunnerProcess, exit: RunnerExit): Promise<void> {
    this.#dispatcher.forget(runner);
    this.#outcomes.forget(runner);
    const begun = runner.revoke();
    const lost = [runner.assignment, ...runner.ahead.filter(({ ticket }) => ticket <= begun)];
    for (const unbegun of runner.ahead.filter(({ ticket }) => ticket > begun)) this.#dispatchAgain(unbegun);
    for (const assignment of lost) if (assignment !== null) await this.#onLost(runner, assignment, exit);
    this.#dispatcher.lookSoon();
  }

  async #onLost(runner: RunnerProcess, assignment: Assignment, exit: RunnerExit): Promise<void> {
    const { ending, attemptId, groups } = assignment;
    await killTree({ attemptId, groups: [runner.identity.pid, ...groups] });
    if (this.#closeBySpool(assignment)) return;
    if (
      !assignment.started &&
      ending === null &&
      assignment.redeliveries < MAX_REDELIVERIES &&
      !this.#stopped
    ) {
      assignment.redeliveries += 1;
      this.#dispatchAgain(assignment);
      return;
    }
    this.#close(assignment);
    this.#tellEnd(assignment, exit.lastWords === '' ? exit.reason : `${exit.reason} (${exit.lastWords})`);
  }

  /** Its outcome, if its runner left it on disk before it went. */
  #closeBySpool(assignment: Assignment): boolean {
    const isThere = this.#outcomes.fromSpool(assignment);
    if (isThere) this.#close(assignment);
    return isThere;
  }

  #tellEnd(assignment: Assignment, reason: string): void {
    const { attemptId, grantNumber, ending, runner } = assignment;
    if (ending?.kind === 'fenced') return;
    if (ending?.kind !== 'timed_out' || runner === null) {
      const cancelled = ending?.kind === 'cancelled';
      this.#reportGone(attemptId, grantNumber, cancelled, cancelled ? ending.reason : reason);
      return;
    }
    const { runnerId, host, pid } = runner.identity;
    const endedAtMs = this.#clock.now();
    this.#events.outcome({
      attemptId,
      grantNumber,
      startedAtMs: assignment.startedAtMs ?? endedAtMs,
      endedAtMs,
      outcome: { kind: 'failed', error: timeoutError(ending.timeoutMs), retryable: true },
      log: assignment.log ?? { segment: '', start: 0, end: null },
      rendered: null,
      runnerId,
      host,
      pid,
    });
  }

  #reportGone(attemptId: number, grantNumber: number, cancelled: boolean, reason: string): void {
    // Never within the call that caused it: the caller is in the middle of a turn.
    queueMicrotask(() =>
      this.#events.gone({ attemptId, grantNumber, cancelled, reason, atMs: this.#clock.now() }),
    );
  }

  // --- after a restart ------------------------------------------------------------------------------------------------------

  /** Null: it lives, or its outcome was found. */
  #takeOver(
    attempt: AdoptableAttempt,
    gone: ReadonlyMap<string, { readonly sameBoot: boolean }>,
  ): ReturnType<typeof lossOf> | null {
    const { attemptId, grantNumber, processGroups } = attempt;
    const assignment = this.#assignments.get(attemptId);
    if (assignment?.grantNumber === grantNumber) {
      for (const group of processGroups) assignment.groups.add(group);
      return null;
    }
    if (this.#outcomes.fromSpool({ attemptId, grantNumber })) return null;
    return lossOf(attempt, gone);
  }

  #track(ending: Promise<unknown>): void {
    const tracked: Promise<unknown> = ending
      .catch((error: unknown) =>
        this.#logger.error('Ending an attempt failed.', { error: errorMessage(error) }),
      )
      .finally(() => this.#endings.delete(tracked));
    this.#endings.add(tracked);
  }
}

/** What there is of an attempt. Its runner is not part of it any more when its outcome was read: that runs the next one. */
function treeOf(assignment: Assignment): ProcessTree {
  const { attemptId, groups, runner } = assignment;
  const isThere = runner !== null && runner.assignment === assignment;
  return { attemptId, groups: isThere ? [runner.identity.pid, ...groups] : [...groups] };
}

function timeoutError(timeoutMs: number): SerializedError {
  return {
    name: 'ExecutionTimeoutError',
    code: 'execution_timeout',
    message: `The task ran longer than its executionTimeout of ${formatDuration(timeoutMs)} and did not stop, so its process was ended.`,
  };
}
