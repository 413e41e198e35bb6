import { z } from 'zod';

/** Ids in paths are compared, never resolved: no path, pattern or command is made of them. */
const id = z.string().min(1).max(1000);

export const dagPath = z.object({ dagId: id });
export const versionPath = z.object({ dagId: id, version: id });
export const runPath = z.object({ dagId: id, runId: id });
export const taskPath = z.object({ dagId: id, runId: id, taskId: id });
export const attemptPath = z.object({
  dagId: id,
  runId: id,
  taskId: id,
  attemptId: z.coerce.number().int().min(0),
});

/** Which instance of a mapped task; default: the task is not mapped. */
export const mapQuery = z.strictObject({
  mapPath: z
    .string()
    .regex(/^(\d{1,10}(\.\d{1,10})*)?$/)
    .optional()
    .describe('`3` or `3.0` of a mapped task.'),
});
