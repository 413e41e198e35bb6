import type { OnTimeout, Wait } from '../dag/wait.ts';
import type { Json, JsonObject } from '../json.ts';
import type { TriggerRule } from '../state/index.ts';

/** Grows when a reader of the old form could misread the new one. */
export const SERIALIZED_DAG_FORMAT = 1;

/** A number that is fixed, follows the clock, or is a Variable read at each decision. */
export type LiveNumber = number | VariableReference | PlanReference;

/** A daily plan as it stands in a serialized DAG: with its zone. */
export interface PlanReference {
  readonly $plan: {
    readonly default: number;
    readonly windows: readonly {
      readonly cron: string;
      readonly for: string | number;
      readonly value: number;
    }[];
    readonly timezone: string;
  };
}

/** A reference to a Variable, as it stands in a serialized DAG: parsing a file reads no Variables. */
export interface VariableReference {
  readonly $variable: {
    readonly name: string;
    readonly type: 'number' | 'string' | 'boolean' | 'json';
    readonly default: Json;
  };
}

/**
 * A DAG as plain data: all that the scheduler, the web server and the command line know of it. Canonical: the same file
 * parsed twice gives the same text. Times are milliseconds, instants are ISO 8601 UTC.
 */
export interface SerializedDag {
  readonly format: typeof SERIALIZED_DAG_FORMAT;
  readonly dagId: string;
  readonly description: string | null;
  /** Markdown. */
  readonly doc: string | null;
  readonly tags: readonly string[];
  readonly owner: string | null;
  /** IANA name; schedule, `ds` and date-only arguments are read in it. */
  readonly timezone: string;
  /** `Timetable.toJson()`; `{ "type": "none" }` for a DAG that only people and events start. */
  readonly timetable: JsonObject;
  /** `Timetable.describe()`, so that a reader needs no timetable to show it. */
  readonly schedule: string;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly catchup: boolean;
  /** A tick while maxActiveRuns are active is passed over. Absent: it waits. */
  readonly onOverlap?: 'skip';
  /** A tick that is later than this is passed over. Absent: however late. */
  readonly skipDelayedByMs?: number;
  /** Runs become due up to this long after their tick, by a hash of the DAG's id. Absent: at it. */
  readonly jitterMs?: number;
  readonly maxActiveRuns: LiveNumber;
  readonly maxActiveTasks: LiveNumber;
  readonly dagRunTimeoutMs: number | null;
  readonly failFast: boolean;
  readonly pausedUponCreation: boolean;
  /** JSON Schema of the params (`z.toJSONSchema`, io: input); null: any object is taken as conf. */
  readonly paramsSchema: JsonObject | null;
  /** Defaults of the params, for forms. */
  readonly paramsDefaults: JsonObject;
  /** Names of the run's callbacks that the author gave: the runner finds the functions in the loaded DAG. */
  readonly callbacks?: readonly ('onSuccess' | 'onFailure')[];
  /** The assets that its schedule names, or its tasks update or wait for; absent: none. */
  readonly assets?: readonly SerializedAsset[];
  /** By when the run or a task of it has to be done. */
  readonly deadlines?: readonly SerializedDeadline[];
  /** In topological order (Kahn, ties by order of declaration), so that an index is enough to draw and to decide. */
  readonly tasks: readonly SerializedTask[];
  /** In order of declaration, parents before children. */
  readonly groups: readonly SerializedGroup[];
}

