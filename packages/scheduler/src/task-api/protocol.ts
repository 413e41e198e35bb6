import type { CallbackFacts, Connection, NotificationEvent } from '@tsflow/core';
import type { TriggerCall } from '@tsflow/core/dag';
import type { SerializedError } from '@tsflow/core/errors';
import type { Json, JsonObject } from '@tsflow/core/json';
import type { ElementChoice, TaskOutcome } from '@tsflow/core/rules';

export type { TaskDecision, TaskOutcome } from '@tsflow/core/rules';

/**
 * The verbs between a task runner and the scheduler of its host: one line of JSON each, over a Unix domain socket.
 *
 * The scheduler listens; a runner connects, says `hello`, and from then on gets `grant` after `grant`. It runs one at a time; a grant
 * that waits there behind another can be taken back (see `Claims`), and is forgotten when the scheduler goes. The
 * fence is the grant number: every message about an attempt repeats (attemptId, grantNumber), and one that is not the newest
 * is answered with `fenced`, whereupon the runner ends without touching anything. A message that was accepted before is
 * answered as accepted again, so a runner may repeat what it is unsure of.
 */
export const TASK_API_PROTOCOL = 1;

/** Longest line that either side reads: an XCom value of 1 MiB, escaped, and its envelope. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

/** The id of a process in trigger mode begins with this: it takes many grants at once, of the kind `trigger` alone. */
export const TRIGGERS_PREFIX = 'triggers-';

/** Inputs travel inside the grant up to this many bytes in all; above it the runner asks with `xcom`. */
export const MAX_GRANT_INPUT_BYTES = 64 * 1024;

/** What a runner needs to run one attempt. Small, plain JSON. */
export interface Workload {
  /** `trigger`: what a deferred attempt waits for; its outcome's output is the event. */
  readonly kind: 'execute' | 'on_kill' | 'callback' | 'trigger';
  /** What to call, of a `callback`; then `attemptId` is the callback's own key. */
  readonly callback?: CallbackCall;
  /** Which trigger, of the kind `trigger`. */
  readonly trigger?: Pick<TriggerCall, 'type' | 'args'>;
  readonly attemptId: number;
  readonly grantNumber: number;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly maxTries: number;
  readonly version: string;
  /** Directory of the version below `TSFLOW_HOME/versions`, and the bundle inside it. */
  readonly bundle: string;
  readonly entry: string;
  readonly runType: string;
  readonly logicalDate: string;
  readonly dataInterval: { readonly start: string; readonly end: string };
  readonly timezone: string;
  readonly conf: JsonObject;
  /** Which part of its assets the run is about; null: it is about no part. */
  readonly partition: string | null;
  /** Values of the typed inputs, by {@link inputName}; one that is missing here has to be asked for with `xcom`. */
  readonly inputs: { readonly [source: string]: Json };
  /** Of a mapped task: which element of each list it is, by the id of what is mapped (the task, a group around it) and argument. */
  readonly elements?: { readonly [level: string]: { readonly [argument: string]: ElementChoice } };
  readonly executionTimeoutMs: number | null;
  /** What is left of it: the attempt may have waited since it began. */
  readonly timeLeftMs: number | null;
  /** How often this attempt was called before. */
  readonly calls: number;
  /** What the deferral brought after which it is called; absent: it was not deferred. */
  readonly event?: Json;
  /** When the first attempt since the last clear began, ISO 8601. */
  readonly begunAt: string;
  readonly isolation: 'warm' | 'process';
  /** Durable state saved by an earlier grant or try. */
  readonly savedState: JsonObject | null;
  /** Declared connections with their secrets, by id: they travel over the socket alone. One that is missing is asked for. */
  readonly connections?: { readonly [connectionId: string]: Connection };
}

/** The functions that an author gave for an event, and what they are told. */
export interface CallbackCall {
  readonly event: NotificationEvent;
  readonly facts: CallbackFacts;
}

/** How an input is called in a grant: `extract/return_value`, or `extract/return_value[3]` for one element of it. */
export function inputName(taskId: string, key: string, index?: number): string {
  return index === undefined ? `${taskId}/${key}` : `${taskId}/${key}[${index}]`;
}

/** Where the lines of an attempt are: a segment file below the log folder and a range of bytes. */
export interface LogRange {
  readonly segment: string;
  readonly start: number;
  /** Byte after the last line; null while it runs. */
  readonly end: number | null;
}

/** Who a runner is. `pidStart` tells a reused pid from the process that was meant. */
export interface RunnerIdentity {
  readonly runnerId: string;
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly pidStart: string;
}

