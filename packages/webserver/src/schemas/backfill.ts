import type { Backfill } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';
import { jsonObject, jsonObjectParameter } from './json-value.ts';
import { limitSchema } from './limit.ts';
import { pageQuery } from './page.ts';

export const backfillSchema = z
  .object({
    key: z.number().int(),
    dagId: z.string(),
    timezone: z.string().describe('Of the DAG: the days are meant in it.'),
    fromDate: instant,
    toDate: instant,
    options: jsonObject,
    state: z.string().describe('running, paused, success, failed or cancelled.'),
    actor: z.string(),
    createdAt: instant,
    endDate: instant.nullable(),
    total: z.number().int(),
    created: z.number().int(),
    existing: z.number().int(),
    inFlight: z.number().int(),
    cleared: z.number().int(),
    succeeded: z.number().int(),
    failed: z.number().int(),
    running: z.number().int(),
  })
  .meta({ id: 'Backfill' });

export function backfillJson(backfill: Backfill): z.input<typeof backfillSchema> {
  return {
    ...backfill,
    fromDate: iso(backfill.fromDate),
    toDate: iso(backfill.toDate),
    createdAt: iso(backfill.createdAt),
    endDate: isoOrNull(backfill.endDate),
  };
}

export const backfillPreviewSchema = z
  .object({
    total: z.number().int(),
    toCreate: z.number().int(),
    toClear: z.number().int(),
    existing: z.number().int(),
    inFlight: z.number().int(),
    taskIds: z.array(z.string()).nullable().describe('Tasks that each run is about; null: all.'),
    first: instant.nullable(),
    last: instant.nullable(),
    estimateMs: z.number().nullable(),
  })
  .meta({ id: 'BackfillPreview' });

/** A day, or an instant. Without an offset it is read in the DAG's zone. */
const day = z.string().min(1).max(40);

export const backfillBody = z
  .strictObject({
    start: day.describe('First logical date.'),
    end: day.describe('Last logical date, inclusive.'),
    reprocess: z.enum(['none', 'failed', 'completed']).default('none'),
    reverse: z.boolean().default(false),
    maxActiveRuns: limitSchema(1, 1000)
      .optional()
      .describe(
        "A number, or a Variable or a daily plan that is followed while it goes on. Default: the DAG's own limit.",
      ),
    conf: jsonObjectParameter.optional(),
    taskIds: z
      .array(z.string().min(1).max(1000))
      .min(1)
      .max(10_000)
      .optional()
      .describe('Tasks or groups that the runs are about; default: all.'),
    upstream: z.boolean().optional().describe('Also the tasks before them.'),
    downstream: z.boolean().optional().describe('Also the tasks after them.'),
    unpause: z.boolean().optional(),
    dryRun: z.boolean().optional().describe('Only say what it would do.'),
  })
  .meta({ id: 'NewBackfill' });

export const backfillsQuery = pageQuery.extend({ dagId: z.string().optional() });

export const backfillPath = z.object({ key: z.coerce.number().int() });

export const backfillActionPath = z.object({
  key: z.coerce.number().int(),
  action: z.enum(['pause', 'resume', 'cancel']),
});
