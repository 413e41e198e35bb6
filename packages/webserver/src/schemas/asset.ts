import {
  type AssetDetails,
  type AssetEventSummary,
  type AssetSummary,
  MAX_PAGE_ROWS,
} from '@tsflow/core/queries';
import { RUN_STATES } from '@tsflow/core/state';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';
import { jsonObject, jsonObjectParameter } from './json-value.ts';

const taskOfDag = z.object({ dagId: z.string(), taskId: z.string() });

export const assetSchema = z
  .object({
    name: z.string(),
    uri: z.string().nullable(),
    description: z.string().nullable(),
    freshnessMs: z.number().int().nullable().describe('How old the newest event may get.'),
    lastEventAt: instant.nullable(),
    expectedAt: instant.nullable().describe('By when the next event is expected.'),
    isStale: z.boolean().describe('The next event is overdue.'),
    producers: z.array(taskOfDag).describe('Tasks that update it.'),
    consumers: z.array(z.string()).describe('DAGs that are scheduled on it.'),
    sensors: z.array(taskOfDag).describe('Tasks that wait for it.'),
  })
  .meta({ id: 'Asset' });

export const assetEventSchema = z
  .object({
    eventId: z.string(),
    asset: z.string(),
    at: instant,
    partition: z.string().nullable(),
    extra: jsonObject,
    actor: z.string(),
    source: z
      .object({ dagId: z.string(), runId: z.string(), taskId: z.string(), mapPath: z.string() })
      .nullable()
      .describe('The task that updated the asset; null: it was posted.'),
    runs: z
      .array(z.object({ dagId: z.string(), runId: z.string(), state: z.enum(RUN_STATES) }))
      .describe('The runs that it made, with others or alone.'),
    pendingIn: z
      .array(z.string())
      .describe('DAGs in which it waits for the rest of a condition, or for room.'),
  })
  .meta({ id: 'AssetEvent' });

export const assetDetailsSchema = assetSchema
  .extend({ events: z.array(assetEventSchema).describe('Newest first.') })
  .meta({ id: 'AssetDetails' });

export const postedEventSchema = z
  .object({
    eventId: z.string(),
    repeated: z.boolean().describe('The key was seen before: this is the first event.'),
    consumers: z.array(
      z.object({
        dagId: z.string(),
        state: z
          .enum(['waiting', 'ignored', 'kept', 'run'])
          .describe(
            'No scheduler looked yet; the DAG was paused; it counts and makes no run yet; it is in the run.',
          ),
        runId: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'PostedAssetEvent' });

export const assetPath = z.object({ name: z.string().min(1).max(1000) });

export const assetQuery = z.strictObject({
  partition: z.string().max(250).optional().describe('Only events of this partition.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).optional().describe('Events; default 50.'),
});

export const postEventBody = z
  .strictObject({
    extra: jsonObjectParameter.optional().describe('What is to be known about it.'),
    partition: z.string().min(1).max(250).optional().describe('The part of the asset that is new.'),
  })
  .meta({ id: 'AssetEventFacts' });

export function assetJson({ lastEventAt, expectedAt, ...asset }: AssetSummary): z.input<typeof assetSchema> {
  return {
    ...asset,
    producers: [...asset.producers],
    consumers: [...asset.consumers],
    sensors: [...asset.sensors],
    lastEventAt: isoOrNull(lastEventAt),
    expectedAt: isoOrNull(expectedAt),
  };
}

export function assetDetailsJson({ events, ...asset }: AssetDetails): z.input<typeof assetDetailsSchema> {
  return { ...assetJson(asset), events: events.map(assetEventJson) };
}

export function assetEventJson(event: AssetEventSummary): z.input<typeof assetEventSchema> {
  const { eventId, at, runs, pendingIn, ...facts } = event;
  return { ...facts, eventId: String(eventId), at: iso(at), runs: [...runs], pendingIn: [...pendingIn] };
}
