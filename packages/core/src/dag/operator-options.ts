import { type ConnectionReference, isConnectionReference } from '../connections/connection-reference.ts';
import { type Duration, durationMs } from '../duration.ts';
import { errorMessage } from '../errors.ts';
import type { Callback, Callbacks } from '../notifiers/index.ts';
import { TRIGGER_RULES, type TriggerRule } from '../state/index.ts';
import { type DailyPlan, isDailyPlan, parseDailyPlan } from '../timetables/index.ts';
import { type ConcurrencyKey, type ConcurrencySettings, concurrencyOf } from './concurrency-key.ts';
import { DagDefinitionError, suggestion } from './definition-error.ts';
import { type MapIndexTemplate, mapIndexTemplateOf } from './map-index-template.ts';
import { type Outlet, type OutletSettings, outletsOf } from './outlet.ts';
import { isLiveVariable, type LiveVariable } from './variable.ts';

/** A limit: fixed, following the clock, or a Variable (that may hold either) which is read at each decision. */
export type Limit = number | DailyPlan | LiveVariable<number>;

/** How often something that failed is tried again, and when. */
export interface RetryOptions {
  /** How often a failed try is repeated. Default 0. */
  readonly retries?: number | undefined;
  /** From the end of a failed try to the next; a number is seconds. Default 5 minutes. */
  readonly retryDelay?: Duration | undefined;
  /** Multiplies the delay with each try: true is 2, a number from 1 is the multiplier. Default false: constant. */
  readonly retryExponentialBackoff?: boolean | number | undefined;
  /** Adds up to this share of the delay, 0 to 1, the same each time it is computed. Default 0. */
  readonly retryJitter?: number | undefined;
  /** Longest delay that back-off reaches; a number is seconds. Default 24 hours. */
  readonly maxRetryDelay?: Duration | undefined;
}

/** Options that every operator takes, and that `defaultArgs` of a DAG or group may set for the tasks in it. */
export interface CommonOptions extends RetryOptions {
  /** When the task may run, judged by how its direct upstream ended. Default `all_success`. */
  readonly triggerRule?: TriggerRule | undefined;
  /** Longest time for one try, from its start, waiting included; a number is seconds. Default: none. */
  readonly executionTimeout?: Duration | undefined;
  /** Pool whose slots it takes. Default `default_pool`. */
  readonly pool?: string | undefined;
  /** Slots it takes there. Default 1. */
  readonly poolSlots?: number | undefined;
  /** Higher goes first among tasks that wait for a slot. Default 1. */
  readonly priorityWeight?: number | undefined;
  /** Which other weights are added to its own. Default `downstream`. */
  readonly weightRule?: 'downstream' | 'upstream' | 'absolute' | undefined;
  /** How many instances of this task may be active over all runs of the DAG. Default: no limit of its own. */
  readonly maxActiveTisPerDag?: Limit | undefined;
  /** How many instances of this task may be active within one run. Default: no limit of its own. */
  readonly maxActiveTisPerDagrun?: Limit | undefined;
  /**
   * Tasks that give the same key, in whatever DAGs, run one at a time; with `{ key, limit }` as many at a time as the limit says.
   * Default: none.
   */
  readonly concurrencyKey?: ConcurrencyKey | undefined;
  /** Waits until the same task succeeded or was skipped in the previous run. Default false. */
  readonly dependsOnPast?: boolean | undefined;
  /** Also waits for that task's direct downstream there; implies `dependsOnPast`. Default false. */
  readonly waitForDownstream?: boolean | undefined;
  /** Which workers may run it. Default `default`. */
  readonly queue?: string | undefined;
  /** `process` gives each attempt a process of its own; default `warm`: a runner that is used again. */
  readonly isolation?: 'warm' | 'process' | undefined;
  /** Who is asked about it. Default: the DAG's owner. */
  readonly owner?: string | undefined;
  /**
   * Connections that it uses: sent with its grant, their secrets masked from the start. Any other one is asked for while it runs, and
   * that is written down.
   */
  readonly connections?: readonly (string | ConnectionReference<unknown>)[] | undefined;
  /** Called when a try starts. */
  readonly onExecute?: Callbacks | undefined;
  /** Called when it succeeded. */
  readonly onSuccess?: Callbacks | undefined;
  /** Called when it failed and will not be tried again. */
  readonly onFailure?: Callbacks | undefined;
  /** Called when a try failed and another will follow. */
  readonly onRetry?: Callbacks | undefined;
  /** Called when the task skipped itself by throwing `TaskSkipped`; not when a branch or a trigger rule skips it. */
  readonly onSkipped?: Callbacks | undefined;
}

