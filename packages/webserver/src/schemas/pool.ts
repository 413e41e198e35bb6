import type { PoolTask } from '@tsflow/core/queries';
import { MAX_PAGE_ROWS } from '@tsflow/core/queries';
import type { PoolUse } from '@tsflow/core/store';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';
import { limitJson, limitSchema } from './limit.ts';
import { taskState } from './state.ts';

export const poolSchema = z
  .object({
    name: z.string(),
    slots: z.number().int().describe('At this moment; -1: unlimited.'),
    limit: limitSchema(-1, Number.MAX_SAFE_INTEGER).describe(
      'What the slots are or follow, as it was set: a number, a Variable, a daily plan.',
    ),
    next: z
      .object({ at: instant, slots: z.number().int() })
      .nullable()
      .describe(
        'When a daily plan gives other slots, and how many. Null: only when somebody changes something.',
      ),
    problem: z
      .string()
      .nullable()
      .describe('Why the value of the Variable that the slots follow is not taken. Null: it is.'),
    description: z.string().nullable(),
    includeDeferred: z.boolean().describe('Whether tasks that wait for a trigger keep their slots.'),
    used: z.number().int().describe('Slots that tasks occupy.'),
    waiting: z.number().int().describe('Slots that scheduled tasks wait for.'),
  })
  .meta({ id: 'Pool' });

export function poolJson(pool: PoolUse): z.input<typeof poolSchema> {
  const { limit, next } = pool;
  return { ...pool, limit: limitJson(limit), next: next && { at: iso(next.at), slots: next.slots } };
}

export const poolBody = z
  .strictObject({
    slots: limitSchema(-1, Number.MAX_SAFE_INTEGER).describe(
      'A number (-1: unlimited), a Variable or a daily plan.',
    ),
    description: z.string().max(1000).nullable().optional(),
    includeDeferred: z.boolean().optional(),
  })
  .meta({ id: 'PoolSettings' });

export const poolPath = z.object({ name: z.string().min(1).max(250) });

export const poolTaskSchema = z
  .object({
    dagId: z.string(),
    runId: z.string(),
    taskId: z.string(),
    mapPath: z.string(),
    renderedMapIndex: z
      .string()
      .nullable()
      .describe('How people call its map index (`mapIndexTemplate`); null: by its number.'),
    state: taskState.describe('scheduled: it waits; else it occupies its slots.'),
    poolSlots: z.number().int(),
    priorityWeight: z.number(),
    queuedAt: instant.nullable().describe('When it took its slots; null while it waits.'),
    scheduledAt: instant.nullable().describe('When it began to wait.'),
  })
  .meta({ id: 'PoolTask' });

export function poolTaskJson(task: PoolTask): z.input<typeof poolTaskSchema> {
  return { ...task, queuedAt: isoOrNull(task.queuedAt), scheduledAt: isoOrNull(task.scheduledAt) };
}

export const poolTasksQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE_ROWS)
    .optional()
    .describe('Of those that wait; default 100.'),
});
