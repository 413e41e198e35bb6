import type { CallbackSummary } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';
import { pageQuery } from './page.ts';
import { runPath } from './path.ts';
import { serializedError } from './task-instance.ts';

export const callbackSchema = z
  .object({
    callbackId: z.string().describe('What a receiver knows a repeat by.'),
    dagId: z.string(),
    runId: z.string(),
    event: z.enum(['onSuccess', 'onFailure', 'onRetry', 'onSkipped', 'onMiss']),
    taskId: z.string().nullable().describe('Null: of the run.'),
    mapPath: z.string(),
    renderedMapIndex: z
      .string()
      .nullable()
      .describe('How people call its map index (`mapIndexTemplate`); null: by its number.'),
    tryNumber: z.number().int(),
    attemptId: z.string().nullable(),
    deadline: z.string().nullable().describe('The deadline that passed, of onMiss.'),
    state: z.enum(['pending', 'success', 'failed']),
    deliveries: z.number().int().describe('How often it was handed to a runner.'),
    createdAt: instant,
    endDate: instant.nullable(),
    error: serializedError.nullable(),
  })
  .meta({ id: 'Callback' });

export function callbackJson(callback: CallbackSummary): z.input<typeof callbackSchema> {
  return {
    ...callback,
    callbackId: String(callback.callbackId),
    attemptId: callback.attemptId === null ? null : String(callback.attemptId),
    event: callback.event as z.input<typeof callbackSchema>['event'],
    state: callback.state as z.input<typeof callbackSchema>['state'],
    createdAt: iso(callback.createdAt),
    endDate: isoOrNull(callback.endDate),
    error: callback.error as z.input<typeof serializedError> | null,
  };
}

export const callbackPath = runPath.extend({ callbackId: z.coerce.number().int().min(0) });

export const callbacksQuery = pageQuery.extend({
  dagId: z.string().max(1000).optional(),
  state: z.enum(['pending', 'success', 'failed']).optional(),
});
