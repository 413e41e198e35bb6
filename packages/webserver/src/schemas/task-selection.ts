import { z } from 'zod';
import { jsonObjectParameter } from './json-value.ts';
import { taskState } from './state.ts';

const taskId = z.string().min(1).max(1000);
const taskIds = z.array(taskId).min(1).max(10_000);
const mapPath = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,10})*$/)
  .optional()
  .describe('Of mapped tasks only this instance: `3`, or `3.0`; of `3` also all that lies below it.');

export const clearBody = z
  .strictObject({
    taskIds: taskIds.optional().describe('Default: every task.'),
    mapPath,
    upstream: z.boolean().optional(),
    downstream: z.boolean().optional(),
    from: taskId.optional().describe('Nothing that is not this task or after it.'),
    upTo: taskId.optional().describe('Nothing that is not this task or before it.'),
    onlyFailed: z
      .boolean()
      .optional()
      .describe('Only what failed: failed, upstream_failed, and skipped because the run ended.'),
    past: z.boolean().optional().describe('Also the same tasks in earlier runs.'),
    future: z.boolean().optional().describe('Also the same tasks in later runs.'),
    sameVersion: z.boolean().optional().describe('Keep the code version of the run; default: the newest.'),
    conf: jsonObjectParameter.optional(),
    dryRun: z.boolean().optional().describe('Only say what it would touch.'),
  })
  .meta({ id: 'Clear' });

export const runTaskBody = z
  .strictObject({
    mapPath,
    sameVersion: z.boolean().optional().describe('Keep the code version of the run; default: the newest.'),
    conf: jsonObjectParameter.optional().describe('Params of the run from now on.'),
    dryRun: z.boolean().optional().describe('Only say what it would touch.'),
  })
  .meta({ id: 'RunTask' });

export const markBody = z
  .strictObject({
    taskIds: taskIds.optional().describe('Default: every task.'),
    state: z.enum(['success', 'failed', 'skipped']),
    mapPath,
    upstream: z.boolean().optional(),
    downstream: z.boolean().optional(),
    from: taskId.optional().describe('Nothing that is not this task or after it.'),
    upTo: taskId.optional().describe('Nothing that is not this task or before it.'),
    onlyFailed: z
      .boolean()
      .optional()
      .describe('Only what failed: failed, upstream_failed, and skipped because the run ended.'),
    past: z.boolean().optional().describe('Also the same tasks in earlier runs.'),
    future: z.boolean().optional().describe('Also the same tasks in later runs.'),
    dryRun: z.boolean().optional().describe('Only say what it would touch.'),
  })
  .meta({ id: 'Mark' });

export const prioritizeBody = z
  .strictObject({
    taskIds: taskIds.optional().describe('Default: every task.'),
    priorityWeight: z
      .number()
      .int()
      .min(-(2 ** 31) + 1)
      .max(2 ** 31 - 1)
      .nullable()
      .describe("The weight that counts from now on; null: the task's own."),
  })
  .meta({ id: 'Prioritize' });

export const killBody = z
  .strictObject({
    taskIds: taskIds.optional().describe('Default: the whole run, which then fails.'),
    mapPath,
  })
  .meta({ id: 'Kill' });

export const selectedTasksSchema = z
  .object({
    version: z.string(),
    versionNumber: z.number().int().nullable(),
    tasks: z.array(
      z.object({
        runId: z.string(),
        taskId: z.string(),
        mapPath: z.string(),
        renderedMapIndex: z
          .string()
          .optional()
          .describe('How people call that index; absent: by its number.'),
        state: taskState.describe('Of a clear or a mark: the state that it had.'),
        versionNumber: z.number().int().optional().describe('Of a clear: the version that it runs with.'),
      }),
    ),
  })
  .meta({ id: 'SelectedTasks' });
