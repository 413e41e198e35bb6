import { type AlertSummary, MAX_PAGE_ROWS } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';

const alertState = z.enum(['pending', 'sent', 'failed']);

export const alertSchema = z
  .object({
    id: z.string().describe('The same whoever noticed it.'),
    kind: z.string().describe('task_failure, run_failure, deadline_missed, import_error, scheduler_down, …'),
    title: z.string(),
    text: z.string(),
    dagId: z.string().nullable(),
    runId: z.string().nullable(),
    taskId: z.string().nullable(),
    mapPath: z.string().describe('Which instance of a mapped task; empty: none in particular.'),
    to: z.string().describe('slack, webhook or email.'),
    target: z.string().nullable().describe('A channel, addresses, or a connection.'),
    state: alertState,
    tries: z.number().int(),
    createdAt: instant,
    endDate: instant.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'Alert' });

export function alertJson(alert: AlertSummary): z.input<typeof alertSchema> {
  return { ...alert, createdAt: iso(alert.createdAt), endDate: isoOrNull(alert.endDate) };
}

export const alertsQuery = z.strictObject({
  state: alertState.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).optional().describe('Default 50.'),
});
