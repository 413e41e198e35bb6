import { createRequire } from 'node:module';
import { didYouMean, InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

const validators = new WeakMap<object, ValidateFunction>();
let ajv: Ajv2020 | null = null;

/**
 * The conf of a run, checked by the JSON Schema of the DAG's params, defaults filled in. Throws {@link InvalidInputError} naming every
 * member that does not fit. The runner checks again with zod itself, since JSON Schema cannot say everything.
 */
export function validateConf(dag: SerializedDag, conf: JsonObject): JsonObject {
  if (dag.paramsSchema === null) return conf;
  const validate = validatorOf(dag.paramsSchema);
  const filled = structuredClone(conf) as Record<string, unknown>;
  if (validate(filled)) return filled as JsonObject;
  const names = Object.keys((dag.paramsSchema.properties ?? {}) as JsonObject);
  const problems = (validate.errors ?? []).map((error) => problemOf(error, names));
  throw new InvalidInputError(`The params of ${dag.dagId} do not fit: ${problems.join('; ')}.`);
}

/** @param names of the params */
function problemOf({ instancePath, params, message }: ErrorObject, names: readonly string[]): string {
  const path = instancePath.slice(1).replaceAll('/', '.');
  const { allowedValues, additionalProperty } = params as {
    readonly allowedValues?: readonly unknown[];
    readonly additionalProperty?: string;
  };
  if (additionalProperty !== undefined) {
    const meant = path === '' ? didYouMean(additionalProperty, names) : undefined;
    const unknown = path === '' ? additionalProperty : `${path}.${additionalProperty}`;
    return `there is no ${unknown}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
  }
  const allowed = allowedValues === undefined ? '' : ` (${allowedValues.join(', ')})`;
  return `${path || 'conf'} ${message ?? 'is invalid'}${allowed}`;
}

function validatorOf(schema: JsonObject): ValidateFunction {
  let validate = validators.get(schema);
  if (validate === undefined) {
    ajv ??= loadAjv();
    validate = ajv.compile(schema);
    validators.set(schema, validate);
  }
  return validate;
}

/** Loaded by the first DAG with params: a hundred files that a scheduler's start need not wait for. */
function loadAjv(): Ajv2020 {
  const require = createRequire(import.meta.url);
  const { Ajv2020: Ajv } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  return new Ajv({ allErrors: true, useDefaults: true, strict: false, validateFormats: false });
}