/** How a runner has to behave; sent with `welcome`, so that a restarted scheduler's settings reach runners that it takes over. */
export interface RunnerSettings {
  /** How long a busy runner whose scheduler is gone goes on and waits for another. Default 10 min. */
  readonly orphanGraceMs?: number;
  /** Between TERM and KILL when an attempt runs out of its time. Default 10 s. */
  readonly killGraceMs?: number;
  /** Largest value that a task may push, in bytes of JSON. Default 1 MiB. */
  readonly maxXComBytes?: number;
  /** Bytes kept of the beginning of an attempt's log, and as many again of its end. Default 50 MB. */
  readonly logHeadBytes?: number;
  readonly logTailBytes?: number;
  /** A runner above this resident size takes no further attempt. Default 512 MB. */
  readonly maxMemoryBytes?: number;
  /** Attempts after which a runner is replaced. Default 10,000. */
  readonly maxAttempts?: number;
}

export interface AboutAttempt {
  readonly attemptId: number;
  readonly grantNumber: number;
}

/** From runner to scheduler. */
export type RunnerMessage =
  | {
      readonly verb: 'hello';
      readonly protocol: number;
      readonly runner: RunnerIdentity;
      /** The attempt that it is in the middle of: it comes back to a scheduler that was restarted. */
      readonly busyWith: AboutAttempt | null;
    }
  | (AboutAttempt & { readonly verb: 'started'; readonly atMs: number; readonly log: LogRange })
  | (AboutAttempt & {
      readonly verb: 'outcome';
      readonly startedAtMs: number;
      readonly endedAtMs: number;
      readonly outcome: TaskOutcome;
      readonly log: LogRange;
      readonly rendered: JsonObject | null;
      /** Absent: nobody named its map index, or it came not so far. */
      readonly renderedMapIndex?: string;
    })
  /** How people call its map index: known before its code begins, while the outcome may take hours. */
  | (AboutAttempt & { readonly verb: 'named'; readonly renderedMapIndex: string })
  /** A process group that an operator is about to lead or has just started: a kill goes to it too. */
  | (AboutAttempt & { readonly verb: 'group'; readonly processGroup: number })
  | (AboutAttempt & { readonly verb: 'state'; readonly seq: number; readonly savedState: JsonObject | null })
  | (AboutAttempt & {
      readonly verb: 'xcom';
      readonly seq: number;
      readonly taskId: string;
      readonly key: string;
      /** One element of it, for a task that is mapped over it. */
      readonly index?: number;
    })
  | (AboutAttempt & { readonly verb: 'variable'; readonly seq: number; readonly key: string })
  | (AboutAttempt & {
      readonly verb: 'set_variable';
      readonly seq: number;
      readonly key: string;
      readonly value: Json;
    })
  /** A run of another DAG; `call`: how many the attempt asked for before. */
  | (AboutAttempt & {
      readonly verb: 'trigger_run';
      readonly seq: number;
      readonly dagId: string;
      readonly conf: JsonObject;
      readonly logicalDate: string | null;
      readonly call: number;
    })
  /** An event of an asset that is no outlet of the task; `call`: how many it posted before. */
  | (AboutAttempt & {
      readonly verb: 'post_asset_event';
      readonly seq: number;
      readonly asset: string;
      readonly extra: JsonObject;
      readonly partition: string | null;
      readonly call: number;
    })
  /** The newest run of its DAG before this one that succeeded. */
  | (AboutAttempt & { readonly verb: 'previous_success'; readonly seq: number })
  /** The events that started the run of this attempt. */
  | (AboutAttempt & { readonly verb: 'asset_events'; readonly seq: number })
  | (AboutAttempt & { readonly verb: 'connection'; readonly seq: number; readonly connectionId: string })
  /** A grant that waited behind another has not begun and will not: it was revoked, or the runner retires. */
  | (AboutAttempt & { readonly verb: 'declined'; readonly ticket: number })
  /** The code of a version is there: what begins from now on is the task's own work. Said again after a reconnect. */
  | { readonly verb: 'loaded'; readonly bundle: string }
  /** It will take no further grant (leaked handles, memory, many attempts) and exits when the socket closes. */
  | { readonly verb: 'retiring'; readonly reason: string };

/** From scheduler to runner. */
export type SchedulerMessage =
  | { readonly verb: 'welcome'; readonly protocol: number; readonly settings?: RunnerSettings }
  /** `ticket`: counts the grants of a runner, from 1. */
  | { readonly verb: 'grant'; readonly workload: Workload; readonly ticket: number }
  /** The outcome (or state) of that grant is committed: the runner may forget it. */
  | (AboutAttempt & { readonly verb: 'accepted' })
  /** Another grant is newer: stop, run no onKill, report nothing. */
  | (AboutAttempt & { readonly verb: 'fenced' })
  | (AboutAttempt & { readonly verb: 'cancel'; readonly reason: string; readonly graceMs: number })
  | { readonly verb: 'reply'; readonly seq: number; readonly value: Json | undefined }
  | { readonly verb: 'reply_error'; readonly seq: number; readonly error: SerializedError }
  /** Load this bundle now: a tick that needs it is near. */
  | { readonly verb: 'preload'; readonly bundle: string; readonly entry: string }
  /** Exit when idle. */
  | { readonly verb: 'retire' };
