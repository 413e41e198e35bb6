import { z } from 'zod';
import { errorMessage, InvalidInputError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ParamsSchema } from './params-schema.ts';

/** What a form needs to ask for params: their JSON Schema (2020-12) and the values that it starts with. */
export interface ParamsForm {
  readonly schema: JsonObject;
  readonly defaults: JsonObject;
}

/**
 * Describes params as plain data. Throws {@link InvalidInputError}, naming the field, when a field has a type that JSON
 * cannot carry or that turns one type into another: what people type into a form, and what is stored with the run, is JSON.
 */
export function describeParams(params: ParamsSchema): ParamsForm {
  const schema = asJsonSchema(params);
  return { schema, defaults: defaultsOf(schema) };
}

function asJsonSchema(params: ParamsSchema): JsonObject {
  for (const [name, field] of Object.entries(params.shape)) {
    const pipe = findTransform(field);
    if (pipe !== undefined) throw refusal(name, `uses ${pipe}`);
    try {
      z.toJSONSchema(field, { io: 'input' });
    } catch (error) {
      throw refusal(name, `cannot be asked for as JSON (${errorMessage(error)})`, error);
    }
  }
  return z.toJSONSchema(params, { io: 'input' }) as JsonObject;
}

function refusal(name: string, problem: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(
    `params.${name} ${problem}. Use a JSON type such as z.iso.date(), z.string(), z.number() or z.enum([...]) and ` +
      'convert the value inside the task.',
    cause === undefined ? undefined : { cause },
  );
}

/** A transform gives tasks another type than the form and the stored run have: refused rather than half supported. */
function findTransform(field: unknown, depth = 0): string | undefined {
  const definition = (field as { _zod?: { def?: Record<string, unknown> } })._zod?.def;
  if (definition === undefined || depth > 20) return undefined;
  if (definition.type === 'transform') return 'a transform';
  if (definition.type === 'pipe') {
    const [from, to] = [definition.in, definition.out];
    return findTransform(from, depth + 1) ?? findTransform(to, depth + 1);
  }
  const parts = [definition.innerType, definition.element, ...Object.values(definition.shape ?? {})];
  if (Array.isArray(definition.options)) parts.push(...definition.options);
  for (const part of parts) {
    const found = part === undefined ? undefined : findTransform(part, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function defaultsOf(schema: JsonObject): JsonObject {
  const properties = (schema.properties ?? {}) as { [name: string]: JsonObject };
  const defaults = Object.entries(properties).filter(([, property]) => property.default !== undefined);
  return Object.fromEntries(defaults.map(([name, property]) => [name, property.default!]));
}
