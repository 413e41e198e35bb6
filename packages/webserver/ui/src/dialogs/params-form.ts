import { jsonMistake } from './json-mistake.ts';

/** One field of the form that a JSON Schema of params asks for. */
export interface ParamField {
  readonly name: string;
  readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'choice' | 'json';
  readonly choices: readonly string[];
  readonly description: string | null;
  readonly isRequired: boolean;
  readonly schema: Record<string, unknown>;
}

/** The fields of an object schema; what has no plain field of its own (objects, arrays, unions) is edited as JSON. */
export function paramFields(schema: Record<string, unknown> | null): ParamField[] {
  const properties = schema?.properties;
  if (typeof properties !== 'object' || properties === null) return [];
  const required = new Set(Array.isArray(schema?.required) ? schema.required : []);
  return Object.entries(properties as Record<string, Record<string, unknown>>).map(([name, property]) => ({
    name,
    kind: kindOf(property),
    choices: Array.isArray(property.enum) ? property.enum.map(String) : [],
    description: typeof property.description === 'string' ? property.description : null,
    isRequired: required.has(name) && property.default === undefined,
    schema: property,
  }));
}

/** What is wrong with a conf, by the name of its field. The server checks again, with the whole schema. */
export function paramProblems(
  fields: readonly ParamField[],
  conf: Readonly<Record<string, unknown>>,
): Map<string, ParamProblem> {
  const problems = new Map<string, ParamProblem>();
  for (const field of fields) {
    const value = conf[field.name];
    const { minimum, maximum, minLength, pattern } = field.schema;
    if (value === undefined || value === '' || value === null) {
      if (field.isRequired) problems.set(field.name, { key: 'params.required' });
    } else if (field.kind === 'integer' && !Number.isInteger(value))
      problems.set(field.name, { key: 'params.integer' });
    else if (field.kind === 'number' && !Number.isFinite(value))
      problems.set(field.name, { key: 'params.number' });
    else if (typeof value === 'number' && typeof minimum === 'number' && value < minimum)
      problems.set(field.name, { key: 'params.atLeast', limit: minimum });
    else if (typeof value === 'number' && typeof maximum === 'number' && value > maximum)
      problems.set(field.name, { key: 'params.atMost', limit: maximum });
    else if (typeof value === 'string' && typeof minLength === 'number' && value.length < minLength)
      problems.set(field.name, { key: 'params.longer', limit: minLength });
    else if (typeof value === 'string' && typeof pattern === 'string' && !fits(pattern, value))
      problems.set(field.name, { key: 'params.pattern', limit: pattern });
  }
  return problems;
}

export interface ParamProblem {
  readonly key:
    | 'params.required'
    | 'params.integer'
    | 'params.number'
    | 'params.atLeast'
    | 'params.atMost'
    | 'params.longer'
    | 'params.pattern';
  readonly limit?: number | string;
}

/** JSON of an object, or where it stops being that: line, column, and what stands there. */
export function parseConf(
  text: string,
):
  | { ok: true; conf: Record<string, unknown> }
  | { ok: false; message: string; line: number; column: number } {
  if (text.trim() === '') return { ok: true, conf: {} };
  try {
    const conf: unknown = JSON.parse(text);
    if (typeof conf === 'object' && conf !== null && !Array.isArray(conf))
      return { ok: true, conf: conf as Record<string, unknown> };
    return { ok: false, message: text.trim().slice(0, 12), line: 1, column: 1 };
  } catch {
    const before = text.slice(0, jsonMistake(text) ?? text.length).split('\n');
    const at = before.at(-1)!.length;
    const rest = text
      .split('\n')
      [before.length - 1]!.slice(at, at + 12)
      .trim();
    return { ok: false, message: rest === '' ? '…' : rest, line: before.length, column: at + 1 };
  }
}

function kindOf(property: Record<string, unknown>): ParamField['kind'] {
  if (Array.isArray(property.enum)) return 'choice';
  if (property.type === 'string') return 'text';
  if (property.type === 'integer' || property.type === 'number' || property.type === 'boolean')
    return property.type;
  return 'json';
}

function fits(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}
