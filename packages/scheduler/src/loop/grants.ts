import type { Connection } from '@tsflow/core/connections';
import { errorMessage } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import { type AttemptWork, attemptDeadline, type InstanceWork } from '@tsflow/core/rules';
import { MAX_GRANT_INPUT_BYTES, type Workload } from '../task-api/protocol.ts';
import type { World } from './world.ts';

/** An instance that got its slots, and the attempt that is to run. */
export interface Admission {
  readonly instance: InstanceWork;
  readonly attempt: AttemptWork;
}

/** Workloads of attempts that were admitted and committed: plain JSON, inputs included as far as they are small. */
export async function workloads(world: World, admitted: readonly Admission[]): Promise<Workload[]> {
  const result: Workload[] = [];
  for (const { instance, attempt } of admitted) {
    if (instance.attempt === attempt) result.push(await workload(world, instance, attempt));
  }
  return result;
}

async function workload(world: World, instance: InstanceWork, attempt: AttemptWork): Promise<Workload> {
  const { run, task } = instance;
  const { bundle, entry } = world.versions.get(attempt.version);
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
    inputs: task.spec.inputs.length === 0 ? noInputs : await inputsOf(world, instance),
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
      : { connections: await declared(world, task.spec.connections) }),
  };
}

function kindOf({ state }: AttemptWork): Workload['kind'] {
  if (state === 'on_kill') return 'on_kill';
  return state === 'deferred' ? 'trigger' : 'execute';
}

/** How long an `onKill` may take before it is ended. */
const ON_KILL_TIMEOUT_MS = 60_000;

const noInputs: Workload['inputs'] = {};
const iso = (instant: number): string => new Date(instant).toISOString();

/** What cannot be read now is left out: the task asks for it, and hears why. */
async function declared(
  { connections, logger }: World,
  connectionIds: readonly string[],
): Promise<NonNullable<Workload['connections']>> {
  const found: { [connectionId: string]: Connection } = {};
  for (const connectionId of connectionIds) {
    try {
      found[connectionId] = await connections.get(connectionId);
    } catch (error) {
      logger.warn('A declared connection cannot be read.', { connectionId, error: errorMessage(error) });
    }
  }
  return found;
}

/** Outputs of upstream tasks, from memory or else from the database; what does not fit the grant is asked for by the runner. */
async function inputsOf(world: World, { run, task }: InstanceWork): Promise<Workload['inputs']> {
  const inputs: { [source: string]: Json } = {};
  let bytes = 0;
  for (const { taskId, key } of task.spec.inputs) {
    const source = run.instances[run.graph.indexOf.get(taskId)!]!;
    const value =
      source.outputs === null ? await readOutput(world, source, key) : (source.outputs[key] ?? null);
    bytes += JSON.stringify(value).length;
    if (bytes <= MAX_GRANT_INPUT_BYTES) inputs[`${taskId}/${key}`] = value;
  }
  return inputs;
}

/** A task that pushed nothing reads as null. */
async function readOutput(world: World, source: InstanceWork, key: string): Promise<Json> {
  const values = await world.store.turns.xcoms([source.key], key);
  const text = values.get(source.key);
  return text === undefined ? null : (JSON.parse(text) as Json);
}
