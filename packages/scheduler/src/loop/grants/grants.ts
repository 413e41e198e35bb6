import type { Connection } from '@tsflow/core/connections';
import { errorMessage, type SerializedError, serializeError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import {
  type AttemptWork,
  attemptDeadline,
  chooseElements,
  type InstanceWork,
  lengthOfSource,
  outputElements,
  pathIndex,
  pathPrefix,
} from '@tsflow/core/rules';
import { DatabaseError } from '@tsflow/core/store';
import { inputName, MAX_GRANT_INPUT_BYTES, type Workload } from '../../task-api/protocol.ts';
import type { World } from '../held/world.ts';
import { elementFor, outputFor } from './upstream-values.ts';

/** An instance that got its slots, and the attempt that is to run. */
export interface Admission {
  readonly instance: InstanceWork;
  readonly attempt: AttemptWork;
}

/** An attempt that cannot be handed out: what it reads is gone, since somebody cleared the task that made it. */
export interface Ungrantable {
  readonly attemptId: number;
  readonly grantNumber: number;
  readonly error: SerializedError;
}

/** Workloads of attempts that were admitted and committed: plain JSON, inputs included as far as they are small. */
export async function workloads(
  world: World,
  admitted: readonly Admission[],
): Promise<{ readonly workloads: Workload[]; readonly failed: Ungrantable[] }> {
  const result: Workload[] = [];
  const connections: Found = new Map();
  const failed: Ungrantable[] = [];
  for (const { instance, attempt } of admitted) {
    if (instance.attempt !== attempt) continue;
    try {
      result.push(await workload(world, instance, attempt, connections));
    } catch (error) {
      // The database is everybody's trouble; anything else is this attempt's own, and must not keep the others from theirs.
      if (error instanceof DatabaseError) throw error;
      const { attemptId, grantNumber } = attempt;
      failed.push({ attemptId, grantNumber, error: serializeError(error) });
    }
  }
  return { workloads: result, failed };
}

async function workload(
  world: World,
  instance: InstanceWork,
  attempt: AttemptWork,
  connections: Found,
): Promise<Workload> {
  const { run, task } = instance;
  // Not its run's, when that was cleared while it ran.
  const { bundle, entry } = await world.versions.ensure(attempt.version);
  const kind = kindOf(attempt);
  const on = kind === 'trigger' ? attempt.waiting?.deferral?.on : undefined;
  const now = world.clock.now();
  const deadline = attemptDeadline(instance);
  return {
    kind,
    ...(on?.kind === 'trigger' ? { trigger: { type: on.type, args: on.args } } : {}),
    attemptId: attempt.attemptId,
    grantNumber: attempt.grantNumber,
    dagId: run.dag.dagId,
    runId: run.runId,
    taskId: task.spec.taskId,
    mapPath: instance.mapPath,
    tryNumber: attempt.tryNumber,
    infraNumber: attempt.infraNumber,
    maxTries: instance.maxTries,
    version: attempt.version,
    bundle,
    entry,
    runType: run.runType,
    logicalDate: iso(run.logicalDate),
    dataInterval: { start: iso(run.dataIntervalStart), end: iso(run.dataIntervalEnd) },
    timezone: run.graph.dag.timezone,
    conf: run.conf,
    partition: run.partition,
    ...(await inputsOf(world, instance)),
    ...(kind === 'on_kill'
      ? { executionTimeoutMs: ON_KILL_TIMEOUT_MS, timeLeftMs: ON_KILL_TIMEOUT_MS }
      : // A trigger is fenced by the timer of its attempt.
        {
          executionTimeoutMs: task.spec.executionTimeoutMs,
          timeLeftMs: deadline === null ? task.spec.executionTimeoutMs : deadline - now,
        }),
    calls: attempt.waiting?.calls ?? 0,
    ...(attempt.waiting?.event === undefined ? {} : { event: attempt.waiting.event }),
    begunAt: iso(instance.begunAt ?? now),
    isolation: task.spec.isolation,
    savedState: attempt.savedState,
    ...(task.spec.connections === undefined
      ? {}
      : { connections: await declared(world, task.spec.connections, connections) }),
  };
}

function kindOf({ state }: AttemptWork): Workload['kind'] {
  if (state === 'on_kill') return 'on_kill';
  return state === 'deferred' ? 'trigger' : 'execute';
}

/** How long an `onKill` may take before it is ended. */
const ON_KILL_TIMEOUT_MS = 60_000;

/** Connections that were read for one hand-out; null: this one cannot be. */
type Found = Map<string, Connection | null>;

/** What cannot be read now is left out: the task asks for it, and hears why. */
async function declared(
  { connections, logger }: World,
  connectionIds: readonly string[],
  found: Found,
): Promise<NonNullable<Workload['connections']>> {
  const given: { [connectionId: string]: Connection } = {};
  for (const connectionId of connectionIds) {
    if (!found.has(connectionId)) {
      try {
        found.set(connectionId, await connections.get(connectionId));
      } catch (error) {
        found.set(connectionId, null);
        logger.warn('A declared connection cannot be read.', { connectionId, error: errorMessage(error) });
      }
    }
    const connection = found.get(connectionId);
    if (connection != null) given[connectionId] = connection;
  }
  return given;
}

const iso = (instant: number): string => new Date(instant).toISOString();

type Inputs = Pick<Workload, 'inputs' | 'elements'>;

const noInputs: Inputs = { inputs: {} };

/** What the task reads of others, as far as it is small: what does not fit the grant is asked for by the runner. */
async function inputsOf({ store }: World, instance: InstanceWork): Promise<Inputs> {
  const { spec, levels } = instance.task;
  if (spec.inputs.length === 0 && levels.length === 0) return noInputs;
  const inputs: { [source: string]: Json } = {};
  let bytes = 0;
  const add = (name: string, value: Json): void => {
    bytes += Buffer.byteLength(JSON.stringify(value));
    if (bytes <= MAX_GRANT_INPUT_BYTES) inputs[name] = value;
  };
  for (const { taskId, key } of spec.inputs)
    add(inputName(taskId, key), await outputFor(store, instance, taskId, key));
  const elements = elementsOf(instance);
  for (const { level, chosen } of elements) {
    for (const { name, list } of level.arguments) {
      for (const { taskId, key, index } of outputElements(list, chosen[name]!)) {
        add(inputName(taskId, key, index), await elementFor(store, instance, taskId, key, index));
      }
    }
  }
  if (elements.length === 0) return { inputs };
  return { inputs, elements: Object.fromEntries(elements.map(({ level, chosen }) => [level.id, chosen])) };
}

/** Which element of what: of the lists that the task is mapped over, and of those of the groups around it that it reads. */
function elementsOf({ run, task, mapPath }: InstanceWork) {
  const { expand, elementsOf: groups = [], taskId } = task.spec;
  return task.levels
    .filter(({ id }) => groups.includes(id) || (expand !== undefined && id === taskId))
    .map((level) => {
      const prefix = pathPrefix(mapPath, level.depth);
      const lengthOf = (source: string, key: string) => lengthOfSource(run, level, prefix, source, key);
      return { level, chosen: chooseElements(level.arguments, pathIndex(mapPath, level.depth), lengthOf) };
    });
}
