import { AssertionError } from 'node:assert';
import type { TaskOutput } from '@tsflow/core';
import { RETURN_VALUE } from '@tsflow/core/dag';
import { formatDuration } from '@tsflow/core/duration';
import { didYouMean, NotFoundError, type SerializedError } from '@tsflow/core/errors';
import type { Json, JsonObject } from '@tsflow/core/json';
import type { LogLine } from '@tsflow/core/logs';
import type { RunState, TaskState } from '@tsflow/core/state';
import type { AttemptTable, DagRunTable, Store, TaskInstanceTable } from '@tsflow/core/store';
import type { TestLogs } from './test-logs.ts';

/** One time that a task was started. */
export interface AttemptReport {
  /** Of a mapped instance `load[3]`. */
  readonly taskId: string;
  /** From 1. */
  readonly tryNumber: number;
  /** How it ended, or what it is doing: `success`, `failed`, `skipped`, `killed`, `running`, `up_for_reschedule`. */
  readonly state: string;
  /** On the virtual clock; null: not yet. */
  readonly startDate: Date | null;
  /** On the virtual clock; null: not yet. */
  readonly endDate: Date | null;
  /** Why it failed; null: it did not. */
  readonly error: SerializedError | null;
  /** Templated fields as they were rendered. */
  readonly rendered: JsonObject;
  /** Every line, also those of tsflow itself. */
  readonly logs: readonly LogLine[];
}

interface Facts {
  readonly run: DagRunTable;
  readonly instances: readonly TaskInstanceTable[];
  readonly attempts: readonly AttemptReport[];
  readonly xcoms: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/** What became of a run: states, values, attempts, logs. Ids of tasks are keys; those of mapped instances read `load[3]`. */
export class RunReport {
  /** As `trigger` returned it. */
  readonly runId: string;
  /** `success` or `failed` once it has ended. */
  readonly state: RunState;
  /** Why it failed, if tsflow has words for it. */
  readonly reason: string | null;
  /** The instant the run is about. */
  readonly logicalDate: Date;
  /** The stretch of time the run is about: `start` belongs to it, `end` does not. */
  readonly dataInterval: { readonly start: Date; readonly end: Date };
  /** The state of each task. */
  readonly states: Readonly<Record<string, TaskState>>;
  /** Tries made of each task; 0: it never ran. */
  readonly tries: Readonly<Record<string, number>>;
  /** Why each task is in its state, where tsflow has words for it. */
  readonly reasons: Readonly<Record<string, string | null>>;
  /** How people call the map index of each instance (`mapIndexTemplate`); null: by its number, or it never ran. */
  readonly renderedMapIndexes: Readonly<Record<string, string | null>>;
  /** Everything that was started, in the order in which it was. */
  readonly attempts: readonly AttemptReport[];
  /** Ids in the order of the starts, a task once for each try. */
  readonly order: readonly string[];
  /** All values that each task pushed, by key; what it returned is `return_value`. */
  readonly xcoms: Readonly<Record<string, Readonly<Record<string, Json>>>>;

  constructor({ run, instances, attempts, xcoms }: Facts) {
    const byId = <T>(value: (row: TaskInstanceTable) => T) =>
      Object.fromEntries(instances.map((row) => [keyOf(row), value(row)]));
    this.runId = run.runId;
    this.state = run.state as RunState;
    this.reason = run.reason;
    this.logicalDate = new Date(run.logicalDate);
    this.dataInterval = { start: new Date(run.dataIntervalStart), end: new Date(run.dataIntervalEnd) };
    this.states = byId((row) => row.state as TaskState);
    this.tries = byId((row) => row.tryNumber);
    this.reasons = byId((row) => row.reason);
    this.renderedMapIndexes = byId((row) => row.renderedMapIndex);
    this.attempts = attempts;
    this.order = attempts.map(({ taskId }) => taskId);
    this.xcoms = xcoms;
  }

