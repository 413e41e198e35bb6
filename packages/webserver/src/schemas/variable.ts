import { ownVariables } from '@tsflow/core/config';
import type { Json } from '@tsflow/core/json';
import type { VariableTable } from '@tsflow/core/store';
import { z } from 'zod';
import { instant, iso } from './instant.ts';
import { jsonValue, jsonValueParameter } from './json-value.ts';

export const variableSchema = z
  .object({
    key: z.string(),
    value: jsonValue.describe('Null: a secret.'),
    description: z.string().nullable(),
    isSecret: z.boolean(),
    updatedAt: instant.nullable().describe("Null: one of tsflow's own that nobody has set."),
    updatedBy: z.string().nullable(),
    schema: z
      .object({
        type: z.string(),
        min: z.number(),
        max: z.number(),
        default: z.number(),
        unit: z.string(),
      })
      .optional()
      .describe("Of tsflow's own Variables."),
  })
  .meta({ id: 'Variable' });

/** A Variable as people see it: a secret's value stays where it is. */
export function variableJson(variable: VariableTable): z.input<typeof variableSchema> {
  return {
    key: variable.key,
    value: variable.isSecret === 1 ? null : valueJson(variable.value),
    description: variable.description ?? ownDescription(variable.key),
    isSecret: variable.isSecret === 1,
    updatedAt: iso(variable.updatedAt),
    updatedBy: variable.updatedBy,
    ...schemaOf(variable.key),
  };
}

/** One of tsflow's own Variables that nobody has set: its default. */
export function unsetVariableJson(key: string): z.input<typeof variableSchema> {
  const own = ownVariables[key]!;
  return {
    key,
    value: own.default,
    description: own.description,
    isSecret: false,
    updatedAt: null,
    updatedBy: null,
    ...schemaOf(key),
  };
}

export const variableBody = z
  .strictObject({
    value: jsonValueParameter,
    description: z.string().max(10_000).nullable().optional(),
    isSecret: z.boolean().optional(),
  })
  .meta({ id: 'NewVariable' });

export const variablePath = z.object({ key: z.string().min(1).max(250) });

export const variableChangeSchema = z
  .object({ at: instant, actor: z.string(), from: jsonValue, to: jsonValue })
  .meta({ id: 'VariableChange' });

export function variableChangeJson(change: {
  readonly at: number;
  readonly actor: string;
  readonly fromValue: string | null;
  readonly toValue: string | null;
}): z.input<typeof variableChangeSchema> {
  return {
    at: iso(change.at),
    actor: change.actor,
    from: change.fromValue === null ? null : valueJson(change.fromValue),
    to: change.toValue === null ? null : valueJson(change.toValue),
  };
}

const own = (key: string) => (Object.hasOwn(ownVariables, key) ? ownVariables[key] : undefined);

const ownDescription = (key: string) => own(key)?.description ?? null;

function schemaOf(key: string) {
  const definition = own(key);
  if (definition === undefined) return {};
  const { type, min, max, unit } = definition;
  return { schema: { type, min, max, default: definition.default, unit } };
}

function valueJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
