import type { Json, JsonObject } from '@tsflow/core/json';
import type { AssetEventTable } from '@tsflow/core/store';

/** An event as a task is told of it: as `AssetPort.triggeredBy` gives it, but for its date. */
export function toldEvent(event: AssetEventTable): Json {
  const { eventId, asset, at, partitionKey, extra, dagId, runId, taskId, mapPath } = event;
  return {
    eventId,
    asset,
    at: new Date(at).toISOString(),
    partition: partitionKey,
    extra: JSON.parse(extra) as JsonObject,
    source: dagId === null ? null : { dagId, runId, taskId, mapPath },
  };
}
