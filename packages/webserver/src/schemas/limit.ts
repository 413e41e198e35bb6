import type { WrittenLimit } from '@tsflow/core/config';
import { z } from 'zod';

const slots = z.number().int().min(0).max(1_000_000);

/** A limit that follows something while it is in force. */
const liveLimits = [
  z
    .strictObject({ variable: z.string().min(1).max(250), default: slots.describe('Without the Variable.') })
    .describe('The number, or daily plan, in a Variable.'),
  z
    .strictObject({
      default: slots,
      windows: z
        .array(
          z.strictObject({
            cron: z.string().max(200),
            for: z.union([z.string().max(50), z.number().min(0)]),
            value: slots,
          }),
        )
        .max(100),
      timezone: z.string().max(100).optional().describe('IANA name; default UTC.'),
    })
    .describe('A daily plan.'),
] as const;

/** A limit: a number from `least`, a Variable, or a daily plan. */
export const limitSchema = (least: number, most: number) =>
  z.union([z.number().int().min(least).max(most), ...liveLimits]);

export function limitJson(limit: WrittenLimit): z.input<ReturnType<typeof limitSchema>> {
  return typeof limit === 'number' || 'variable' in limit ? limit : { ...limit, windows: [...limit.windows] };
}