/** Options of one task. */
export interface OperatorOptions extends CommonOptions {
  /** Unique in its DAG: letters, digits, `_`, `-`, `.`; a group puts its id in front. At most 250 characters in all. */
  readonly taskId: string;
  /** Markdown about the task. */
  readonly doc?: string | undefined;
  /** Assets that it updates: each has an event when the task succeeds. Default: none. */
  readonly outlets?: readonly Outlet[] | undefined;
  /**
   * How people call each instance, where it is mapped or in a mapped group: `'{{ city }}'`, over its inputs (or options) by name. Rendered in
   * its attempt before it begins; a name that cannot be made is a warning in the log. Default: its map index.
   */
  readonly mapIndexTemplate?: MapIndexTemplate | undefined;
}

/**
 * What `defaultArgs` may hold: every common option. An operator package adds its own by declaration merging, and each operator
 * that declares such a field takes its default from there.
 */
export interface DefaultArgs extends CommonOptions {}

export const CALLBACK_NAMES = ['onExecute', 'onSuccess', 'onFailure', 'onRetry', 'onSkipped'] as const;

export type CallbackName = (typeof CALLBACK_NAMES)[number];

/** {@link RetryOptions} after checks and defaults. Times are milliseconds. */
export interface RetrySettings {
  readonly retries: number;
  readonly retryDelayMs: number;
  /** 1: constant. */
  readonly retryBackoff: number;
  readonly retryJitter: number;
  readonly maxRetryDelayMs: number;
}

/** Common options after checks and defaults. Times are milliseconds. */
export interface TaskSettings extends RetrySettings {
  readonly triggerRule: TriggerRule;
  readonly executionTimeoutMs: number | null;
  readonly pool: string;
  readonly poolSlots: number;
  readonly priorityWeight: number;
  readonly weightRule: 'downstream' | 'upstream' | 'absolute';
  readonly maxActiveTisPerDag: Limit | null;
  readonly maxActiveTisPerDagrun: Limit | null;
  readonly concurrency: ConcurrencySettings | null;
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  readonly queue: string;
  readonly isolation: 'warm' | 'process';
  readonly owner: string | null;
  readonly doc: string | null;
  readonly outlets: readonly OutletSettings[];
  /** Null: the last of its map indexes is called by its number, or as its group says. */
  readonly mapIndexTemplate: MapIndexTemplate | null;
  /** Ids, as declared by the author. */
  readonly connections: readonly string[];
  readonly callbacks: Readonly<Partial<Record<CallbackName, readonly Callback[]>>>;
}

/** Options of a task that no `defaultArgs` give: kept complete by the type. */
const OWN: Readonly<Record<Exclude<keyof OperatorOptions, keyof CommonOptions>, true>> = {
  taskId: true,
  doc: true,
  outlets: true,
  mapIndexTemplate: true,
};

/** Names of {@link CommonOptions}: kept complete by the type. */
const COMMON: Readonly<Record<keyof CommonOptions, true>> = {
  triggerRule: true,
  retries: true,
  retryDelay: true,
  retryExponentialBackoff: true,
  retryJitter: true,
  maxRetryDelay: true,
  executionTimeout: true,
  pool: true,
  poolSlots: true,
  priorityWeight: true,
  weightRule: true,
  maxActiveTisPerDag: true,
  maxActiveTisPerDagrun: true,
  concurrencyKey: true,
  dependsOnPast: true,
  waitForDownstream: true,
  queue: true,
  isolation: true,
  owner: true,
  connections: true,
  onExecute: true,
  onSuccess: true,
  onFailure: true,
  onRetry: true,
  onSkipped: true,
};