export interface SerializedTask {
  readonly taskId: string;
  /** Innermost group's id, or null. A task's id already has its groups in front: `group.task`. */
  readonly groupId: string | null;
  /** Name of the operator class: `BashOperator`, `FunctionOperator`. For display and reports. */
  readonly operator: string;
  readonly doc: string | null;
  readonly owner: string | null;
  readonly triggerRule: TriggerRule;
  readonly upstream: readonly string[];
  /** Direct downstream ids. Derived from `upstream`, written out because readers want it. */
  readonly downstream: readonly string[];
  readonly retries: number;
  readonly retryDelayMs: number;
  /** 1: constant. */
  readonly retryBackoff: number;
  /** 0 to 1. */
  readonly retryJitter: number;
  readonly maxRetryDelayMs: number;
  readonly executionTimeoutMs: number | null;
  readonly pool: string;
  readonly poolSlots: number;
  readonly priorityWeight: number;
  readonly weightRule: 'downstream' | 'upstream' | 'absolute';
  /** How many instances of this task may be active over all runs of the DAG; null: no limit of its own. */
  readonly maxActiveTisPerDag: LiveNumber | null;
  /** The same within one run. Absent: no limit. */
  readonly maxActiveTisPerDagrun?: LiveNumber;
  /** Tasks of one key run at most `limit` at a time, over all DAGs. Absent: none. */
  readonly concurrency?: { readonly key: string; readonly limit: LiveNumber };
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  readonly queue: string;
  readonly isolation: 'warm' | 'process';
  readonly isSetup: boolean;
  readonly isTeardown: boolean;
  readonly onFailureFailDagRun: boolean;
  /** True when success can be recorded without a process: an EmptyOperator without callbacks or outlets. */
  readonly nothingToDo: boolean;
  /** What the task waits for, when it is nothing but a wait that the scheduler answers. */
  readonly wait?: Wait;
  /** After how long such a wait is given up, from its begin; absent: never. */
  readonly waitTimeoutMs?: number;
  /** What becomes of it then; absent: it fails. */
  readonly onWaitTimeout?: OnTimeout;
  /** True when ending it from outside calls its operator's `onKill`. */
  readonly onKill?: boolean;
  /** What the outcome of this task decides about its downstream, if it is one of those. */
  readonly decides: 'branch' | 'short_circuit' | 'until' | null;
  /** Branch only: the groups that it chooses one of, by name; what is in none of them goes on. Absent: it chooses among its direct downstream. */
  readonly sides?: Readonly<Record<string, string>>;
  /** Short-circuit only: skip direct downstream alone and let trigger rules carry it on. */
  readonly ignoreDownstreamTriggerRules: boolean;
  /** Upstream values the task reads before it starts: its typed inputs. Each is an edge too. */
  readonly inputs: readonly SerializedInput[];
  /** Names of the callbacks that the author gave: the runner finds the functions in the loaded DAG. */
  readonly callbacks: readonly ('onExecute' | 'onSuccess' | 'onFailure' | 'onRetry' | 'onSkipped')[];
  /** Connections that it is known to use: sent with its grant. Absent: none. */
  readonly connections?: readonly string[];
  /** Name of the asset whose events it waits for; absent: none. */
  readonly sensedAsset?: string;
  /** Names of the assets that have an event when it succeeds; absent: none. */
  readonly outlets?: readonly string[];
  /** Names of the templated fields, for the rendered-fields view. */
  readonly templateFields: readonly string[];
  /** The lists that it is mapped over; absent: it is not mapped itself. */
  readonly expand?: SerializedExpansion;
  /** Mapped groups around it whose element it reads; absent: none. */
  readonly elementsOf?: readonly string[];
}

/** An asset as the DAGs that name it describe it. */
export interface SerializedAsset {
  readonly name: string;
  readonly uri: string | null;
  readonly description: string | null;
  readonly freshnessMs: number | null;
}

/** What a task or a group is mapped over: one instance for each combination, the last argument varying fastest. */
export interface SerializedExpansion {
  readonly arguments: readonly SerializedMapArgument[];
  /** Of a group: its indexes run one after the other, each when the one before has gone well. Absent: side by side. */
  readonly loop?: SerializedLoop;
}

export interface SerializedLoop {
  /** The task in it whose output ends it when it is true; null: it runs to the end of its list. */
  readonly until: string | null;
  /** What becomes of it when that has not held at the end of the list. */
  readonly onMax: 'fail' | 'continue';
}

export interface SerializedMapArgument {
  readonly name: string;
  readonly list: SerializedList;
}

/**
 * A list as the scheduler knows it: enough to count its elements and to say which element of which output an index means. Functions of the
 * author take no part: `map` is applied where the element is used, and what decides a length is a task of its own.
 */
export type SerializedList =
  /** A list written in the DAG file. */
  | { readonly kind: 'literal'; readonly length: number }
  /** What a task will have returned: a list, or an object, whose elements are its entries. */
  | { readonly kind: 'output'; readonly taskId: string; readonly key: string }
  /** Side by side, as long as the shortest. */
  | { readonly kind: 'zip'; readonly of: readonly SerializedList[] }
  /** One after the other. */
  | { readonly kind: 'concat'; readonly of: readonly SerializedList[] };

export interface SerializedInput {
  readonly taskId: string;
  readonly key: string;
}

export interface SerializedGroup {
  readonly groupId: string;
  readonly parentId: string | null;
  /** How many of its tasks, at any depth, may be active at once within one run. Absent: no limit. */
  readonly maxActiveTasks?: LiveNumber;
  readonly label: string;
  readonly doc: string | null;
  /** How the whole group is tried again when a task of it failed for good; absent: it is not. */
  readonly retry?: SerializedGroupRetry;
  /** The lists that the whole group is mapped over; absent: it is not. */
  readonly expand?: SerializedExpansion;
}

/** The words and units are those of a task's retries. */
export interface SerializedGroupRetry {
  /** At least 1. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** 1: constant. */
  readonly retryBackoff: number;
  /** 0 to 1. */
  readonly retryJitter: number;
  readonly maxRetryDelayMs: number;
}

/** Exactly one of `by` and `withinMs` is not null. */
export interface SerializedDeadline {
  readonly name: string;
  /** Null: the run. */
  readonly taskId: string | null;
  /** `HH:MM` on the clock of the DAG's zone, on the day the run becomes due. */
  readonly by: string | null;
  /** From the moment the run becomes due. */
  readonly withinMs: number | null;
  /** Whether the author gave an `onMiss`. */
  readonly callback: boolean;
}
