import type { PoolUse } from '@tsflow/core/store';
import { z } from 'zod';

export const poolSchema = z
  .object({
    name: z.string(),
    slots: z.number().int().describe('-1: unlimited.'),
    description: z.string().nullable(),
    includeDeferred: z.boolean().describe('Whether tasks that wait for a trigger keep their slots.'),
    used: z.number().int().describe('Slots that tasks occupy.'),
    waiting: z.number().int().describe('Slots that scheduled tasks wait for.'),
  })
  .meta({ id: 'Pool' });

export function poolJson(pool: PoolUse): z.input<typeof poolSchema> {
  return { ...pool };
}

export const poolBody = z
  .strictObject({
    slots: z.number().int().min(-1).describe('-1: unlimited.'),
    description: z.string().max(1000).nullable().optional(),
    includeDeferred: z.boolean().optional(),
  })
  .meta({ id: 'PoolSettings' });

export const poolPath = z.object({ name: z.string().min(1).max(250) });