export const COMMON_OPTION_NAMES: readonly string[] = Object.keys(COMMON);

/** Of {@link OperatorOptions}: every operator takes them. */
export const TASK_OPTION_NAMES: readonly string[] = [...Object.keys(OWN), ...COMMON_OPTION_NAMES];

export function isCommonOption(name: string): name is keyof CommonOptions {
  return Object.hasOwn(COMMON, name);
}

const FIVE_MINUTES_MS = 300_000;
const ONE_DAY_MS = 86_400_000;

/** Checks the common options of `what` ("task load") and fills in the defaults. Throws `DagDefinitionError`. */
export function taskSettings(what: string, options: Omit<OperatorOptions, 'taskId'>): TaskSettings {
  const check = optionChecks(what);
  return {
    triggerRule: check.oneOf('triggerRule', options.triggerRule ?? 'all_success', TRIGGER_RULES),
    ...retrySettings(options, check),
    executionTimeoutMs: check.duration('executionTimeout', options.executionTimeout) ?? null,
    pool: check.text('pool', options.pool ?? 'default_pool'),
    poolSlots: check.integer('poolSlots', options.poolSlots ?? 1, 1),
    priorityWeight: check.integer('priorityWeight', options.priorityWeight ?? 1),
    weightRule: check.oneOf('weightRule', options.weightRule ?? 'downstream', [
      'downstream',
      'upstream',
      'absolute',
    ]),
    maxActiveTisPerDag:
      options.maxActiveTisPerDag === undefined
        ? null
        : check.limit('maxActiveTisPerDag', options.maxActiveTisPerDag, 1),
    maxActiveTisPerDagrun:
      options.maxActiveTisPerDagrun === undefined
        ? null
        : check.limit('maxActiveTisPerDagrun', options.maxActiveTisPerDagrun, 1),
    concurrency: concurrencyOf(options.concurrencyKey, check),
    dependsOnPast: check.flag('dependsOnPast', options.dependsOnPast ?? options.waitForDownstream ?? false),
    waitForDownstream: check.flag('waitForDownstream', options.waitForDownstream ?? false),
    queue: check.text('queue', options.queue ?? 'default'),
    isolation: check.oneOf('isolation', options.isolation ?? 'warm', ['warm', 'process']),
    owner: options.owner === undefined ? null : check.text('owner', options.owner),
    doc: options.doc === undefined ? null : check.text('doc', options.doc),
    connections: connectionIds(options.connections ?? [], check),
    outlets: outletsOf(options.outlets ?? [], check),
    mapIndexTemplate: mapIndexTemplateOf(options.mapIndexTemplate, check),
    callbacks: callbacksOf(CALLBACK_NAMES, options, check),
  };
}

/** Checks how often and when something is tried again, and fills in the defaults. Throws `DagDefinitionError`. */
export function retrySettings(options: RetryOptions, check: OptionChecks): RetrySettings {
  const backoff = options.retryExponentialBackoff ?? false;
  return {
    retries: check.integer('retries', options.retries ?? 0, 0),
    retryDelayMs: check.duration('retryDelay', options.retryDelay) ?? FIVE_MINUTES_MS,
    retryBackoff:
      typeof backoff === 'number' ? check.number('retryExponentialBackoff', backoff, 1) : backoff ? 2 : 1,
    retryJitter: check.number('retryJitter', options.retryJitter ?? 0, 0, 1),
    maxRetryDelayMs: check.duration('maxRetryDelay', options.maxRetryDelay) ?? ONE_DAY_MS,
  };
}

