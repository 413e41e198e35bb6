import type { Asset } from '../assets/index.ts';
import { errorMessage } from '../errors.ts';
import type { Callback } from '../notifiers/index.ts';
import { type ParamReferences, type ParamsOf, type ParamsSchema, paramReferences } from '../params/index.ts';
import {
  parseInstant,
  parseRangeEnd,
  type Schedule,
  scheduledAssets,
  type Timetable,
  timetableFromSchedule,
  Zone,
} from '../timetables/index.ts';
import { DAG_BRAND } from './brand.ts';
import { DAG_OPTION_NAMES, type DagOptions } from './dag-options.ts';
import { type DeadlineSettings, deadlineSettings } from './deadline.ts';
import { DagDefinitionError, type DefinitionProblem, suggestion } from './definition-error.ts';
import { recordFiles } from './file-pattern.ts';
import { type Graph, GraphBuilder } from './graph-builder.ts';
import { checkId } from './identifier.ts';
import { authoring, withinScope } from './load-session.ts';
import type { AnyOperator } from './operator.ts';
import { callbacksOf, type Limit, type OptionChecks, optionChecks } from './operator-options.ts';
import { type TaskFactory, task } from './task.ts';
import type { AnyTaskGroup } from './task-group.ts';

/** What the body of a DAG gets: what knows the types of its params. */
export interface DagBody<P> {
  /** `task` whose functions see `params` typed. */
  readonly task: TaskFactory<P>;
  /** Stands for each param wherever a field or an input takes a value. */
  readonly params: ParamReferences<P>;
}

/** Any DAG, whatever its params. */
export type AnyDag = DAG<ParamsSchema | undefined, unknown>;

/**
 * A workflow: tasks and their order, and when it runs. What `body` constructs belongs to it. Loading a file registers every
 * DAG that it constructs, exported or not.
 *
 * Throws `DagDefinitionError` when the definition cannot stand: an unknown option, a bad schedule, two tasks of one id, a cycle.
 */
export class DAG<Schema extends ParamsSchema | undefined = undefined, Exports = unknown> {
  /** Unique in the installation. */
  readonly dagId: string;
  /** Where the author constructed it. */
  readonly site: Error = new Error('DAG');
  /** What its `schedule` stands for. */
  readonly timetable: Timetable;
  /** What its schedule names, and its tasks update or wait for, each once. */
  readonly assets: readonly Asset[];
  /** IANA name. */
  readonly timezone: string;
  /** No tick before it; null: none. */
  readonly startDate: Date | null;
  /** No tick after it; null: none. */
  readonly endDate: Date | null;
  /** Whether ticks that were missed each get a run. */
  readonly catchup: boolean;
  /** What becomes of a tick while as many runs are active as may be. */
  readonly onOverlap: 'queue' | 'skip';
  /** A tick whose run could only begin so much later is passed over, in milliseconds; null: however late. */
  readonly skipDelayedByMs: number | null;
  /** Longest time after its tick that a run becomes due, in milliseconds. */
  readonly jitterMs: number;
  /** The zod object; null: any conf is taken. */
  readonly params: ParamsSchema | null;
  /** Runs that may be active at once. */
  readonly maxActiveRuns: Limit;
  /** Tasks of all its runs that may be active at once. */
  readonly maxActiveTasks: Limit;
  /** For finding it in lists. */
  readonly tags: readonly string[];
  /** Who is asked about it; null: nobody was named. */
  readonly owner: string | null;
  /** One line; null: none. */
  readonly description: string | null;
  /** Markdown; null: none. */
  readonly doc: string | null;
  /** Longest time for a run, in milliseconds; null: none. */
  readonly dagRunTimeoutMs: number | null;
  /** Whether the first task that fails for good ends the run. */
  readonly failFast: boolean;
  /** Whether it starts out paused when it is first seen. */
  readonly pausedUponCreation: boolean;
  /** By when something has to be done, checked, with defaults. */
  readonly deadlines: readonly DeadlineSettings[];
  /** Who is called when a run ended, by event. */
  readonly callbacks: Readonly<Partial<Record<'onSuccess' | 'onFailure', readonly Callback[]>>>;
  /** In topological order. */
  readonly tasks: ReadonlyMap<string, AnyOperator>;
  /** Parents before children. */
  readonly groups: ReadonlyMap<string, AnyTaskGroup>;
  /** Ids of the tasks directly before each task. */
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  /** Ids of the tasks directly after each task. */
  readonly downstream: ReadonlyMap<string, readonly string[]>;
  /** What its body returned: the tasks that a test, or another DAG of the file, wants to speak of with their types. */
  readonly exports: Exports;

