import type { Json, JsonObject } from '@tsflow/core/json';
import { z } from 'zod';

/** Any JSON in an answer. */
export const jsonValue = z.unknown().meta({ description: 'Any JSON.' });

/** A JSON object in an answer. */
export const jsonObject = z.record(z.string(), z.unknown());

/** Any JSON in a body: it went through `JSON.parse`, so only its absence can be wrong. */
export const jsonValueParameter = z
  .unknown()
  .refine((value) => value !== undefined, 'expected a JSON value')
  .transform((value) => value as Json);

/** A JSON object in a body. A member called `__proto__` is dropped here. */
export const jsonObjectParameter = z
  .record(z.string(), z.unknown())
  .transform((value) => value as JsonObject);
