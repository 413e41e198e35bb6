import type { Intent, IntentKind, IntentResult } from '@tsflow/core/intents';
import { askDag } from '@tsflow/core/store';
import type { Caller } from '../auth/role.ts';
import { RefusedIntentError } from '../http-errors.ts';
import { pendingIntentSchema } from '../schemas/pending-intent.ts';
import type { ApiServices } from '../web-services.ts';
import { type Answer, type Content, json } from './route.ts';

/** The answer of every route that asks a DAG for something while no scheduler answers. */
export const waitsForScheduler: Answer = {
  status: 202,
  description: 'Stored, and waits for a scheduler.',
  schema: pendingIntentSchema,
};

/**
 * Asks the scheduler that holds a DAG, and turns its result into a reply by `applied`. Refused: throws {@link RefusedIntentError}.
 * Nobody there: 202 with the intent's id; it is stored and will be applied.
 */
export async function ask<Kind extends IntentKind>(
  services: ApiServices,
  asked: {
    readonly dagId: string;
    readonly intent: Intent & { readonly kind: Kind };
    readonly caller: Caller;
    readonly idempotencyKey?: string | undefined;
  },
  applied: (result: IntentResult<Kind>) => Promise<Content> | Content,
): Promise<Content> {
  const { dagId, intent, caller, idempotencyKey } = asked;
  const decided = await askDag(
    services.store,
    { dagId, intent, actor: caller.name, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
    { clock: services.clock },
  );
  if (decided.state === 'refused') throw new RefusedIntentError(decided.result);
  // The scheduler wrote it in this form, or an earlier release did.
  if (decided.state === 'applied') return applied(decided.result as IntentResult<Kind>);
  const message = decided.isAnybodyThere
    ? `The scheduler did not answer in time: the request waits (number ${decided.id}).`
    : `No scheduler is running: the request waits (number ${decided.id}) and is carried out as soon as one starts.`;
  return json(pendingIntentSchema, { intentId: decided.id, message }, 202);
}
