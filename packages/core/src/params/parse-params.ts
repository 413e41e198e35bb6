import { TsflowError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Params, ParamsSchema } from './params-schema.ts';

/** Thrown when the conf of a run does not fit the params of its DAG. `problems` has one line for each field. */
export class InvalidParamsError extends TsflowError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('invalid_params', `The params do not fit the DAG's schema: ${problems.join('; ')}.`);
    this.problems = problems;
  }
}

/**
 * The params that a run's `conf` gives: checked by `schema`, defaults filled in. Without a schema any conf passes as it is.
 * Throws {@link InvalidParamsError} with all problems at once.
 */
export function parseParams(schema: ParamsSchema | null, conf: JsonObject): Params {
  if (schema === null) return conf;
  const result = schema.safeParse(conf);
  if (result.success) return result.data;
  throw new InvalidParamsError(
    result.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'params'}: ${issue.message}`),
  );
}