  constructor(options: DagOptions<Schema>, body: (dag: DagBody<ParamsOf<Schema>>) => Exports) {
    Object.defineProperty(this, DAG_BRAND, { value: true });
    checkArguments(options, body);
    this.dagId = options.dagId;
    const what = `DAG "${this.dagId}"`;
    const check = optionChecks(what);
    this.timezone = zoneOf(what, options.timezone);
    this.startDate = instant(what, 'startDate', options.startDate, this.timezone);
    this.endDate = instant(what, 'endDate', options.endDate, this.timezone);
    this.timetable = rephrased(what, 'invalid_schedule', () =>
      timetableFromSchedule(options.schedule ?? null, { timezone: this.timezone, startDate: this.startDate }),
    );
    this.catchup = check.flag('catchup', options.catchup ?? false);
    this.onOverlap = check.oneOf('onOverlap', options.onOverlap ?? 'queue', ['queue', 'skip']);
    this.skipDelayedByMs = check.duration('skipDelayedBy', options.skipDelayedBy) ?? null;
    this.jitterMs = check.duration('jitter', options.jitter) ?? 0;
    this.params = checkedParams(options.params, check);
    this.maxActiveRuns = maxActiveRunsOf(options.maxActiveRuns, this.timetable, check);
    this.maxActiveTasks = check.limit('maxActiveTasks', options.maxActiveTasks ?? 16, 0);
    this.tags = check.texts('tags', options.tags ?? []);
    this.owner = options.owner ?? null;
    this.description = options.description ?? null;
    this.doc = options.doc ?? null;
    this.dagRunTimeoutMs = check.duration('dagRunTimeout', options.dagRunTimeout) ?? null;
    this.failFast = check.flag('failFast', options.failFast ?? false);
    this.pausedUponCreation = check.flag('pausedUponCreation', options.pausedUponCreation ?? false);
    this.callbacks = callbacksOf(['onSuccess', 'onFailure'], options, check);
    recordFiles(options.files ?? []);
    const { graph, exports } = build(this.dagId, options, body, this.params);
    this.exports = exports;
    this.tasks = graph.tasks;
    this.groups = graph.groups;
    this.upstream = graph.upstream;
    this.downstream = graph.downstream;
    this.assets = assetsOf(options.schedule ?? null, graph);
    this.deadlines = deadlineSettings(options.deadlines ?? [], new Set(graph.tasks.keys()), check);
    if (this.failFast) checkFailFast(what, graph);
    register(this);
  }
}

/** With `@continuous` the next run begins when the last one ends: two at once are a mistake. */
function maxActiveRunsOf(given: Limit | undefined, { type }: Timetable, check: OptionChecks): Limit {
  if (type !== 'continuous') return check.limit('maxActiveRuns', given ?? 16, 1);
  if (given === undefined || given === 1) return 1;
  throw check.refuse('maxActiveRuns', '1, or nothing, with the schedule @continuous', given);
}

