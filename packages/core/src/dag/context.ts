import type { Asset, AssetEvent, AssetEventFacts } from '../assets/index.ts';
import type { ConnectionPort } from '../connections/index.ts';
import type { Duration } from '../duration.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Params } from '../params/index.ts';
import type { RunType } from '../state/index.ts';
import type { DataInterval } from '../timetables/timetable.ts';
import type { DagRunPort } from './dag-run-port.ts';
import type { TaskOutput } from './task-output.ts';
import type { LiveVariable } from './variable.ts';

/**
 * What a task gets while it runs: the facts of its attempt, and ports to everything outside of it. Interfaces only: the task
 * runner implements them over the task API, the test kit with values in memory.
 */
export interface TaskContext<P = Params> {
  /** Of the DAG that the task belongs to. */
  readonly dagId: string;
  /** Of the run: `scheduled__2026-01-31T03:00:00Z`, for one. Unique within the DAG. */
  readonly runId: string;
  /** What made the run. */
  readonly runType: RunType;
  /** With the ids of its groups in front: `group.task`. */
  readonly taskId: string;
  /**
   * Where the instance is in everything mapped around it, outermost first: `2`, or `2.0` for the first of a list within the third of another. Empty:
   * not mapped. With `taskId` it names one instance of the run.
   */
  readonly mapPath: string;
  /** Last component of the map path; -1: not mapped. Instances of a nested list may share it. */
  readonly mapIndex: number;
  /** From 1. Grows with each try and never restarts, also after a clear. */
  readonly tryNumber: number;
  /** Identifies the attempt over all runs; the same when it is called again after a reschedule. */
  readonly attemptId: number;
  /** How often this attempt was called before: after a reschedule or a deferral. 0 the first time. */
  readonly calls: number;
  /** When the first attempt since the last clear began: what the `timeout` of a sensor counts from. */
  readonly begunAt: Date;
  /** The instant the run is about: its tick, or what the person gave. */
  readonly logicalDate: Date;
  /** The stretch of time the run is about: `start` belongs to it, `end` does not. */
  readonly dataInterval: DataInterval;
  /** When the run after this one is due by the schedule, whether it is there or not; null: the schedule has no further one. */
  readonly nextRunAt: Date | null;
  /** Day of `logicalDate` in the DAG's zone, `YYYY-MM-DD`. A load of "yesterday" uses `dataInterval`, never this minus one. */
  readonly ds: string;
  /** `logicalDate` as ISO 8601 UTC. */
  readonly ts: string;
  /** Zone of the DAG (IANA name). */
  readonly timezone: string;
  /** Checked by the DAG's schema, defaults filled in. */
  readonly params: P;
  /** What the run was triggered with, as it was given. */
  readonly conf: JsonObject;
  /** Which part of its assets the run is about, when events with a partition started it; else null. */
  readonly partition: string | null;
  /** Writes lines to the attempt's log. */
  readonly log: TaskLog;
  /** Values that tasks of the run hand to each other. */
  readonly xcom: XComPort;
  /** Reads and sets Variables. */
  readonly variables: VariablePort;
  /** Reads Connections; their secrets are masked from then on. */
  readonly connections: ConnectionPort;
  /** The events that started the run, and those that the task brings about. */
  readonly assets: AssetPort;
  /** Makes runs of other DAGs, each once. */
  readonly dagRuns: DagRunPort;
  /** Small state that survives crashes, retries and waits. */
  readonly state: StatePort;
  /** Makes processes known that the task starts, so that a kill reaches them. */
  readonly processes: ProcessPort;
  /** Fires when the attempt has to end: killed, cleared, timed out. Pass it on to whatever waits. */
  readonly signal: AbortSignal;
  /**
   * Waits, holding the slot; a number is seconds. Rejects with the reason of `signal` as soon as the attempt has to end, and costs no real
   * time in the test kit. To wait long, throw `TaskRescheduled` or use a sensor: those hold nothing.
   */
  sleep(duration: Duration): Promise<void>;
  /** Directory of this attempt alone, removed afterwards. */
  readonly scratchDir: string;
  /** Directory of the DAG file in this version: where `./load.sh` is, and the working directory of commands. Not to be written to. */
  readonly dagDirectory: string;
}

/** Writes to the log of the attempt. Lines are masked; `fields` are facts beside the message. */
export interface TaskLog {
  /** What helps to find an error; hidden unless somebody asks for it. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What happens. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What is wrong, and does not keep the task from going on. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What went wrong. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Values that tasks of one run hand to each other: JSON, at most 1 MiB each by default. */
export interface XComPort {
  /** What the task returned; null when it returned nothing, was skipped or has not run. */
  pull<T>(output: TaskOutput<T>): Promise<T>;
  /** @param key default `return_value` */
  pull(taskId: string, key?: string): Promise<Json>;
  /** Adds a value under `key`. Stored when the task succeeds, together with what it returns. */
  push(key: string, value: unknown): void;
}

/** What happened to assets: the events that started the run, and those that the task brings about. */
export interface AssetPort {
  /** The events that started this run, oldest first; none when something else did. */
  triggeredBy(): Promise<readonly AssetEvent[]>;
  /**
   * Says what is new in an outlet of the task, in place of the event that it would have by itself; called again, another event. The events
   * happen when the task succeeds, and not at all when it does not. Throws `InvalidInputError` for an asset that is no outlet.
   */
  emit(outlet: Asset | string, facts?: AssetEventFacts): void;
  /**
   * Posts an event of any asset now, whatever becomes of the task: for what is found out on the way. An outlet's event belongs to its success;
   * prefer it. Resolves when the event is stored. The nth event of an instance is stored once, however often the task is tried or called
   * again; clearing counts anew. Throws `NotFoundError` when no DAG names the asset, `InvalidInputError` for facts that are no JSON.
   */
  post(asset: Asset | string, facts?: AssetEventFacts): Promise<{ readonly eventId: number }>;
}

export interface VariablePort {
  /** The Variable's value, or its default. Throws `VariableTypeError` when it holds another type. */
  get<T>(variable: LiveVariable<T>): Promise<T>;
  /** The stored value; undefined when there is none. */
  get(name: string): Promise<Json | undefined>;
  set(name: string, value: Json): Promise<void>;
}

/**
 * Small durable state of the instance: it survives a crash, a reschedule, a deferral and a retry, and a failed task that is cleared
 * goes on from it. Success, and an `onKill` that did its work, leave nothing. Save an external job's id before submitting it, and the
 * next attempt takes the job over instead of paying for a second one; `DurableOperator` does that.
 */
export interface StatePort {
  /** What was saved last; null: nothing yet. */
  load<T extends JsonObject = JsonObject>(): Promise<T | null>;
  /** Resolves when it is committed. Replaces what was saved before. */
  save(state: JsonObject): Promise<void>;
  /** Resolves when nothing is saved any more: the next attempt begins anew. */
  clear(): Promise<void>;
}

/** Makes the processes that an operator starts known, so that a kill reaches them also when this process is gone. */
export interface ProcessPort {
  /** Variables for the environment of every command: what finds it after a crash (the attempt's id), nothing secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves when a kill of the attempt would reach `processGroup`. Await it before the command begins its work. */
  register(processGroup: number): Promise<void>;
  /** The group is gone: its number may be reused by the system. */
  release(processGroup: number): void;
}