  /**
   * What a task returned, typed when the task itself or its output is given; null when it returned nothing. Of a mapped task the list that
   * a reducer would get; of one instance, by its name, what that returned.
   *
   * @param key of another value that it pushed
   */
  output<T>(task: { readonly output: TaskOutput<T> }): T;
  output<T>(output: TaskOutput<T>): T;
  output(taskId: string, key?: string): Json;
  output(
    source: string | TaskOutput<unknown> | { readonly output: TaskOutput<unknown> },
    given?: string,
  ): unknown {
    const from = typeof source === 'object' && 'output' in source ? source.output : source;
    const { taskId, key } = typeof from === 'string' ? { taskId: from, key: given ?? RETURN_VALUE } : from;
    const names = this.#namesOf(taskId);
    if (names[0] === taskId) return this.xcoms[taskId]?.[key] ?? null;
    // A mapped task hands on one list, in the order of its instances, without those that returned nothing.
    return names.map((name) => this.xcoms[name]?.[key] ?? null).filter((value) => value !== null);
  }

  /** Fields of a task as its newest attempt rendered them. */
  rendered(taskId: string): JsonObject {
    return this.#newest(taskId)?.rendered ?? {};
  }

  /** What a task logged and printed in all of its tries (and instances), without what tsflow itself says there. */
  logs(taskId: string): readonly string[] {
    const names = this.#namesOf(taskId);
    return this.attempts
      .filter((attempt) => names.includes(attempt.taskId))
      .flatMap(({ logs }) => logs.filter(({ source }) => source !== 'system').map(({ message }) => message));
  }

  /** Throws an `AssertionError` that tells the whole story unless the run succeeded. */
  assertSucceeded(): this {
    return this.#assertState('success');
  }

  /** Throws an `AssertionError` that tells the whole story unless the run failed. */
  assertFailed(): this {
    return this.#assertState('failed');
  }

  /** Compares the states of the tasks that are named; throws an `AssertionError` with the difference and the story. */
  assertStates(expected: Readonly<Record<string, TaskState>>): this {
    for (const taskId of Object.keys(expected)) this.#assertInstance(taskId);
    const wrong = Object.entries(expected).filter(([taskId, state]) => this.states[taskId] !== state);
    if (wrong.length === 0) return this;
    const actual = Object.fromEntries(Object.keys(expected).map((taskId) => [taskId, this.states[taskId]]));
    const lines = wrong.map(([taskId, state]) => `${taskId} is ${this.states[taskId]}, expected ${state}`);
    throw this.#wrong(lines.join('\n'), actual, expected);
  }

  /** The run in words: its tasks with states, tries and reasons, and of each failure the error and the last lines of its log. */
  story(): string {
    const head = `Run ${this.runId}: ${this.state}${this.reason === null ? '' : `, ${this.reason}`}`;
    const called = (id: string) => {
      const name = this.renderedMapIndexes[id];
      return name == null ? id : `${id.slice(0, -1)}: ${name}]`;
    };
    const width = Math.max(...Object.keys(this.states).map((id) => called(id).length), 4);
    const rows = Object.entries(this.states).map(([id, state]) => {
      const tries = this.tries[id]! > 1 ? ` after ${this.tries[id]} tries` : '';
      const reason = this.reasons[id];
      return `  ${called(id).padEnd(width)}  ${state}${tries}${reason == null ? '' : `: ${reason}`}`;
    });
    return [head, ...rows, ...Object.keys(this.states).flatMap((id) => this.#failure(id))].join('\n');
  }

  #failure(taskId: string): string[] {
    const attempt = this.#newest(taskId);
    if (attempt?.error == null || this.states[taskId] === 'success') return [];
    const { error, logs, tryNumber, startDate, endDate } = attempt;
    const took =
      startDate === null || endDate === null ? '' : ` after ${formatDuration(+endDate - +startDate)}`;
    const lines = logs.filter(({ source }) => source !== 'system').slice(-5);
    return [
      '',
      `${taskId}, try ${tryNumber}, failed${took}:`,
      indented(error.stack ?? `${error.name}: ${error.message}`),
      ...(lines.length === 0
        ? []
        : ['  last lines of its log:', ...lines.map((line) => `    ${line.level} ${line.message}`)]),
    ];
  }

  #newest(taskId: string): AttemptReport | undefined {
    this.#assertInstance(taskId);
    return this.attempts.findLast((attempt) => attempt.taskId === taskId);
  }

