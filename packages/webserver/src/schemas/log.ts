import type { LogHits, LogLine, LogPage, LogWindow } from '@tsflow/core/logs';
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

export const logWindowSchema = z
  .object({
    from: z.number().int().describe('Row of the first line.'),
    lines: z.array(logLineSchema.extend({ number: z.number().int() }).meta({ id: 'NumberedLogLine' })),
    total: z.number().int().describe('Rows: lines of the level asked for and above.'),
    lineCount: z.number().int(),
    row: z.number().int().nullable().describe('Row of `line`, or of the next line of that level.'),
    firstErrorRow: z.number().int().nullable(),
    nextOffset: z.number().int().describe('`offset` to follow from, in bytes.'),
    done: z.boolean().describe('Nothing will follow.'),
  })
  .meta({ id: 'LogWindow' });

export function logWindowJson(window: LogWindow, done: boolean): z.input<typeof logWindowSchema> {
  const lines = window.lines.map((line) => ({ ...logLineJson(line), number: line.number }));
  return { ...window, lines, done };
}

export const logHitsSchema = z
  .object({
    total: z.number().int().describe('Lines that have the text.'),
    rows: z.array(z.number().int()).describe('Rows of the first 20,000 of them.'),
  })
  .meta({ id: 'LogHits' });

export function logHitsJson(hits: LogHits): z.input<typeof logHitsSchema> {
  return { total: hits.total, rows: [...hits.rows] };
}

export const logWindowQuery = z.strictObject({
  from: z.coerce.number().int().optional().describe('A row, from 0; below 0 it counts from the end.'),
  line: z.coerce.number().int().min(1).optional().describe('Instead of `from`: this line in the middle.'),
  count: z.coerce.number().int().min(1).max(2_000).optional().describe('Default 500.'),
  level: level.optional().describe('Leaves out lines below.'),
});

export const logSearchQuery = z.strictObject({
  find: z.string().min(1).max(1_000).describe('Part of a message or of its fields, whatever the case.'),
  level: level.optional().describe('Leaves out lines below.'),
});

export const logQuery = z.strictObject({
  offset: z.coerce.number().int().min(0).optional().describe('In bytes; default 0.'),
  limitBytes: z.coerce.number().int().min(1024).max(4_194_304).optional().describe('Default 262144.'),
  level: level.optional().describe('Leaves out lines below.'),
});

export const logStreamQuery = logQuery.omit({ limitBytes: true });
