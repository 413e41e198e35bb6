import { dirname } from 'node:path';
import type { CallbackFacts, Notification } from '@tsflow/core';
import type { Clock } from '@tsflow/core/clock';
import { type AnyDag, type AnyOperator, makeTrigger, POKE_TRIGGER, type Poking } from '@tsflow/core/dag';
import { type SerializedError, serializeError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { findDag, findTask, type LoadedBundle } from '@tsflow/core/loader';
import type { AttemptLog, SecretMasker } from '@tsflow/core/logs';
import { type Params, parseParams } from '@tsflow/core/params';
import { instanceName } from '@tsflow/core/state';
import { renderFields, renderMapIndex } from '@tsflow/core/templating';
import type { TaskOutcome, Workload } from '../task-api/protocol.ts';
import { outletEvents } from './asset-port.ts';
import {
  AttemptCancelledError,
  ExecutionTimeoutError,
  successOutcome,
  thrownOutcome,
} from './attempt-outcome.ts';
import { callCallbacks, notificationOf } from './callbacks.ts';
import { AttemptContext, type AttemptPorts } from './task-context.ts';

/** What an attempt is given by the process it runs in. */
export interface AttemptHost {
  readonly ports: AttemptPorts;
  readonly log: AttemptLog;
  readonly masker: SecretMasker;
  /** Read when the task asks for it. */
  readonly scratchDir: string;
  /** Where the bundle of the workload's version is. */
  readonly bundlePath: string;
  /** Loads it, from memory when it was loaded before. */
  readonly load: () => Promise<LoadedBundle>;
  /** Between the abort signal of a time-out and giving up on the task's code. */
  readonly killGraceMs: number;
  readonly maxXComBytes?: number | undefined;
  /** Told how people call its map index, before its code begins. */
  readonly named?: ((renderedMapIndex: string) => void) | undefined;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** What the limit of the attempt's time is measured by. Default: the machine's clock. */
  readonly setTimer?: Clock['setTimer'] | undefined;
  /** How a task that sleeps passes time; rejects with the reason of the signal when that fires. Default: the machine's clock. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** What commands get in their environment besides. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface AttemptEnd {
  readonly outcome: TaskOutcome;
  readonly endedAtMs: number;
  readonly rendered: JsonObject | null;
  /** How people call its map index; absent: nobody named it, or it came not so far. */
  readonly renderedMapIndex?: string;
  /** False: the task's code did not come to its end and may go on; the process is not to be used again. */
  readonly settled: boolean;
}

/** One attempt from grant to outcome. Whatever the task does - return, throw, hang, exit - {@link run} ends with an outcome. */
export class Attempt {
  readonly workload: Workload;
  readonly #host: AttemptHost;
  /** Made when somebody asks for it: most attempts end without. */
  #abort: AbortController | null = null;
  readonly #interruption: Promise<never>;
  #interrupt: (error: Error) => void = () => undefined;
  #settled = false;
  #resumes = false;
  #rendered: JsonObject | null = null;
  #renderedMapIndex: string | null = null;
  #context: AttemptContext | null = null;

  constructor(workload: Workload, host: AttemptHost) {
    this.workload = workload;
    this.#host = host;
    this.#interruption = new Promise<never>((_, reject) => {
      this.#interrupt = reject;
    });
    this.#interruption.catch(() => undefined);
  }

  async run(): Promise<AttemptEnd> {
    // A trigger is quiet, so that only those with something to say have a log.
    if (this.workload.kind !== 'trigger')
      this.#host.log.write('info', 'system', describeStart(this.workload));
    const stopTimer = this.#startTimer();
    let outcome: TaskOutcome;
    try {
      this.#assertTimeIsLeft();
      const steps = this.#steps();
      // The code may go on after an interruption: what it throws then is nobody's.
      steps.catch(() => undefined);
      outcome = await Promise.race([steps, this.#interruption]);
    } catch (thrown) {
      const savedState = this.#context === null ? this.workload.savedState : this.#context.savedState;
      outcome = thrownOutcome(thrown, savedState, this.#resumes);
    } finally {
      stopTimer();
    }
    outcome = this.#masked(outcome);
    this.#logEnd(outcome);
    return {
      outcome,
      endedAtMs: this.#host.now(),
      rendered: this.#rendered,
      ...(this.#renderedMapIndex === null ? {} : { renderedMapIndex: this.#renderedMapIndex }),
      settled: this.#settled,
    };
  }

  /** Tells the task to stop: its signal fires. */
  cancel(reason: string): void {
    this.#controller.abort(new AttemptCancelledError(reason));
  }

  /** Ends the attempt as failed although its code did not return: it called `process.exit`, or threw where nobody catches. */
  fail(error: Error): void {
    this.#interrupt(error);
  }

  get #controller(): AbortController {
    this.#abort ??= new AbortController();
    return this.#abort;
  }

  /** One that waited beyond its time is not called again. */
  #assertTimeIsLeft(): void {
    const { executionTimeoutMs, timeLeftMs } = this.workload;
    if (executionTimeoutMs === null || timeLeftMs === null || timeLeftMs > 0) return;
    this.#settled = true;
    throw new ExecutionTimeoutError(executionTimeoutMs);
  }

  async #steps(): Promise<TaskOutcome> {
    try {
      const dag = findDag(await this.#host.load(), this.workload.dagId);
      const context = this.#createContext(dag);
      if (this.workload.callback !== undefined) {
        await callCallbacks(dag, this.workload, this.workload.callback, context);
        return { kind: 'success', xcoms: {} };
      }
      const operator = findTask(dag, this.workload.taskId);
      this.#resumes = operator.resume !== undefined;
      if (this.workload.kind === 'on_kill') {
        await operator.onKill?.(context);
        return { kind: 'success', xcoms: {} };
      }
      if (this.workload.kind === 'trigger') {
        const event = await this.#runTrigger(operator, context);
        return successOutcome(event, new Map(), null, [], this.#host.maxXComBytes);
      }
      const { event, calls } = this.workload;
      if (calls === 0) await this.#notifyStart(dag, operator, context);
      const values = await this.#render(operator, context);
      const value: unknown =
        event === undefined || operator.resume === undefined
          ? await operator.execute(context, values)
          : await operator.resume(context, event, values);
      this.#abort?.signal.throwIfAborted();
      const events = await outletEvents(operator, context, context.emitted);
      return successOutcome(value, context.pushed, operator.decides, events, this.#host.maxXComBytes);
    } catch (thrown) {
      // A task that stops because it was told to says so in many ways; the reason it was given is the true one.
      throw this.#abort?.signal.aborted ? this.#abort.signal.reason : thrown;
    } finally {
      this.#settled = true;
    }
  }

  #createContext(dag: AnyDag): AttemptContext {
    const { workload } = this;
    const host = this.#host;
    const { bundlePath, log, masker, ports, maxXComBytes } = host;
    this.#context = new AttemptContext({
      workload,
      params: this.#params(dag),
      schedule: dag,
      log,
      masker,
      ports,
      signal: () => this.#controller.signal,
      sleep: host.sleep ?? sleepOnClock,
      environment: host.environment ?? {},
      get scratchDir() {
        return host.scratchDir;
      },
      dagDirectory: dirname(bundlePath),
      maxXComBytes,
      outlets: dag.tasks.get(workload.taskId)?.settings.outlets.map(({ asset }) => asset.name) ?? [],
    });
    return this.#context;
  }

  /** A callback has to tell also of a conf that the schema refuses. */
  #params(dag: AnyDag): Params {
    const { callback, conf } = this.workload;
    return callback === undefined ? parseParams(dag.params, conf) : conf;
  }

  async #runTrigger(operator: AnyOperator, context: AttemptContext): Promise<unknown> {
    const { type, args } = this.workload.trigger!;
    if (type === POKE_TRIGGER) {
      const { values } = await renderFields(operator, context);
      return (operator as unknown as Poking).pokeUntilThere(context, values);
    }
    return makeTrigger(operator, type, args).run(context);
  }

  /** A callback that throws changes nothing: its line in the log is all. */
  async #notifyStart(dag: AnyDag, operator: AnyOperator, context: AttemptContext): Promise<void> {
    for (const callback of operator.settings.callbacks.onExecute ?? []) {
      try {
        await callback(startNotification(dag, this.workload, context));
      } catch (thrown) {
        this.#host.log.write(
          'error',
          'system',
          `A callback onExecute failed: ${describe(serializeError(thrown))}`,
        );
      }
    }
  }

  async #render(operator: AnyOperator, context: AttemptContext): Promise<Readonly<Record<string, unknown>>> {
    const { masker } = this.#host;
    const { values, rendered } = await renderFields(
      operator,
      context,
      (text) => masker.mask(text),
      context.elements,
    );
    this.#rendered = rendered;
    await this.#nameIndex(operator, context, values);
    return values;
  }

  /** A name is for people: one that cannot be made does not keep the task from its work. */
  async #nameIndex(
    operator: AnyOperator,
    context: AttemptContext,
    values: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { masker, log, named } = this.#host;
    const mask = (text: string) => masker.mask(text);
    try {
      const { mapPath } = this.workload;
      const name = await renderMapIndex(operator, context, mapPath, values, context.elements, mask);
      if (name === null) return;
      this.#renderedMapIndex = name;
      named?.(name);
    } catch (thrown) {
      log.write('warn', 'system', `The map index could not be named: ${describe(serializeError(thrown))}`);
    }
  }

  #startTimer(): () => void {
    const { executionTimeoutMs, timeLeftMs, kind } = this.workload;
    // A trigger ends when nobody waits for it any more, which the scheduler knows.
    if (executionTimeoutMs === null || timeLeftMs === null || kind === 'trigger') return () => undefined;
    const { setTimer = setLongTimeout } = this.#host;
    let timer = setTimer(timeLeftMs, () => {
      const error = new ExecutionTimeoutError(executionTimeoutMs);
      this.#host.log.write('error', 'system', error.message);
      this.#controller.abort(error);
      timer = setTimer(this.#host.killGraceMs, () => this.#interrupt(error));
    });
    return () => timer.cancel();
  }

  #masked(outcome: TaskOutcome): TaskOutcome {
    const { masker } = this.#host;
    if (outcome.kind === 'failed') return { ...outcome, error: masker.maskJson(outcome.error) };
    return outcome.kind === 'skipped' ? { ...outcome, reason: masker.mask(outcome.reason) } : outcome;
  }

  #logEnd(outcome: TaskOutcome): void {
    const { log } = this.#host;
    if (outcome.kind === 'failed') log.write('error', 'system', describe(outcome.error));
    else if (outcome.kind === 'skipped') log.write('info', 'system', `Skipped: ${outcome.reason}`);
    else if (outcome.kind === 'defer') {
      const { on } = outcome.deferral;
      log.write('info', 'system', `Deferred: waits for ${on.kind === 'trigger' ? on.type : on.kind}.`);
    } else if (outcome.kind === 'reschedule') {
      log.write('info', 'system', `Will be called again at ${new Date(outcome.atMs).toISOString()}.`);
    }
  }
}

