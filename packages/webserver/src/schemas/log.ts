import type { LogLine, LogPage } from '@tsflow/core/logs';
import { LOG_LEVELS } from '@tsflow/core/logs';
import { z } from 'zod';
import { instant } from './instant.ts';
import { jsonObject } from './json-value.ts';

const level = z.enum(LOG_LEVELS);

const logLineSchema = z
  .object({
    at: instant,
    level,
    source: z.enum(['task', 'stdout', 'stderr', 'system']),
    message: z.string(),
    fields: jsonObject.optional(),
  })
  .meta({ id: 'LogLine' });

export const logPageSchema = z
  .object({
    lines: z.array(logLineSchema),
    nextOffset: z.number().int().describe('`offset` of the next page, in bytes.'),
    done: z.boolean().describe('Nothing will follow.'),
  })
  .meta({ id: 'LogPage' });

export function logPageJson(page: LogPage): z.input<typeof logPageSchema> {
  return { lines: page.lines.map(logLineJson), nextOffset: page.nextOffset, done: page.done };
}

function logLineJson({ at, level, source, message, fields }: LogLine): z.input<typeof logLineSchema> {
  return { at, level, source, message, ...(fields === undefined ? {} : { fields }) };
}

export const logQuery = z.strictObject({
  offset: z.coerce.number().int().min(0).optional().describe('In bytes; default 0.'),
  limitBytes: z.coerce.number().int().min(1024).max(4_194_304).optional().describe('Default 262144.'),
  level: level.optional().describe('Leaves out lines below.'),
});

export const logStreamQuery = logQuery.omit({ limitBytes: true });
