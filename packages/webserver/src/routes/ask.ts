import { InvalidInputError } from '@tsflow/core/errors';
import type { Intent } from '@tsflow/core/intents';
import { askDag } from '@tsflow/core/store';
import type { Request } from 'express';
import type { Caller } from '../auth/role.ts';
import { RefusedIntentError } from '../http-errors.ts';
import { pendingIntentSchema } from '../schemas/pending-intent.ts';
import type { WebServices } from '../web-services.ts';
import { type Answer, json, type Reply } from './route.ts';

/** Longest Idempotency-Key: keys are names of requests, not documents. */
const MAX_KEY_LENGTH = 200;

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
export async function ask(
  services: WebServices,
  asked: {
    readonly dagId: string;
    readonly intent: Intent;
    readonly caller: Caller;
    readonly idempotencyKey?: string | undefined;
  },
  applied: (result: unknown) => Promise<Reply> | Reply,
): Promise<Reply> {
  const { dagId, intent, caller, idempotencyKey } = asked;
  const decided = await askDag(
    services.store,
    { dagId, intent, actor: caller.name, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
    { clock: services.clock },
  );
  if (decided.state === 'refused') throw new RefusedIntentError(decided.result);
  if (decided.state === 'applied') return applied(decided.result);
  const message = 'No scheduler answers. The request is stored and waits for a scheduler.';
  return json(pendingIntentSchema, { intentId: decided.id, message }, 202);
}

/** The Idempotency-Key of a request: the same key twice is one intent. */
export function idempotencyKey(request: Request): string | undefined {
  const key = request.get('Idempotency-Key');
  if (key === undefined || key === '') return undefined;
  if (key.length <= MAX_KEY_LENGTH) return key;
  throw new InvalidInputError(
    `Idempotency-Key: expected at most ${MAX_KEY_LENGTH} characters, got ${key.length}.`,
  );
}
