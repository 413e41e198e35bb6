import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskRescheduled } from '../dag/task-signal.ts';
import type { TemplatedFields } from '../dag/template.ts';
import type { Duration } from '../duration.ts';
import { TsflowError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { optionMs, refused } from './wait-options.ts';

/** Options that every {@link DurableOperator} takes. */
export interface DurableOptions {
  /** From one question after the job to the next; no slot is held in between. A number is seconds. Default 10 seconds. */
  readonly pollInterval?: Duration | undefined;
}

/** What a question after a job gave: it goes on, or it is done with this output. */
export type Polled<Output> = 'running' | { readonly done: Output };

/**
 * Thrown by `poll` when the job itself has failed: nothing of it is left to be taken over, so the next try submits another one. Anything
 * else that `poll` throws says nothing about the job, and the next try takes it over.
 */
export class JobFailedError extends TsflowError {
  constructor(reason: string, options?: ErrorOptions) {
    super('job_failed', reason, options);
  }
}

/** Thrown when state was saved by another version of the code that this one does not understand: it is never guessed at. */
export class UnknownStateError extends TsflowError {
  constructor(taskId: string, found: unknown, expected: number) {
    super(
      'unknown_state',
      `Task "${taskId}" saved its state in schema version ${String(found)}, and its code is at ${expected}. ` +
        'Give the operator a migrate() that understands it, or clear the task when its job is over.',
    );
  }
}

/** What is stored. `name`: the job has a name and may have been submitted. `submit`: it has been. */
interface SavedJob<Job extends JsonObject> {
  readonly schemaVersion: number;
  readonly data: { readonly phase: 'named' | 'submitted'; readonly job: Job };
}

const DEFAULT_POLL_MS = 10_000;

/**
 * A job in another system, of which exactly one is ever paid for. The order is: `name` the job, save the name, `submit` it, save that,
 * then `poll` every `pollInterval` until it is done, without holding a slot. Whatever crashes in between, the next attempt
 * goes on from what was saved; a kill, clear or time-out calls `cancel`, in whichever state it waits.
 *
 * When it crashed after saving the name, nobody knows whether the job was submitted: `submit` is called again with the same name. Make
 * the other system refuse or ignore the second one (a job id that the client chooses), or look there first.
 *
 * ```ts
 * class Query extends DurableOperator<{ jobId: string }, Row[], { sql: string }> {
 *   static override readonly fields = { ...DurableOperator.fields, sql: 'template' } as const;
 *   name({ dagId, taskId, attemptId }: TaskContext) {
 *     return { jobId: `${dagId}-${taskId}-${attemptId}` };
 *   }
 *   async submit(_context: TaskContext, { jobId }: { jobId: string }, { sql }: { sql: string }) {
 *     await warehouse.start(jobId, sql); // "already exists" is success
 *   }
 *   async poll(_context: TaskContext, { jobId }: { jobId: string }) {
 *     const job = await warehouse.job(jobId);
 *     if (job.state === 'failed') throw new JobFailedError(job.error);
 *     return job.state === 'done' ? { done: job.rows } : 'running';
 *   }
 *   cancel(_context: TaskContext, { jobId }: { jobId: string }) {
 *     return warehouse.cancel(jobId);
 *   }
 * }
 * ```
 */
export abstract class DurableOperator<
  Job extends JsonObject,
  Output = undefined,
  Fields extends object = object,
> extends Operator<
  Output,
  Fields & DurableOptions,
  OperatorOptions & DurableOptions & TemplatedFields<Fields>
> {
  static override readonly fields: { readonly pollInterval: 'value' } = { pollInterval: 'value' };
  /** Version of what `name` and `submit` return: raise it when a newer code would misread an older job. */
  readonly schemaVersion: number = 1;

  constructor(options: OperatorOptions & DurableOptions & TemplatedFields<Fields>) {
    super(options);
    if (this.#pollMs === 0) throw refused(this.taskId, 'pollInterval expects more than 0.');
  }

  /** The job as it will be known, before it exists. Called once for each job. */
  abstract name(context: TaskContext, fields: Fields): Job | Promise<Job>;

  /** Submits it; called again after a crash in the middle of it. May return the job with what the other system added to it. */
  abstract submit(
    context: TaskContext,
    job: Job,
    fields: Fields,
  ): Job | undefined | Promise<Job | undefined | void> | void;

  /** Asks how it goes. Throw {@link JobFailedError} when it failed. */
  abstract poll(context: TaskContext, job: Job, fields: Fields): Polled<Output> | Promise<Polled<Output>>;

  /** Ends it in the other system. May be called for a job that never came to be, or that is over. */
  abstract cancel(context: TaskContext, job: Job): void | Promise<void>;

  /** Makes a job of what an older code saved. Without it such state is refused. */
  migrate?(schemaVersion: number, job: JsonObject): Job;

  async execute(context: TaskContext, fields: Fields & DurableOptions): Promise<Output> {
    const job = await this.#job(context, fields);
    let polled: Polled<Output>;
    try {
      polled = await this.poll(context, job, fields);
    } catch (error) {
      if (error instanceof JobFailedError) await context.state.clear();
      throw error;
    }
    if (polled === 'running') throw new TaskRescheduled(new Date(Date.now() + this.#pollMs));
    return polled.done;
  }

  override async onKill(context: TaskContext): Promise<void> {
    const saved = await this.#saved(context);
    if (saved !== null) await this.cancel(context, saved.job);
  }

  /** The job that was submitted, by this attempt or by an earlier one. */
  async #job(context: TaskContext, fields: Fields): Promise<Job> {
    const saved = await this.#saved(context);
    if (saved?.phase === 'submitted') return saved.job;
    const named = saved?.job ?? (await this.name(context, fields));
    if (saved === null) await this.#save(context, 'named', named);
    else
      context.log.info(
        'An earlier attempt may have submitted this job: it is submitted under the same name.',
        named,
      );
    const job = (await this.submit(context, named, fields)) ?? named;
    await this.#save(context, 'submitted', job);
    return job;
  }

  async #saved(context: TaskContext): Promise<SavedJob<Job>['data'] | null> {
    const state = (await context.state.load()) as SavedJob<Job> | null;
    if (state === null) return null;
    const { schemaVersion, data } = state;
    if (schemaVersion === this.schemaVersion) return data;
    if (this.migrate === undefined || typeof schemaVersion !== 'number')
      throw new UnknownStateError(this.taskId, schemaVersion, this.schemaVersion);
    return { ...data, job: this.migrate(schemaVersion, data.job) };
  }

  async #save(context: TaskContext, phase: 'named' | 'submitted', job: Job): Promise<void> {
    const { schemaVersion } = this;
    await context.state.save({ schemaVersion, data: { phase, job } });
  }

  get #pollMs(): number {
    const { pollInterval } = this.fields as DurableOptions;
    return optionMs(this.taskId, 'pollInterval', pollInterval) ?? DEFAULT_POLL_MS;
  }
}
