import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskDeferred } from '../dag/task-signal.ts';
import { isLiteral, type TemplatedFields } from '../dag/template.ts';
import type { OnTimeout, RunWait } from '../dag/wait.ts';
import { InvalidInputError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { refused, WAIT_FIELDS, type WaitOptions, waitSettings } from './wait-options.ts';

type RunEnd = 'success' | 'failed';

/** What a task that asked for a run is given: the run, and the state it was in when the wait for it was over. */
export interface RequestedRun {
  /** The other DAG. */
  readonly dagId: string;
  /** Of the run there. */
  readonly runId: string;
  /** The state it was in when the wait for it was over. */
  readonly state: 'queued' | 'running' | RunEnd;
}

interface RunFields {
  /** The other DAG. */
  readonly dagId: string;
  /** Values for its params. Default: their defaults. */
  readonly conf?: { readonly [name: string]: unknown };
  /** An instant or ISO 8601. */
  readonly logicalDate?: Date | string;
}

interface EndOptions extends WaitOptions {
  /** Ends of the run that are good. Default `success`. */
  readonly allowedStates?: readonly RunEnd[] | undefined;
  /** Ends of the run that fail this try. Default `failed`, unless it is allowed. */
  readonly failedStates?: readonly RunEnd[] | undefined;
}

const FIELDS = {
  ...WAIT_FIELDS,
  dagId: 'template',
  conf: 'template',
  logicalDate: 'template',
  allowedStates: 'value',
  failedStates: 'value',
} as const;

interface TriggerFields extends RunFields {
  /** Id of the run. It must not exist yet. Default: one made of this task's instance. */
  readonly runId?: string;
}

/** Options of a {@link TriggerDagRunOperator}. */
export interface TriggerDagRunOptions extends OperatorOptions, EndOptions, TemplatedFields<TriggerFields> {
  /** Waits, without a process and without a slot, until the run has ended. Default false: until it is there. */
  readonly waitForCompletion?: boolean | undefined;
}

/**
 * Starts a run of another DAG; the run is the output. It is made exactly once, whatever dies: a retry, also after `waitForCompletion` saw it
 * fail, takes the run that an earlier try made, and runs its failed tasks again. Clearing the task makes another run. `logicalDate`
 * defaults to now, as in Airflow: give it `'{{ ts }}'` where an {@link EnsureDagRunOperator} is to find this run. Without templates among its
 * options it needs no process.
 *
 * ```ts
 * new TriggerDagRunOperator({ taskId: 'report', dagId: 'report', conf: { day: '{{ ds }}' }, waitForCompletion: true });
 * ```
 */
export class TriggerDagRunOperator extends Operator<RequestedRun, TriggerFields, TriggerDagRunOptions> {
  static override readonly fields = { ...FIELDS, runId: 'template', waitForCompletion: 'value' } as const;

  constructor(options: TriggerDagRunOptions) {
    super(options);
    checkEnds(this.taskId, this.fields);
  }

  override get wait(): PlannedRequest | null {
    return isLiteral(this.fields)
      ? planned(this.taskId, this.fields, this.#request(this.fields as unknown as TriggerFields))
      : null;
  }

  execute(context: TaskContext, fields: TriggerFields): RequestedRun {
    throw deferred(this.taskId, context, this.fields, this.#request(fields));
  }

  #request(fields: TriggerFields): RunRequestFields {
    const { waitForCompletion = false } = this.fields as Pick<TriggerDagRunOptions, 'waitForCompletion'>;
    return { ...requestOf(fields), how: 'trigger', runId: fields.runId ?? null, waitForCompletion };
  }
}

/** Options of an {@link EnsureDagRunOperator}. */
export interface EnsureDagRunOptions extends OperatorOptions, EndOptions, TemplatedFields<RunFields> {}

/**
 * Sees to it that the run of another DAG for a logical date has succeeded, and waits for that without a process: starts it when there is none,
 * waits for it when it runs, takes it when it is done, runs its failed tasks again when it failed. Whoever made it: several tasks, and the
 * other DAG's own schedule, share one run. `logicalDate` defaults to that of this run.
 *
 * ```ts
 * new EnsureDagRunOperator({ taskId: 'loaded', dagId: 'load' });
 * ```
 */
export class EnsureDagRunOperator extends Operator<RequestedRun, RunFields, EnsureDagRunOptions> {
  static override readonly fields = FIELDS;

  constructor(options: EnsureDagRunOptions) {
    super(options);
    checkEnds(this.taskId, this.fields);
  }

  override get wait(): PlannedRequest | null {
    return isLiteral(this.fields)
      ? planned(this.taskId, this.fields, ensureRequest(this.fields as unknown as RunFields))
      : null;
  }

  execute(context: TaskContext, fields: RunFields): RequestedRun {
    throw deferred(this.taskId, context, this.fields, ensureRequest(fields));
  }
}

type RunRequestFields = Pick<
  RunWait,
  'dagId' | 'conf' | 'logicalDate' | 'how' | 'runId' | 'waitForCompletion'
>;

/** A request that the file says whole: it needs no process to say it. */
interface PlannedRequest {
  readonly on: RunWait;
  readonly timeoutMs: number;
  readonly onTimeout: OnTimeout;
}

const planned = (taskId: string, given: EndOptions, request: RunRequestFields): PlannedRequest => ({
  on: { kind: 'run', ...request, ...endsOf(given) },
  ...waitSettings(taskId, given),
});

const ensureRequest = (fields: RunFields): RunRequestFields => ({
  ...requestOf(fields),
  how: 'ensure',
  runId: null,
  waitForCompletion: true,
});

function requestOf({
  dagId,
  conf = {},
  logicalDate,
}: RunFields): Pick<RunWait, 'dagId' | 'conf' | 'logicalDate'> {
  if (typeof dagId !== 'string' || dagId === '')
    throw new InvalidInputError('dagId expects the id of a DAG.');
  const date = logicalDate === undefined ? null : new Date(logicalDate);
  if (date !== null && Number.isNaN(date.getTime())) {
    throw new InvalidInputError(`logicalDate expects an instant, got ${JSON.stringify(logicalDate)}.`);
  }
  return {
    dagId,
    conf: JSON.parse(JSON.stringify(conf)) as JsonObject,
    logicalDate: date?.toISOString() ?? null,
  };
}

function deferred(
  taskId: string,
  context: TaskContext,
  given: EndOptions,
  request: RunRequestFields,
): TaskDeferred {
  const { on, timeoutMs, onTimeout } = planned(taskId, given, request);
  return new TaskDeferred(on, { timeout: new Date(context.begunAt.getTime() + timeoutMs), onTimeout });
}

function endsOf({
  allowedStates = ['success'],
  failedStates,
}: EndOptions): Pick<RunWait, 'allowedStates' | 'failedStates'> {
  const failed = failedStates ?? (['failed'] as const).filter((state) => !allowedStates.includes(state));
  return { allowedStates, failedStates: failed };
}

function checkEnds(taskId: string, given: EndOptions): void {
  const { allowedStates, failedStates } = endsOf(given);
  for (const state of [...allowedStates, ...failedStates]) {
    if (state !== 'success' && state !== 'failed')
      throw refused(
        taskId,
        `allowedStates and failedStates expect success or failed, got ${JSON.stringify(state)}.`,
      );
  }
  if (allowedStates.length === 0) throw refused(taskId, 'allowedStates expects at least one state.');
  const both = allowedStates.find((state) => failedStates.includes(state));
  if (both !== undefined) throw refused(taskId, `${both} cannot be both allowed and failed.`);
}
