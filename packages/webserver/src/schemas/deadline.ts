import type { MissedDeadline, RunDeadline } from '@tsflow/core/queries';
import { REPORT_PERIODS } from '@tsflow/core/rules';
import { z } from 'zod';
import { instant, instantParameter, iso, isoOrNull } from './instant.ts';
import { pageQuery } from './page.ts';

export const deadlineSchema = z
  .object({
    dagId: z.string(),
    runId: z.string(),
    name: z.string(),
    taskId: z.string().nullable().describe('Null: the run.'),
    dueAt: instant,
    state: z.enum(['waiting', 'met', 'missed']),
    missedAt: instant.nullable(),
    doneAt: instant.nullable().describe('When what it is about was done.'),
  })
  .meta({ id: 'Deadline' });

export function deadlineJson(deadline: RunDeadline): z.input<typeof deadlineSchema> {
  return {
    ...deadline,
    dueAt: iso(deadline.dueAt),
    missedAt: isoOrNull(deadline.missedAt),
    doneAt: isoOrNull(deadline.doneAt),
  };
}

export const missedDeadlineSchema = z
  .object({
    dagId: z.string(),
    runId: z.string(),
    name: z.string(),
    taskId: z.string().nullable().describe('Null: the run.'),
    dueAt: instant,
    missedAt: instant,
  })
  .meta({ id: 'MissedDeadline' });

export function missedDeadlineJson(miss: MissedDeadline): z.input<typeof missedDeadlineSchema> {
  return { ...miss, dueAt: iso(miss.dueAt), missedAt: iso(miss.missedAt) };
}

export const openDeadlinesQuery = z.strictObject({ dagId: z.string().max(1000).optional() });

export const missedDeadlinesQuery = pageQuery.extend({ dagId: z.string().max(1000).optional() });

const lateness = z.number().int().nullable();

export const deadlineReportSchema = z
  .object({
    dagId: z.string(),
    name: z.string(),
    taskId: z.string().nullable().describe('Null: the run.'),
    period: z.iso
      .date()
      .nullable()
      .describe("Its first day in the DAG's zone; weeks begin on Monday. Null: the whole stretch."),
    met: z.number().int(),
    missed: z.number().int(),
    neverDone: z.number().int().describe('Those of the missed that were never done.'),
    metShare: z.number().describe('From 0 to 1.'),
    p50Ms: lateness.describe('Half were done this long after the deadline or earlier; negative: before it.'),
    p90Ms: lateness.describe('The same of nine in ten.'),
    maxMs: lateness.describe('The same of all.'),
  })
  .meta({ id: 'DeadlineReport' });

export const deadlineReportQuery = z.strictObject({
  dagId: z.string().max(1000).optional(),
  from: instantParameter.describe('Deadlines that were due from here.'),
  until: instantParameter.optional().describe('Exclusive; default: now.'),
  by: z.enum(REPORT_PERIODS).optional().describe('Default: week.'),
});
