import { z } from 'zod';
import { ALERT_KINDS, type AlertRule } from '../notifiers/alert.ts';
import type { Config } from './config.ts';

const rule = z
  .strictObject({
    to: z.enum(['slack', 'webhook', 'email']),
    connectionId: z.string().min(1).optional(),
    channel: z.string().min(1).optional(),
    mailTo: z.array(z.string().min(3)).min(1).optional(),
    on: z.array(z.enum(ALERT_KINDS)).min(1).optional(),
    dags: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(({ to, mailTo }) => to !== 'email' || mailTo !== undefined)
  .refine(({ to, connectionId }) => to !== 'webhook' || connectionId !== undefined);

const rules: z.ZodType<readonly AlertRule[]> = z.array(rule);

/** The setting `alerts`: a list, or its JSON. It is kept as JSON. */
export const alertsSchema = z.union([z.string(), z.array(z.unknown())]).transform((given, context) => {
  try {
    const list: unknown = typeof given === 'string' ? JSON.parse(given === '' ? '[]' : given) : given;
    const parsed = rules.safeParse(list);
    if (parsed.success) return JSON.stringify(parsed.data);
  } catch {
    // Said below, in the same words as for JSON that does not fit.
  }
  context.addIssue({ code: 'custom', message: 'no list of alert rules' });
  return z.NEVER;
});

const parsed = new Map<string, readonly AlertRule[]>();

/** Who is told of what in this installation. */
export function alertRules({ alerts = '[]' }: Partial<Pick<Config, 'alerts'>>): readonly AlertRule[] {
  let list = parsed.get(alerts);
  if (list === undefined) {
    list = rules.parse(JSON.parse(alerts));
    parsed.set(alerts, list);
  }
  return list;
}