function connectionIds(given: readonly unknown[], check: OptionChecks): readonly string[] {
  if (!Array.isArray(given)) throw check.refuse('connections', 'a list of ids or connection(…)', given);
  const ids = given.map((one) =>
    check.text('connections', isConnectionReference(one) ? one.connectionId : one),
  );
  return [...new Set(ids)];
}

/** The callbacks that `options` give, by name, each as a list. */
export function callbacksOf<Name extends string>(
  names: readonly Name[],
  options: { readonly [K in Name]?: Callbacks | undefined },
  check: OptionChecks,
): Partial<Record<Name, readonly Callback[]>> {
  const callbacks: Partial<Record<Name, readonly Callback[]>> = {};
  for (const name of names) {
    const given = options[name];
    if (given === undefined) continue;
    const list = Array.isArray(given) ? (given as readonly Callback[]) : [given as Callback];
    for (const callback of list) {
      if (typeof callback !== 'function')
        throw check.refuse(name, 'a function, or a list of functions', callback);
    }
    if (list.length > 0) callbacks[name] = list;
  }
  return callbacks;
}

export type OptionChecks = ReturnType<typeof optionChecks>;

/** Checks of single options, each with a message that names `what`, the option, what was expected and what was given. */
export function optionChecks(what: string) {
  const refuse = (name: string, expected: string, given: unknown, hint = '') =>
    new DagDefinitionError(
      'invalid_option',
      `${what}: ${name} expects ${expected}, got ${inWords(given)}.${hint}`,
    );
  const number = (name: string, value: unknown, min = -Infinity, max = Infinity): number => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
    throw refuse(name, `a number${range(min, max)}`, value);
  };
  const integer = (name: string, value: unknown, min = -(2 ** 31), max = 2 ** 31 - 1): number => {
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    throw refuse(name, `a whole number${range(min, max)}`, value);
  };
  const plan = (name: string, value: DailyPlan, min: number): DailyPlan => {
    try {
      if (parseDailyPlan(value).least >= min) return value;
    } catch (error) {
      throw new DagDefinitionError('invalid_option', `${what}: ${name}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
    throw refuse(name, `a daily plan of numbers from ${min}`, value);
  };
  return {
    refuse,
    number,
    integer,
    flag(name: string, value: unknown): boolean {
      if (typeof value === 'boolean') return value;
      throw refuse(name, 'true or false', value);
    },
    text(name: string, value: unknown): string {
      if (typeof value === 'string' && value !== '') return value;
      throw refuse(name, 'a text', value);
    },
    texts(name: string, value: unknown): readonly string[] {
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
      throw refuse(name, 'a list of texts', value);
    },
    oneOf<const T extends string>(name: string, value: unknown, known: readonly T[]): T {
      if (known.includes(value as T)) return value as T;
      throw refuse(name, `one of ${known.join(', ')}`, value, suggestion(String(value), known));
    },
    duration(name: string, value: Duration | undefined): number | undefined {
      if (value === undefined) return undefined;
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw refuse(name, 'a duration such as "10m", or seconds', value);
      }
      try {
        return durationMs(value, name);
      } catch (error) {
        throw new DagDefinitionError('invalid_option', `${what}: ${errorMessage(error)}`, { cause: error });
      }
    },
    limit(name: string, value: unknown, min: number): Limit {
      if (isDailyPlan(value) && !isLiveVariable(value)) return plan(name, value, min);
      if (!isLiveVariable(value)) return integer(name, value, min);
      if (value.type === 'number' || value.type === 'json') return value as LiveVariable<number>;
      throw refuse(
        name,
        'a number, a daily plan or Variable.number(…)',
        `Variable.${value.type}("${value.name}")`,
      );
    },
  };
}

function range(min: number, max: number): string {
  if (min === -Infinity || min === -(2 ** 31)) return '';
  return max === Infinity || max === 2 ** 31 - 1 ? ` from ${min}` : ` from ${min} to ${max}`;
}

function inWords(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
