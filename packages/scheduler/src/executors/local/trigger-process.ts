import { randomBytes } from 'node:crypto';
import type { Clock } from '@tsflow/core/clock';
import { errorMessage } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import type { RunnerPort } from '@tsflow/core/store';
import { type RunnerMessage, TRIGGERS_PREFIX, type Workload } from '../../task-api/protocol.ts';
import type { RunnerConnection, RunnerListener } from '../../task-api/server.ts';
import type { ExecutorEvents } from '../executor.ts';
import { answerTo } from './answer-to.ts';
import type { PreparedVersions } from './prepared-versions.ts';
import { type RunnerPlace, RunnerProcess } from './runner-process.ts';

/** A trigger that this many processes died with is given up: it is probably what ends them. */
const MAX_DEATHS = 3;
/** Deaths of a process that lived this long are not held against its triggers. */
const LONG_LIFE_MS = 60_000;
const MIN_RESPAWN_MS = 100;
const MAX_RESPAWN_MS = 10_000;

export interface TriggerProcessOptions {
  readonly schedulerId: string;
  readonly place: RunnerPlace;
  readonly runners: RunnerPort;
  readonly versions: PreparedVersions;
  readonly events: ExecutorEvents;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Trigger {
  readonly workload: Workload;
  deaths: number;
}

/**
 * The one process of this machine in which triggers wait. Started with the first of them; when it dies, all that waited there go to the
 * next one, from what is stored of them.
 */
export class TriggerProcess {
  readonly #options: TriggerProcessOptions;
  /** By attempt: at most one trigger of it waits. */
  readonly #triggers = new Map<number, Trigger>();
  #process: RunnerProcess | null = null;
  #starting = false;
  #startedAt = 0;
  #respawnMs = 0;
  #stopped = false;

  constructor(options: TriggerProcessOptions) {
    this.#options = options;
  }

  submit(workload: Workload): void {
    const { attemptId, grantNumber, bundle } = workload;
    const before = this.#triggers.get(attemptId);
    if (before !== undefined) {
      if (before.workload.grantNumber >= grantNumber) return;
      this.fence(attemptId, before.workload.grantNumber);
    }
    const trigger: Trigger = { workload, deaths: 0 };
    this.#triggers.set(attemptId, trigger);
    this.#options.versions.prepare(bundle).then(
      () => this.#deliver(trigger),
      (error: unknown) =>
        this.#giveUp(trigger, `the files of its version could not be written: ${errorMessage(error)}`),
    );
  }

  /** Nobody waits for it any more. Says whether it was here. */
  fence(attemptId: number, grantNumber: number): boolean {
    const trigger = this.#triggers.get(attemptId);
    if (trigger?.workload.grantNumber !== grantNumber) return false;
    this.#triggers.delete(attemptId);
    this.#process?.send({ verb: 'fenced', attemptId, grantNumber });
    return true;
  }

  /** The listener when the hello is of this process, else null. */
  welcome(
    { runner: { runnerId } }: Extract<RunnerMessage, { verb: 'hello' }>,
    connection: RunnerConnection,
  ): RunnerListener | null {
    const process = this.#process;
    if (process?.runnerId !== runnerId) return null;
    process.connection = connection;
    this.#respawnMs = 0;
    for (const { workload } of this.#triggers.values()) process.grant(workload);
    return {
      message: (message) => this.#onMessage(process, message),
      closed: () => {
        process.connection = null;
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#triggers.clear();
    const process = this.#process;
    process?.kill();
    await process?.exited;
  }

  #deliver(trigger: Trigger): void {
    if (this.#triggers.get(trigger.workload.attemptId) !== trigger || this.#stopped) return;
    if (this.#process === null) void this.#start();
    else this.#process.grant(trigger.workload);
  }

  async #start(): Promise<void> {
    if (this.#starting || this.#process !== null || this.#stopped || this.#triggers.size === 0) return;
    this.#starting = true;
    const { place, runners, schedulerId, clock, logger } = this.#options;
    const runnerId = `${TRIGGERS_PREFIX}${randomBytes(6).toString('hex')}`;
    try {
      const process = await RunnerProcess.spawn(runnerId, place);
      this.#process = process;
      this.#startedAt = clock.monotonic();
      const { host, pid, pidStart, bootId } = process.identity;
      void process.exited.then(({ reason, lastWords }) =>
        this.#onExit(process, `${reason} ${lastWords}`.trim()),
      );
      // A scheduler that comes after this one finds it, should it not have gone.
      const row = {
        runnerId,
        schedulerId,
        host,
        bootId,
        pid,
        pidStart,
        startedAt: clock.now(),
        endedAt: null,
      };
      await runners.started(row);
      if (this.#stopped) process.kill();
    } catch (error) {
      logger.error('The process for triggers could not be started.', { error: errorMessage(error) });
      this.#process?.kill();
      if (this.#process === null) this.#startAgain();
    } finally {
      this.#starting = false;
    }
  }

  async #onExit(process: RunnerProcess, reason: string): Promise<void> {
    const { clock, logger, runners } = this.#options;
    if (this.#process === process) this.#process = null;
    if (!this.#stopped) {
      logger.warn('The process for triggers ended; they go on in another one.', { reason });
      const wasShort = clock.monotonic() - this.#startedAt < LONG_LIFE_MS;
      for (const trigger of [...this.#triggers.values()]) {
        trigger.deaths = wasShort ? trigger.deaths + 1 : 0;
        if (trigger.deaths >= MAX_DEATHS)
          this.#giveUp(trigger, `its process ended ${MAX_DEATHS} times: ${reason}`);
      }
      this.#startAgain();
    }
    await runners
      .ended(process.runnerId, clock.now())
      .catch((error: unknown) =>
        logger.warn('The end of a runner could not be recorded.', { error: errorMessage(error) }),
      );
  }

  #startAgain(): void {
    this.#respawnMs = Math.min(MAX_RESPAWN_MS, Math.max(MIN_RESPAWN_MS, this.#respawnMs * 2));
    setTimeout(() => void this.#start(), this.#respawnMs).unref();
  }

  #giveUp({ workload: { attemptId, grantNumber } }: Trigger, reason: string): void {
    if (this.#triggers.get(attemptId)?.workload.grantNumber !== grantNumber) return;
    this.#triggers.delete(attemptId);
    const atMs = this.#options.clock.now();
    this.#options.events.gone({ attemptId, grantNumber, cancelled: false, reason, atMs });
  }

  #onMessage(process: RunnerProcess, message: Exclude<RunnerMessage, { verb: 'hello' }>): void {
    switch (message.verb) {
      case 'outcome': {
        const { attemptId, grantNumber } = message;
        if (this.#triggers.get(attemptId)?.workload.grantNumber !== grantNumber) return;
        this.#triggers.delete(attemptId);
        const { verb: _verb, ...report } = message;
        const { runnerId, host, pid } = process.identity;
        this.#options.events.outcome({ ...report, runnerId, host, pid });
        return;
      }
      case 'state':
      case 'xcom':
      case 'asset_events':
      case 'post_asset_event':
      case 'trigger_run':
      case 'previous_success':
      case 'variable':
      case 'set_variable':
      case 'connection':
        void this.#ask(process, message);
        return;
      default:
        return;
    }
  }

  async #ask(process: RunnerProcess, question: Parameters<ExecutorEvents['ask']>[0]): Promise<void> {
    process.send(await answerTo(question, (asked) => this.#options.events.ask(asked)));
  }
}
