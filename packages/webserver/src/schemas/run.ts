import type { RunBar, RunSummary } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, instantParameter, iso, isoOrNull } from './instant.ts';
import { jsonObject, jsonObjectParameter } from './json-value.ts';
import { pageQuery } from './page.ts';
import { runState, runType, taskCounts } from './state.ts';

export const runBarSchema = z
  .object({
    key: z.number().int(),
    runId: z.string(),
    state: runState,
    runType,
    logicalDate: instant,
    startDate: instant.nullable(),
    endDate: instant.nullable(),
  })
  .meta({ id: 'RunBar' });

export function runBarJson(bar: RunBar): z.input<typeof runBarSchema> {
  return {
    key: bar.key,
    runId: bar.runId,
    state: bar.state,
    runType: bar.runType,
    logicalDate: iso(bar.logicalDate),
    startDate: isoOrNull(bar.startDate),
    endDate: isoOrNull(bar.endDate),
  };
}

export const runSchema = z
  .object({
    key: z.number().int(),
    dagId: z.string(),
    runId: z.string(),
    runType,
    state: runState,
    logicalDate: instant,
    dataInterval: z.object({ start: instant, end: instant }),
    queuedAt: instant,
    startDate: instant.nullable(),
    endDate: instant.nullable(),
    version: z.string(),
    versionNumber: z.number().int().nullable(),
    conf: jsonObject,
    triggeredBy: z.string().nullable(),
    note: z.string().nullable(),
    reason: z.string().nullable(),
    backfillKey: z.number().int().nullable(),
    taskIds: z.array(z.string()).nullable().describe('Tasks that it is about; null: all of its DAG.'),
    taskCounts,
  })
  .meta({ id: 'Run' });

export function runJson(run: RunSummary): z.input<typeof runSchema> {
  return {
    ...run,
    taskIds: run.taskIds === null ? null : [...run.taskIds],
    logicalDate: iso(run.logicalDate),
    dataInterval: { start: iso(run.dataInterval.start), end: iso(run.dataInterval.end) },
    queuedAt: iso(run.queuedAt),
    startDate: isoOrNull(run.startDate),
    endDate: isoOrNull(run.endDate),
  };
}

export const runsOfDagQuery = pageQuery.extend({
  state: runState.optional(),
  runType: runType.optional(),
  backfillKey: z.coerce.number().int().optional(),
  from: instantParameter.optional().describe('Logical dates from here, inclusive.'),
  to: instantParameter.optional().describe('Logical dates up to here, inclusive.'),
});

export const runsQuery = runsOfDagQuery.extend({ dagId: z.string().optional() });

export const triggerBody = z
  .strictObject({
    conf: jsonObjectParameter.optional().describe('Values of the params.'),
    logicalDate: z.iso.datetime({ offset: true }).optional().describe('Default: now.'),
    runId: z.string().min(1).max(250).optional().describe('Default: `manual__<instant>_<random>`.'),
    note: z.string().max(10_000).optional(),
    unpause: z.boolean().optional().describe('Unpause the DAG in the same turn.'),
    upTo: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('The run is about this task (or group) and what is before it, and ends with it.'),
  })
  .meta({ id: 'Trigger' });

export const runPatch = z
  .strictObject({
    state: z.enum(['success', 'failed']).optional().describe('Marks the run; what is active is ended first.'),
    note: z.string().max(10_000).optional(),
  })
  .refine((patch) => patch.state !== undefined || patch.note !== undefined, 'expected a state or a note')
  .meta({ id: 'RunPatch' });
