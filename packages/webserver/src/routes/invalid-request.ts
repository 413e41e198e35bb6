import { InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import type { z } from 'zod';

/** Thrown when a path, a query or a body does not fit its schema. Names every member that is wrong, not only the first. */
export class InvalidRequestError extends InvalidInputError {
  readonly facts: JsonObject;

  constructor(where: 'path' | 'query' | 'body', error: z.ZodError) {
    const issues = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
    const texts = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    super(`The ${where} of the request does not fit: ${texts.join('; ')}.`);
    this.facts = { where, issues };
  }
}
