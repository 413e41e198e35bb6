import type { TaskContext } from '../dag/context.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { ExternalRuns, Wait } from '../dag/wait.ts';
import type { Duration } from '../duration.ts';
import { FINISHED_TASK_STATES, type FinishedTaskState, type RunState } from '../state/index.ts';
import { WaitOperator } from './wait-operator.ts';
import { optionMs, refused, WAIT_FIELDS, type WaitOptions } from './wait-options.ts';

/** Which runs of the other DAG are waited for. */
export interface ExternalRunChoice {
  /** The other DAG. It need not exist yet. */
  readonly dagId: string;
  /**
   * `logicalDate` (default): the run with this run's logical date. `day`: the newest run of this run's day in this DAG's zone,
   * whatever its time, for DAGs whose schedules differ.
   */
  readonly match?: 'logicalDate' | 'day' | undefined;
  /** How much earlier the other run is: `'1d'` waits for yesterday's. Default 0. */
  readonly executionDelta?: Duration | undefined;
  /** Computes the logical dates of the other runs instead; all of them are waited for. Called once, in a process. */
  readonly executionDate?: ((context: TaskContext) => Date | readonly Date[]) | undefined;
}

type RunEnd = Extract<RunState, 'success' | 'failed'>;

/** Options of an {@link ExternalRunSensor}. */
export interface ExternalRunSensorOptions extends OperatorOptions, WaitOptions, ExternalRunChoice {
  /** Ends that are waited for. Default `success`: a failed run is waited for until it was repaired. */
  readonly allowedStates?: readonly RunEnd[] | undefined;
  /** Ends that fail the wait for good. Default: none. */
  readonly failedStates?: readonly RunEnd[] | undefined;
}

/** Options of an {@link ExternalTaskSensor}. */
export interface ExternalTaskSensorOptions extends OperatorOptions, WaitOptions, ExternalRunChoice {
  /** A task of the other DAG, or several: all of them are waited for. */
  readonly externalTaskId: string | readonly string[];
  /** Default `success`. */
  readonly allowedStates?: readonly FinishedTaskState[] | undefined;
  /** Default: none. */
  readonly failedStates?: readonly FinishedTaskState[] | undefined;
}

type ChoiceFields = Pick<ExternalRunChoice, 'dagId' | 'match' | 'executionDelta' | 'executionDate'>;

const CHOICE_FIELDS = {
  ...WAIT_FIELDS,
  dagId: 'value',
  match: 'value',
  executionDelta: 'value',
  executionDate: 'value',
  allowedStates: 'value',
  failedStates: 'value',
} as const;

/** Waits for the end of a run of another DAG: `new ExternalRunSensor({ taskId: 'after_load', dagId: 'load' })`. */
export class ExternalRunSensor extends WaitOperator<ChoiceFields, ExternalRunSensorOptions> {
  static override readonly fields = CHOICE_FIELDS;

  constructor(options: ExternalRunSensorOptions) {
    super(options);
    checkChoice(this.taskId, this.fields, ['success', 'failed']);
  }

  protected fixedWait(): Wait | null {
    return fixedWaitOf(this.taskId, this.fields, null);
  }

  protected waitOf(context: TaskContext, { executionDate }: ChoiceFields): Wait {
    return waitOf(this.fields, null, datesOf(executionDate!(context)));
  }
}

/** Waits for the end of tasks in a run of another DAG: `new ExternalTaskSensor({ taskId: 'ready', dagId: 'load', externalTaskId: 'check' })`. */
export class ExternalTaskSensor extends WaitOperator<ChoiceFields, ExternalTaskSensorOptions> {
  static override readonly fields = { ...CHOICE_FIELDS, externalTaskId: 'value' } as const;

  constructor(options: ExternalTaskSensorOptions) {
    super(options);
    checkChoice(this.taskId, this.fields, FINISHED_TASK_STATES);
    if (this.#taskIds.length === 0 || this.#taskIds.some((id) => typeof id !== 'string' || id === ''))
      throw refused(this.taskId, 'externalTaskId expects the id of a task, or a list of ids.');
  }

  get #taskIds(): readonly string[] {
    const given = this.fields.externalTaskId as string | readonly string[] | undefined;
    return given === undefined ? [] : [given].flat();
  }

  protected fixedWait(): Wait | null {
    return fixedWaitOf(this.taskId, this.fields, this.#taskIds);
  }

  protected waitOf(context: TaskContext, { executionDate }: ChoiceFields): Wait {
    return waitOf(this.fields, this.#taskIds, datesOf(executionDate!(context)));
  }
}

type Given = Readonly<Record<string, unknown>>;

function checkChoice(taskId: string, given: Given, states: readonly string[]): void {
  const { dagId, match, executionDate, executionDelta } = given as Partial<ChoiceFields>;
  if (typeof dagId !== 'string' || dagId === '') throw refused(taskId, 'dagId expects the id of a DAG.');
  if (match !== undefined && match !== 'logicalDate' && match !== 'day')
    throw refused(taskId, `match expects one of logicalDate, day, got ${JSON.stringify(match)}.`);
  if (executionDate !== undefined && (executionDelta !== undefined || match !== undefined))
    throw refused(taskId, 'executionDate says which runs are meant: leave executionDelta and match out.');
  optionMs(taskId, 'executionDelta', executionDelta);
  for (const name of ['allowedStates', 'failedStates']) {
    const wrong = ((given[name] ?? []) as readonly string[]).find((state) => !states.includes(state));
    if (wrong !== undefined)
      throw refused(taskId, `${name} expects ${states.join(', ')}, got ${JSON.stringify(wrong)}.`);
  }
}

function fixedWaitOf(taskId: string, given: Given, taskIds: readonly string[] | null): Wait | null {
  const { match = 'logicalDate', executionDelta, executionDate } = given as Partial<ChoiceFields>;
  if (executionDate !== undefined) return null;
  const deltaMs = optionMs(taskId, 'executionDelta', executionDelta) ?? 0;
  return waitOf(given, taskIds, { match, deltaMs });
}

function waitOf(given: Given, taskIds: readonly string[] | null, which: ExternalRuns): Wait {
  const { dagId, allowedStates, failedStates } = given as Pick<ChoiceFields, 'dagId'> & {
    readonly allowedStates?: readonly RunEnd[];
    readonly failedStates?: readonly RunEnd[];
  };
  return {
    kind: 'external',
    dagId,
    taskIds,
    which,
    allowedStates: allowedStates ?? ['success'],
    failedStates: failedStates ?? [],
  };
}

function datesOf(dates: Date | readonly Date[]): ExternalRuns {
  return { match: 'dates', dates: [dates].flat().map((date) => date.toISOString()) };
}
