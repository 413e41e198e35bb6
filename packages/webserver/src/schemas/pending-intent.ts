import { z } from 'zod';

/** What was asked is stored, and waits for a scheduler. */
export const pendingIntentSchema = z
  .object({ intentId: z.number().int(), message: z.string() })
  .meta({ id: 'PendingIntent' });
