import type { RunDeadline } from '@tsflow/core/queries';
import { z } from 'zod';
import { instant, iso, isoOrNull } from './instant.ts';

export const deadlineSchema = z
  .object({
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
