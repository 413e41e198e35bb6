import type { ConnectionFacts } from '@tsflow/core/store';
import { z } from 'zod';
import { instant, isoOrNull } from './instant.ts';
import { jsonObjectParameter } from './json-value.ts';

export const connectionSchema = z
  .object({
    connectionId: z.string(),
    type: z.string(),
    host: z.string().nullable(),
    port: z.number().int().nullable(),
    login: z.string().nullable(),
    schema: z.string().nullable(),
    description: z.string().nullable(),
    hasPassword: z.boolean().describe('The password itself is never shown.'),
    extraKeys: z.array(z.string()).describe('Names in the extra, whose values are never shown.'),
    source: z.enum(['environment', 'store']),
    updatedAt: instant.nullable(),
    updatedBy: z.string().nullable(),
  })
  .meta({ id: 'Connection' });

export function connectionJson(facts: ConnectionFacts): z.input<typeof connectionSchema> {
  return { ...facts, extraKeys: [...facts.extraKeys], updatedAt: isoOrNull(facts.updatedAt) };
}

const text = z.string().max(10_000).nullable().optional();

export const connectionBody = z
  .strictObject({
    type: z.string().regex(/^[a-z][a-z0-9_]{0,99}$/),
    host: text,
    port: z.number().int().min(1).max(65_535).nullable().optional(),
    login: text,
    password: text.describe('Absent or `***`: as it was. Null: none.'),
    schema: text,
    extra: jsonObjectParameter.optional().describe('Absent: as it was.'),
    description: text,
  })
  .meta({ id: 'NewConnection' });

export const connectionPath = z.object({ connectionId: z.string().min(1).max(250) });