/** Told before the task begins, by its own attempt. */
function startNotification(dag: AnyDag, workload: Workload, context: AttemptContext): Notification {
  const facts: CallbackFacts = {
    runId: workload.runId,
    runType: context.runType,
    taskId: workload.taskId,
    mapPath: workload.mapPath,
    renderedMapIndex: null,
    tryNumber: workload.tryNumber,
    maxTries: workload.maxTries,
    state: 'running',
    reason: null,
    error: null,
    logicalDate: context.logicalDate.getTime(),
    dataIntervalStart: context.dataInterval.start.getTime(),
    dataIntervalEnd: context.dataInterval.end.getTime(),
    startDate: null,
    endDate: null,
    conf: workload.conf,
    failedTasks: [],
    recovered: false,
    deadline: null,
    url: null,
  };
  const told = notificationOf(dag, workload, { event: 'onExecute', facts }, context);
  return { ...told, callbackId: `${workload.attemptId}-onExecute` };
}

function describeStart(workload: Workload): string {
  const { kind, callback, dagId, taskId, runId, mapPath, tryNumber, version } = workload;
  const what = callback?.event ?? (kind === 'on_kill' ? 'onKill' : `Try ${tryNumber}`);
  return `${what} of ${dagId}${taskId === '' ? '' : `.${instanceName(taskId, mapPath)}`} in ${runId}, version ${version.slice(0, 12)}.`;
}

/** An error for a reader of the log: its stack with the author's lines, and what caused it. */
function describe(error: SerializedError): string {
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\nCaused by: ${describe(error.cause)}`;
}

/** Node fires timers above 2^31-1 ms at once: longer ones are waited for in pieces. */
function setLongTimeout(ms: number, callback: () => void): { cancel(): void } {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const piece = Math.min(left, 2 ** 31 - 1);
    timer = setTimeout(() => (left > piece ? wait(left - piece) : callback()), piece);
  };
  wait(ms);
  return { cancel: () => clearTimeout(timer) };
}

async function sleepOnClock(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setLongTimeout(ms, () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
    const end = () => {
      timer.cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', end, { once: true });
  });
}
