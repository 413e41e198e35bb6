import type { CallbackWork } from '@tsflow/core/rules';
import type { Workload } from '../../task-api/protocol.ts';
import type { World } from '../held/world.ts';

/** Longest time for all functions of one callback: they tell somebody, they do not work. */
const CALLBACK_TIMEOUT_MS = 60_000;

/** A callback as a runner takes it: the attempt it tells of, and what to call. */
export async function callbackWorkload(world: World, callback: CallbackWork): Promise<Workload> {
  const { bundle, entry, graph } = await world.versions.ensure(callback.version);
  const { facts, event } = callback;
  return {
    kind: 'callback',
    callback: { event, facts },
    attemptId: callback.key,
    grantNumber: callback.grantNumber,
    dagId: callback.dag.dagId,
    runId: facts.runId,
    taskId: facts.taskId ?? '',
    mapPath: facts.mapPath,
    tryNumber: facts.tryNumber,
    infraNumber: 0,
    maxTries: facts.maxTries,
    version: callback.version,
    bundle,
    entry,
    runType: facts.runType,
    logicalDate: new Date(facts.logicalDate).toISOString(),
    dataInterval: {
      start: new Date(facts.dataIntervalStart).toISOString(),
      end: new Date(facts.dataIntervalEnd).toISOString(),
    },
    timezone: graph.dag.timezone,
    conf: facts.conf,
    partition: null,
    inputs: {},
    executionTimeoutMs: CALLBACK_TIMEOUT_MS,
    timeLeftMs: CALLBACK_TIMEOUT_MS,
    calls: 0,
    begunAt: new Date(callback.createdAt).toISOString(),
    isolation: 'warm',
    savedState: null,
  };
}
