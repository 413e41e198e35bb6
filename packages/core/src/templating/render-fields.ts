import type { TaskContext } from '../dag/context.ts';
import { isFileTemplate } from '../dag/file-template.ts';
import { type AnyOperator, type FieldKind, fieldKindsOf } from '../dag/operator.ts';
import { isTaskOutput } from '../dag/task-output.ts';
import { isContainer } from '../dag/template.ts';
import { isLiveVariable } from '../dag/variable.ts';
import type { Json, JsonObject } from '../json.ts';
import { isParamReference } from '../params/index.ts';
import { isTemplate, jinjaFor, type TemplateNames } from './jinja.ts';

/** The fields of an operator for one attempt. */
export interface RenderedFields {
  /** What `execute` gets. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The templated ones as they are stored and shown: JSON, masked, long texts cut. Null: the operator has none. */
  readonly rendered: JsonObject | null;
}

/** Longest text that is kept of a rendered field, in characters: enough for long SQL, bounded for the database. */
export const MAX_RENDERED_TEXT = 65_536;

/** Values under such names are masked in what is stored, whether or not anybody registered them as secrets. */
const SECRET_NAME = /passw|secret|token|api_?key|credential|private_?key|access_?key|authorization/i;

interface Plan {
  /** Fields that stand as they are, for every attempt. */
  readonly constant: Readonly<Record<string, unknown>>;
  readonly dynamic: readonly (readonly [name: string, kind: FieldKind])[];
  /** Shown among the rendered fields. */
  readonly shown: readonly string[];
}

const plans = new WeakMap<AnyOperator, Plan>();

/**
 * Resolves the fields of `operator` for the attempt of `context`: outputs are pulled, params and Variables read, functions called,
 * templates rendered, each once - what comes out is data and is not rendered again. `mask` replaces registered secrets in what is
 * stored; it is applied before long texts are cut.
 */
export async function renderFields(
  operator: AnyOperator,
  context: TaskContext,
  mask: (text: string) => string = (text) => text,
): Promise<RenderedFields> {
  const { constant, dynamic, shown } = planOf(operator);
  if (dynamic.length === 0 && shown.length === 0) return { values: constant, rendered: null };
  const values: Record<string, unknown> = { ...constant };
  for (const [name, kind] of dynamic) {
    values[name] = await resolve(operator.fields[name], { field: name, kind, context });
  }
  if (shown.length === 0) return { values, rendered: null };
  const rendered = shown.map((name) => [name, asStored(values[name], mask)] as const);
  return { values, rendered: Object.fromEntries(rendered) };
}

/** Resolves one value that is no field, such as the partition of an outlet, as a templated field would be. */
export function renderValue(value: unknown, name: string, context: TaskContext): Promise<unknown> {
  return resolve(value, { field: name, kind: 'template', context });
}

interface Place {
  /** `env.DAY`. */
  readonly field: string;
  readonly kind: FieldKind;
  readonly context: TaskContext;
}

async function resolve(value: unknown, place: Place): Promise<unknown> {
  const { context, kind } = place;
  if (typeof value === 'string') {
    return kind === 'template' && isTemplate(value) ? render(value, null, place) : value;
  }
  if (typeof value === 'function') return kind === 'template' ? await value(context) : value;
  if (isTaskOutput(value)) return context.xcom.pull(value);
  if (isParamReference(value)) return context.params[value.param];
  if (isLiveVariable(value)) return context.variables.get(value);
  if (isFileTemplate(value)) return render(value.text, value.absolutePath, place);
  if (!isContainer(value)) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const [i, item] of value.entries())
      items.push(await resolve(item, { ...place, field: `${place.field}[${i}]` }));
    return items;
  }
  const members: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    members.push([name, await resolve(member, { ...place, field: `${place.field}.${name}` })]);
  }
  return Object.fromEntries(members);
}

async function render(text: string, path: string | null, { field, context }: Place): Promise<string> {
  if (!isTemplate(text)) return text;
  const jinja = await jinjaFor(context.dagDirectory);
  return jinja.render({ text, path, field }, templateNames(context));
}

/** What templates can name: the facts of the attempt, and nothing that could be changed or asked for. */
export function templateNames(context: TaskContext): TemplateNames {
  return {
    ds: context.ds,
    ts: context.ts,
    logicalDate: context.logicalDate,
    dataIntervalStart: context.dataInterval.start,
    dataIntervalEnd: context.dataInterval.end,
    params: context.params,
    conf: context.conf,
    dagId: context.dagId,
    runId: context.runId,
    runType: context.runType,
    taskId: context.taskId,
    mapIndex: context.mapIndex,
    tryNumber: context.tryNumber,
    timezone: context.timezone,
  };
}

function planOf(operator: AnyOperator): Plan {
  let plan = plans.get(operator);
  if (plan === undefined) {
    const kinds = Object.entries(fieldKindsOf(operator)).filter(([name]) => name in operator.fields);
    const dynamic = kinds.filter(([name, kind]) => isDynamic(operator.fields[name], kind));
    const dynamicNames = new Set(dynamic.map(([name]) => name));
    const constant = Object.entries(operator.fields).filter(([name]) => !dynamicNames.has(name));
    const shown = kinds.filter(([, kind]) => kind === 'template' || kind === 'file').map(([name]) => name);
    plan = { constant: Object.fromEntries(constant), dynamic, shown };
    plans.set(operator, plan);
  }
  return plan;
}

function isDynamic(value: unknown, kind: FieldKind): boolean {
  if (kind === 'value') return false;
  if (typeof value === 'string') return kind === 'template' && isTemplate(value);
  if (typeof value === 'function') return kind === 'template';
  if (isTaskOutput(value) || isParamReference(value) || isLiveVariable(value) || isFileTemplate(value))
    return true;
  return isContainer(value) && Object.values(value).some((member) => isDynamic(member, kind));
}

function asStored(value: unknown, mask: (text: string) => string, name = ''): Json {
  if (value === undefined || value === null) return null;
  if (SECRET_NAME.test(name) && typeof value !== 'boolean') return '***';
  if (typeof value === 'string') return cut(mask(value));
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (!isContainer(value)) return cut(mask(String(value)));
  if (Array.isArray(value)) return bounded(value.map((item) => asStored(item, mask)));
  const members = Object.entries(value).map(
    ([key, member]) => [mask(key), asStored(member, mask, key)] as const,
  );
  return bounded(Object.fromEntries(members));
}

/** A list or object that is too long as a whole is kept as the beginning of its text. */
function bounded(value: Json): Json {
  const text = JSON.stringify(value);
  return text.length <= MAX_RENDERED_TEXT ? value : cut(text);
}

function cut(text: string): string {
  return text.length <= MAX_RENDERED_TEXT
    ? text
    : `${text.slice(0, MAX_RENDERED_TEXT)}… (${text.length} characters)`;
}
