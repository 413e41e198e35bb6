import { InvalidInputError } from '@tsflow/core/errors';
import type { z } from 'zod';
import type { Caller } from '../auth/role.ts';
import { InvalidRequestError } from './invalid-request.ts';
import type { Input, Route } from './route.ts';

/** Longest Idempotency-Key: keys are names of requests, not documents. */
export const MAX_KEY_LENGTH = 200;

/** A request as it came, whatever brought it. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly caller: Caller;
  readonly idempotencyKey: string | undefined;
  readonly signal: AbortSignal;
}

/** The request as the route's handler takes it. Throws {@link InvalidRequestError} when a part of it does not fit its schema. */
export function inputOf(route: Route, raw: RawRequest): Input<never, never, never> {
  const input: Input<unknown, unknown, unknown> = {
    params: parsed('path', route.params, raw.params),
    query: parsed('query', route.query, raw.query),
    body: parsed('body', route.body, raw.body ?? {}),
    caller: raw.caller,
    idempotencyKey: checkedKey(raw.idempotencyKey),
    signal: raw.signal,
  };
  return input as Input<never, never, never>;
}

function parsed(where: 'path' | 'query' | 'body', schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidRequestError(where, result.error);
}

function checkedKey(key: string | undefined): string | undefined {
  if (key === undefined || key === '') return undefined;
  if (key.length <= MAX_KEY_LENGTH) return key;
  throw new InvalidInputError(
    `Idempotency-Key: expected at most ${MAX_KEY_LENGTH} characters, got ${key.length}.`,
  );
}