  #assertState(expected: RunState): this {
    if (this.state === expected) return this;
    throw this.#wrong(`The run is ${this.state}, expected ${expected}`, this.state, expected);
  }

  #wrong(message: string, actual: unknown, expected: unknown): AssertionError {
    return new AssertionError({
      message: `${message}.\n\n${this.story()}`,
      actual,
      expected,
      operator: 'strictEqual',
      stackStartFn: this.assertStates,
    });
  }

  /** The name itself, or those of the instances of a mapped task in the order of their paths. */
  #namesOf(taskId: string): readonly string[] {
    const instances = Object.keys(this.states).filter((name) => name.startsWith(`${taskId}[`));
    if (instances.length > 0) return instances.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    this.#assertInstance(taskId);
    return [taskId];
  }

  #assertInstance(name: string): void {
    if (name in this.states) return;
    const closest = didYouMean(name, Object.keys(this.states));
    const known = `The run has ${Object.keys(this.states).join(', ')}.`;
    throw new NotFoundError('Task', name, closest === undefined ? known : `Did you mean "${closest}"?`);
  }
}

/** Reads a run back, as everybody else would. */
export async function readRunReport(
  store: Store,
  logs: TestLogs,
  dagId: string,
  runId: string,
): Promise<RunReport> {
  const run = await store.turns.run(dagId, runId);
  if (run === null) throw new NotFoundError(`Run of ${dagId}`, runId);
  const instances = await store.turns.taskInstances([run.key]);
  const rows = await store.db
    .selectFrom('attempt')
    .selectAll()
    .where('runKey', '=', run.key)
    .orderBy('attemptId')
    .execute();
  const attempts = rows.map((row) => readAttempt(row, logs));
  const ids = rows.map(({ attemptId }) => attemptId);
  const values =
    ids.length === 0
      ? []
      : await store.db.selectFrom('xcom').selectAll().where('attemptId', 'in', ids).execute();
  const newest = new Map(instances.map((row) => [row.attemptId, keyOf(row)]));
  const xcoms: Record<string, Record<string, Json>> = {};
  for (const { attemptId, key, value } of values) {
    const name = newest.get(attemptId);
    if (name === undefined) continue;
    xcoms[name] ??= {};
    xcoms[name][key] = JSON.parse(value) as Json;
  }
  return new RunReport({ run, instances, attempts: attempts.sort(byStart), xcoms });
}

function readAttempt(row: AttemptTable, logs: TestLogs): AttemptReport {
  return {
    taskId: keyOf(row),
    tryNumber: row.tryNumber,
    state: row.state,
    startDate: row.startDate === null ? null : new Date(row.startDate),
    endDate: row.endDate === null ? null : new Date(row.endDate),
    error: row.error === null ? null : (JSON.parse(row.error) as SerializedError),
    rendered: row.rendered === null ? {} : (JSON.parse(row.rendered) as JsonObject),
    logs: logs.of(row.attemptId),
  };
}

/** Attempts of one instant keep the order in which they were handed out. */
function byStart(a: AttemptReport, b: AttemptReport): number {
  return (a.startDate?.getTime() ?? Number.MAX_VALUE) - (b.startDate?.getTime() ?? Number.MAX_VALUE);
}

/** How a test writes it: `result.states['load[3]']`, which unlike the name that people read (`instanceName`) has no blank to forget. */
function keyOf({ taskId, mapPath }: { readonly taskId: string; readonly mapPath: string }): string {
  return mapPath === '' ? taskId : `${taskId}[${mapPath}]`;
}

const indented = (text: string): string => text.replace(/^/gm, '  ');
