import type { MissedDeadline, RunDeadline } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';
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
