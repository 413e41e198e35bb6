import type { EventSummary } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso } from './instant.ts';
import { jsonValue } from './json-value.ts';
import { pageQuery } from './page.ts';

export const eventSchema = z
  .object({
    id: z.number().int(),
    at: instant,
    dagId: z.string().nullable(),
    runId: z.string().nullable(),
    taskId: z.string().nullable(),
    mapPath: z.string().nullable(),
    attemptId: z.string().nullable(),
    type: z.string(),
    fromState: z.string().nullable(),
    toState: z.string().nullable(),
    actor: z.string(),
    data: jsonValue,
  })
  .meta({ id: 'Event' });

export function eventJson(event: EventSummary): z.input<typeof eventSchema> {
  return {
    ...event,
    at: iso(event.at),
    attemptId: event.attemptId === null ? null : String(event.attemptId),
  };
}

export const eventsQuery = pageQuery.extend({
  dagId: z.string().optional(),
  type: z.string().max(100).optional(),
  after: z.coerce.number().int().min(0).optional().describe('Only greater ids, oldest first.'),
});
