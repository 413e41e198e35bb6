import type { Attempt, GanttSegment, TaskInstance, Xcom } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';
import { jsonObject, jsonValue } from './json-value.ts';
import { taskState } from './state.ts';

export const taskInstanceSchema = z
  .object({
    dagId: z.string(),
    runId: z.string(),
    taskId: z.string(),
    mapIndex: z.number().int().describe('-1: not mapped.'),
    mapPath: z.string(),
    renderedMapIndex: z
      .string()
      .nullable()
      .describe('How people call its map index (`mapIndexTemplate`); null: by its number.'),
    state: taskState,
    tryNumber: z.number().int(),
    infraNumber: z.number().int(),
    maxTries: z.number().int(),
    operator: z.string().nullable(),
    groupId: z.string().nullable(),
    scheduledAt: instant.nullable(),
    queuedAt: instant.nullable(),
    startDate: instant.nullable(),
    endDate: instant.nullable(),
    nextAt: instant.nullable(),
    reason: z.string().nullable(),
    pool: z.string(),
    priorityWeight: z.number(),
    attemptId: z.string().nullable(),
  })
  .meta({ id: 'TaskInstance' });

export function taskInstanceJson(instance: TaskInstance): z.input<typeof taskInstanceSchema> {
  const { key: _, ...shown } = instance;
  return {
    ...shown,
    scheduledAt: isoOrNull(instance.scheduledAt),
    queuedAt: isoOrNull(instance.queuedAt),
    startDate: isoOrNull(instance.startDate),
    endDate: isoOrNull(instance.endDate),
    nextAt: isoOrNull(instance.nextAt),
    attemptId: instance.attemptId === null ? null : String(instance.attemptId),
  };
}

export const serializedError = z
  .object({
    name: z.string(),
    message: z.string(),
    code: z.string().optional(),
    stack: z.string().optional(),
    cause: jsonObject.optional().describe('An error of the same shape.'),
  })
  .meta({ id: 'SerializedError' });

export const attemptSchema = z
  .object({
    attemptId: z.string(),
    taskId: z.string(),
    mapPath: z.string(),
    tryNumber: z.number().int(),
    infraNumber: z.number().int(),
    state: z.string(),
    version: z.string(),
    queuedAt: instant,
    startDate: instant.nullable(),
    endDate: instant.nullable(),
    runnerId: z.string().nullable(),
    host: z.string().nullable(),
    pid: z.number().int().nullable(),
    error: serializedError.nullable(),
    rendered: jsonObject.nullable().describe('Rendered template fields, secrets masked.'),
    groupTries: z
      .record(z.string(), z.number().int())
      .nullable()
      .describe('Which try of the groups around it that began more than once, by their ids.'),
    conf: jsonObject.describe('Params that the run had then.'),
  })
  .meta({ id: 'Attempt' });

export function attemptJson(attempt: Attempt): z.input<typeof attemptSchema> {
  return {
    ...attempt,
    attemptId: String(attempt.attemptId),
    queuedAt: iso(attempt.queuedAt),
    startDate: isoOrNull(attempt.startDate),
    endDate: isoOrNull(attempt.endDate),
    groupTries: attempt.groupTries === null ? null : { ...attempt.groupTries },
    error: attempt.error as z.input<typeof serializedError> | null,
  };
}

export const taskInstanceDetailsSchema = taskInstanceSchema
  .extend({ attempts: z.array(attemptSchema).describe('Oldest first.') })
  .meta({ id: 'TaskInstanceDetails' });

export const ganttSegmentSchema = z
  .object({
    taskId: z.string(),
    mapPath: z.string(),
    renderedMapIndex: z
      .string()
      .nullable()
      .describe('How people call its map index (`mapIndexTemplate`); null: by its number.'),
    attemptId: z.string(),
    tryNumber: z.number().int(),
    infraNumber: z.number().int(),
    state: z.string(),
    scheduledAt: instant.nullable(),
    queuedAt: instant,
    startDate: instant.nullable(),
    endDate: instant.nullable(),
    pauses: z
      .array(
        z.object({
          state: z.enum(['deferred', 'up_for_reschedule', 'queued']),
          from: instant,
          to: instant.nullable(),
        }),
      )
      .describe('Between its start and its end: stretches in which no process of it ran.'),
  })
  .meta({ id: 'GanttSegment' });

export function ganttSegmentJson(segment: GanttSegment): z.input<typeof ganttSegmentSchema> {
  return {
    ...segment,
    attemptId: String(segment.attemptId),
    scheduledAt: isoOrNull(segment.scheduledAt),
    queuedAt: iso(segment.queuedAt),
    startDate: isoOrNull(segment.startDate),
    endDate: isoOrNull(segment.endDate),
    pauses: segment.pauses.map(({ state, from, to }) => ({ state, from: iso(from), to: isoOrNull(to) })),
  };
}

export const xcomSchema = z.object({ key: z.string(), value: jsonValue }).meta({ id: 'Xcom' });

export function xcomJson({ key, value }: Xcom): z.input<typeof xcomSchema> {
  return { key, value };
}

export const readinessSchema = z
  .object({ name: z.string(), passed: z.boolean(), reason: z.string() })
  .meta({ id: 'Readiness' });
