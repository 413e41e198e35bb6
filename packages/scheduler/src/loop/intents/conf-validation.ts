import { createRequire } from 'node:module';
import { didYouMean, InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

/** They go when the version goes whose schema they are of. */
const validators = new WeakMap<object, ValidateFunction>();
let Ajv: typeof Ajv2020 | null = null;

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
    validate = compile(schema);
    validators.set(schema, validate);
  }
  return validate;
}

/**
 * An Ajv keeps whatever it ever compiled, also after `removeSchema`, and versions of DAGs come for months: so each schema has one of its own.
 * Without the meta-schema that costs less than a shared one, and zod wrote the schema.
 */
function compile(schema: JsonObject): ValidateFunction {
  Ajv ??= loadAjv();
  return new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: false,
    validateFormats: false,
    meta: false,
    validateSchema: false,
  }).compile(schema);
}

/** Loaded by the first DAG with params: a hundred files that a scheduler's start need not wait for. */
function loadAjv(): typeof Ajv2020 {
  const require = createRequire(import.meta.url);
  return (require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')).Ajv2020;
}
