import type { EmittedAssetEvent } from '@tsflow/core/assets';
import {
  type Connection,
  type ConnectionPort,
  type ConnectionReference,
  connectionValue,
} from '@tsflow/core/connections';
import {
  type AnyDag,
  type AssetPort,
  type DagRunPort,
  isLiveVariable,
  type LiveVariable,
  type ProcessPort,
  RETURN_VALUE,
  type StatePort,
  type TaskContext,
  type TaskLog,
  type TaskOutput,
  type VariablePort,
  variableValue,
  type XComPort,
} from '@tsflow/core/dag';
import { durationMs } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import type { Json, JsonObject } from '@tsflow/core/json';
import type { AttemptLog, SecretMasker } from '@tsflow/core/logs';
import type { Params } from '@tsflow/core/params';
import type { RunType } from '@tsflow/core/state';
import type { ElementPort } from '@tsflow/core/templating';
import { ATTEMPT_VARIABLE } from '../processes/process-table.ts';
import { inputName, type Workload } from '../task-api/protocol.ts';
import { assetPort } from './asset-port.ts';
import { dagRunPort } from './dag-run-port.ts';
import { xcomValue } from './xcom-value.ts';

/** What an attempt asks of the scheduler, whichever way it travels. */
export type AttemptQuestion =
  | { readonly verb: 'state'; readonly savedState: JsonObject | null }
  | { readonly verb: 'asset_events' }
  | { readonly verb: 'previous_success' }
  | {
      readonly verb: 'trigger_run';
      readonly dagId: string;
      readonly conf: JsonObject;
      readonly logicalDate: string | null;
      readonly call: number;
    }
  | {
      readonly verb: 'post_asset_event';
      readonly asset: string;
      readonly extra: JsonObject;
      readonly partition: string | null;
      readonly call: number;
    }
  | { readonly verb: 'xcom'; readonly taskId: string; readonly key: string; readonly index?: number }
  | { readonly verb: 'variable'; readonly key: string }
  | { readonly verb: 'set_variable'; readonly key: string; readonly value: Json }
  | { readonly verb: 'connection'; readonly connectionId: string };

/** The ways from an attempt to the world outside of its process. */
export interface AttemptPorts {
  ask(question: AttemptQuestion): Promise<Json | undefined>;
  /** The group gets the attempt's kills from now on. */
  registerGroup(processGroup: number): Promise<void>;
  releaseGroup(processGroup: number): void;
}

/** What the context of an attempt is made of. */
export interface ContextParts {
  readonly workload: Workload;
  readonly params: Params;
  readonly schedule: Pick<AnyDag, 'timetable' | 'endDate'>;
  readonly log: AttemptLog;
  readonly masker: SecretMasker;
  readonly ports: AttemptPorts;
  readonly signal: () => AbortSignal;
  /** Passes so much time; rejects with the reason of the signal when that fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly scratchDir: string;
  readonly dagDirectory: string;
  readonly maxXComBytes: number | undefined;
  /** Names of the assets that the task updates. */
  readonly outlets: readonly string[];
  /** What commands get in their environment besides. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The context of one attempt, over the task API. Also keeps what the attempt pushed and saved, for its outcome. */
export class AttemptContext implements TaskContext {
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly taskId: string;
  readonly mapPath: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly attemptId: number;
  readonly calls: number;
  readonly ts: string;
  readonly timezone: string;
  readonly params: Params;
  readonly conf: JsonObject;
  readonly log: TaskLog;
  readonly xcom: XComPort;
  readonly variables: VariablePort;
  readonly assets: AssetPort;
  readonly dagRuns: DagRunPort;
  readonly partition: string | null;
  readonly connections: ConnectionPort;
  readonly state: StatePort;
  readonly processes: ProcessPort;
  readonly sleep: TaskContext['sleep'];
  /** Which elements of lists it is mapped to. */
  readonly elements: ElementPort;
  readonly dagDirectory: string;
  /** What the task pushed so far; stored with its success. */
  readonly pushed = new Map<string, Json>();
  /** What it said about its outlets so far. */
  readonly emitted: EmittedAssetEvent[] = [];
  readonly #dataInterval: Workload['dataInterval'];
  readonly #signal: () => AbortSignal;
  readonly #schedule: ContextParts['schedule'];
  readonly #parts: ContextParts;
  #savedState: JsonObject | null;
  readonly #begunAt: string;

  constructor(parts: ContextParts) {
    const { workload, ports } = parts;
    this.dagId = workload.dagId;
    this.runId = workload.runId;
    this.runType = workload.runType as RunType;
    this.taskId = workload.taskId;
    this.mapPath = workload.mapPath;
    this.mapIndex = mapIndexOf(workload.mapPath);
    this.tryNumber = workload.tryNumber;
    this.attemptId = workload.attemptId;
    this.calls = workload.calls;
    this.#begunAt = workload.begunAt;
    this.ts = workload.logicalDate;
    this.timezone = workload.timezone;
    this.params = parts.params;
    this.conf = workload.conf;
    this.#signal = parts.signal;
    this.#schedule = parts.schedule;
    this.#parts = parts;
    this.dagDirectory = parts.dagDirectory;
    this.#dataInterval = workload.dataInterval;
    this.#savedState = workload.savedState;
    this.log = taskLog(parts.log);
    this.xcom = xcomPort(parts, this.pushed);
    this.elements = elementPort(parts);
    this.variables = variablePort(ports);
    this.assets = assetPort(ports, this.emitted, parts.outlets);
    this.dagRuns = dagRunPort(ports);
    this.partition = workload.partition;
    this.connections = connectionPort(parts);
    this.processes = {
      environment: { ...parts.environment, [ATTEMPT_VARIABLE]: String(workload.attemptId) },
      register: (processGroup) => ports.registerGroup(processGroup),
      release: (processGroup) => ports.releaseGroup(processGroup),
    };
    this.sleep = async (duration) => parts.sleep(durationMs(duration, 'sleep'), this.signal);
    this.state = {
      load: async <T extends JsonObject>() => this.#savedState as T | null,
      save: async (state) => {
        const saved = xcomValue('state', state, parts.maxXComBytes);
        if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) {
          throw new InvalidInputError('context.state.save expects a JSON object.');
        }
        await ports.ask({ verb: 'state', savedState: saved as JsonObject });
        this.#savedState = saved as JsonObject;
      },
      clear: async () => {
        await ports.ask({ verb: 'state', savedState: null });
        this.#savedState = null;
      },
    };
  }