function checkArguments(options: { readonly dagId: string }, body: unknown): void {
  if (typeof options !== 'object' || options === null || typeof body !== 'function') {
    throw new DagDefinitionError(
      'invalid_option',
      'A DAG is made of options and a body: new DAG({ dagId }, () => { … }).',
    );
  }
  checkId('dagId', options.dagId);
  for (const name of Object.keys(options)) {
    if (DAG_OPTION_NAMES.includes(name)) continue;
    throw new DagDefinitionError(
      'unknown_option',
      `DAG "${options.dagId}" has no option "${name}".${suggestion(name, DAG_OPTION_NAMES)}`,
    );
  }
}

/** Also without a schedule or a date: `ds` is read in it. */
function zoneOf(what: string, given: string | undefined): string {
  if (given === undefined) return 'UTC';
  rephrased(what, 'invalid_option', () => Zone.named(given));
  return given;
}

function instant(
  what: string,
  name: string,
  given: string | Date | undefined,
  timezone: string,
): Date | null {
  if (given === undefined) return null;
  if (given instanceof Date) return given;
  const read = name === 'endDate' ? parseRangeEnd : parseInstant;
  return rephrased(what, 'invalid_option', () => read(String(given), timezone, name));
}

/** Runs `read` so that what it throws says which DAG it is about, and is a definition error. */
function rephrased<T>(what: string, problem: DefinitionProblem, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DagDefinitionError(problem, `${what}: ${errorMessage(error)}`, { cause: error });
  }
}

function checkedParams(params: ParamsSchema | undefined, check: OptionChecks): ParamsSchema | null {
  if (params === undefined) return null;
  const isZodObject = (params as { _zod?: { def?: { type?: string } } })?._zod?.def?.type === 'object';
  if (!isZodObject) throw check.refuse('params', 'a zod object: z.object({ … })', params);
  return params;
}

function build<Schema extends ParamsSchema | undefined, Exports>(
  dagId: string,
  options: DagOptions<Schema>,
  body: (dag: DagBody<ParamsOf<Schema>>) => Exports,
  params: ParamsSchema | null,
): { graph: Graph; exports: Exports } {
  const builder = new GraphBuilder(dagId, options.defaultArgs ?? {});
  const names = Object.keys(params?.shape ?? {});
  const unknown = (name: string) =>
    new DagDefinitionError(
      'unknown_option',
      `DAG "${dagId}" has no param "${name}".${suggestion(name, names)}`,
    );
  const exports = withinScope(builder.scope(), () =>
    body({ task: task as TaskFactory<ParamsOf<Schema>>, params: paramReferences(names, unknown) }),
  );
  if (typeof (exports as { then?: unknown } | undefined)?.then === 'function') {
    throw new DagDefinitionError(
      'misplaced',
      `DAG "${dagId}" has an async body. A body only declares tasks; await what it needs before new DAG(…).`,
    );
  }
  return { graph: builder.finish(), exports };
}

function assetsOf(schedule: Schedule, graph: Graph): readonly Asset[] {
  const ofTasks = [...graph.tasks.values()].flatMap(({ settings, sensedAsset }) => [
    ...settings.outlets.map(({ asset }) => asset),
    ...(sensedAsset === null ? [] : [sensedAsset]),
  ]);
  return [
    ...new Map([...scheduledAssets(schedule), ...ofTasks].map((asset) => [asset.name, asset])).values(),
  ];
}

function checkFailFast(what: string, graph: Graph): void {
  for (const task of graph.tasks.values()) {
    if (task.isTeardown || task.triggerRule === 'all_success') continue;
    throw new DagDefinitionError(
      'invalid_option',
      `${what}: failFast needs the trigger rule all_success everywhere, but task "${task.taskId}" has ${task.triggerRule}.`,
    );
  }
}

/** A second DAG of one id in a file would replace the first silently. */
function register(dag: AnyDag): void {
  const { session } = authoring();
  if (session === null) return;
  if (session.dags.some((other) => other.dagId === dag.dagId)) {
    throw new DagDefinitionError(
      'duplicate_dag_id',
      `This file defines DAG "${dag.dagId}" twice. Give each an id of its own.`,
    );
  }
  session.dags.push(dag);
}