  /** What was saved last, for an outcome that keeps it. */
  get savedState(): JsonObject | null {
    return this.#savedState;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }

  get scratchDir(): string {
    return this.#parts.scratchDir;
  }

  // Dates are made for each reader: they can be changed, and the next reader must not see that.

  get begunAt(): Date {
    return new Date(this.#begunAt);
  }

  get logicalDate(): Date {
    return new Date(this.ts);
  }

  get dataInterval(): TaskContext['dataInterval'] {
    return { start: new Date(this.#dataInterval.start), end: new Date(this.#dataInterval.end) };
  }

  get nextRunAt(): Date | null {
    const { timetable, endDate } = this.#schedule;
    const restriction = { earliest: null, latest: endDate, catchup: true, now: new Date() };
    return timetable.nextRun(this.logicalDate, restriction)?.runAfter ?? null;
  }

  get ds(): string {
    return this.timezone === 'UTC' ? this.ts.slice(0, 10) : localDay(this.timezone, this.logicalDate);
  }
}

function taskLog(log: AttemptLog): TaskLog {
  return {
    debug: (message, fields) => log.write('debug', 'task', String(message), fields),
    info: (message, fields) => log.write('info', 'task', String(message), fields),
    warn: (message, fields) => log.write('warn', 'task', String(message), fields),
    error: (message, fields) => log.write('error', 'task', String(message), fields),
  };
}

function xcomPort({ workload, ports, maxXComBytes }: ContextParts, pushed: Map<string, Json>): XComPort {
  return {
    async pull<T>(source: string | TaskOutput<T>, key = RETURN_VALUE): Promise<T> {
      const output = typeof source === 'string' ? { taskId: source, key } : source;
      const name = inputName(output.taskId, output.key);
      if (Object.hasOwn(workload.inputs, name)) return workload.inputs[name] as T;
      const value = await ports.ask({ verb: 'xcom', taskId: output.taskId, key: output.key });
      return (value ?? null) as T;
    },
    push(key, value) {
      if (typeof key !== 'string' || key === '')
        throw new InvalidInputError('context.xcom.push expects a key.');
      const json = xcomValue(key, value, maxXComBytes);
      if (json === undefined) pushed.delete(key);
      else pushed.set(key, json);
    },
  };
}

function elementPort({ workload, ports }: ContextParts): ElementPort {
  return {
    choice(level, argument) {
      const choice = workload.elements?.[level]?.[argument];
      if (choice === undefined) {
        throw new InvalidInputError(
          `"${level}" is mapped over "${argument}" in the code, but was not when it was granted.`,
        );
      }
      return choice;
    },
    async pull(taskId, key, index) {
      const name = inputName(taskId, key, index);
      if (Object.hasOwn(workload.inputs, name)) return workload.inputs[name];
      return (await ports.ask({ verb: 'xcom', taskId, key, index })) ?? null;
    },
  };
}

function variablePort(ports: AttemptPorts): VariablePort {
  async function get(variable: string | LiveVariable<unknown>): Promise<unknown> {
    if (!isLiveVariable(variable)) return ports.ask({ verb: 'variable', key: variable });
    return variableValue(variable, await ports.ask({ verb: 'variable', key: variable.name }));
  }
  return {
    get: get as VariablePort['get'],
    async set(key, value) {
      const json = xcomValue(key, value);
      if (json === undefined) throw new InvalidInputError(`Variable "${key}" cannot be set to undefined.`);
      await ports.ask({ verb: 'set_variable', key, value: json });
    },
  };
}

/** Registers what is secret in a connection before the task sees it. */
function connectionPort({ workload, ports, masker, log }: ContextParts): ConnectionPort {
  const mask = (connection: Connection): Connection => {
    const registered = [masker.register(connection.password), masker.register(connection.extra)];
    if (registered.includes(false)) {
      const short = `Connection "${connection.connectionId}" has a secret that is too short to be masked in logs.`;
      log.write('warn', 'system', short);
    }
    return connection;
  };
  const declared = new Map(Object.entries(workload.connections ?? {}));
  for (const connection of declared.values()) mask(connection);
  const read = async (connectionId: string): Promise<Connection> =>
    declared.get(connectionId) ??
    mask((await ports.ask({ verb: 'connection', connectionId })) as unknown as Connection);
  async function get<T>(asked: string | ConnectionReference<T>): Promise<Connection | T> {
    if (typeof asked === 'string') return read(asked);
    return connectionValue(asked, await read(asked.connectionId));
  }
  return { get: get as ConnectionPort['get'] };
}

/** Last component of a map path; -1: not mapped. */
export function mapIndexOf(mapPath: string): number {
  return mapPath === '' ? -1 : Number(mapPath.slice(mapPath.lastIndexOf('.') + 1));
}

const dayFormats = new Map<string, Intl.DateTimeFormat>();

function localDay(timezone: string, instant: Date): string {
  let format = dayFormats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    dayFormats.set(timezone, format);
  }
  return format.format(instant);
}
