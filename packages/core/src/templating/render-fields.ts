import type { TaskContext } from '../dag/context.ts';
import { isFileTemplate } from '../dag/file-template.ts';
import { isListExpression, type ListNode } from '../dag/list-expression.ts';
import { type ElementObject, isElement, type MapArgument } from '../dag/map-argument.ts';
import { type AnyOperator, type FieldKind, fieldKindsOf } from '../dag/operator.ts';
import { isTaskOutput } from '../dag/task-output.ts';
import { isContainer } from '../dag/template.ts';
import { isLiveVariable } from '../dag/variable.ts';
import { InvalidInputError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { isParamReference } from '../params/index.ts';
import type { ElementChoice } from '../rules/index.ts';
import { isTemplate, jinjaFor, type TemplateNames } from './jinja.ts';

/** The fields of an operator for one attempt. */
export interface RenderedFields {
  /** What `execute` gets. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The templated ones as they are stored and shown: JSON, masked, long texts cut. Null: the operator has none. */
  readonly rendered: JsonObject | null;
}

/** Which elements a mapped instance has, and where they are read. */
export interface ElementPort {
  /** Of what is mapped (the task, or a group around it), by the name of its argument. */
  choice(level: string, argument: string): ElementChoice;
  /** One element of an output. */
  pull(taskId: string, key: string, index: number): Promise<unknown>;
}

const noElements: ElementPort = {
  choice(level, argument) {
    throw new InvalidInputError(
      `"${level}" is mapped over "${argument}", but this attempt has no map index.`,
    );
  },
  pull: async () => null,
};

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
  elements: ElementPort = noElements,
): Promise<RenderedFields> {
  const { constant, dynamic, shown } = planOf(operator);
  if (dynamic.length === 0 && shown.length === 0) return { values: constant, rendered: null };
  const values: Record<string, unknown> = { ...constant };
  for (const [name, kind] of dynamic) {
    values[name] = await resolve(operator.fields[name], { field: name, kind, context, operator, elements });
  }
  if (shown.length === 0) return { values, rendered: null };
  const rendered = shown.map((name) => [name, asStored(values[name], mask)] as const);
  return { values, rendered: Object.fromEntries(rendered) };
}

/** Resolves one value that is no field, such as the partition of an outlet, as a templated field would be. */
export function renderValue(value: unknown, name: string, context: TaskContext): Promise<unknown> {
  return resolve(value, { field: name, kind: 'template', context, operator: null, elements: noElements });
}

/** The element of a list that the attempt of `operator` has: of a level around it, or its own. */
export function elementValue(
  argument: MapArgument,
  name: string,
  context: TaskContext,
  operator: AnyOperator,
  elements: ElementPort,
): Promise<unknown> {
  return element({ argument, transforms: [] }, { field: name, kind: 'input', context, operator, elements });
}

/** Renders a text over the names that every template knows, and over `names` before them. */
export async function renderText(
  text: string,
  field: string,
  context: TaskContext,
  names: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  if (!isTemplate(text)) return text;
  const jinja = await jinjaFor(context.dagDirectory);
  return jinja.render({ text, path: null, field }, { ...templateNames(context), ...names });
}

interface Place {
  /** `env.DAY`. */
  readonly field: string;
  readonly kind: FieldKind;
  readonly context: TaskContext;
  /** Null: it stands outside of any operator's fields. */
  readonly operator: AnyOperator | null;
  readonly elements: ElementPort;
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
  if (isListExpression(value)) return wholeList(value.node, place);
  if (isElement(value)) return element(value, place);
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

/** The element of a list that this instance is mapped to. */
async function element({ argument, transforms }: ElementObject, place: Place): Promise<unknown> {
  const { operator, elements } = place;
  const level = argument.groupId ?? operator?.taskId;
  const name = argument.name ?? operator?.expansion?.get(argument);
  if (level === undefined || name === undefined)
    throw new InvalidInputError(`${place.field}: an element stands where nothing is mapped over its list.`);
  let value = await chosenElement(argument.node, elements.choice(level, name), place);
  for (const transform of transforms) value = await transform(value as never);
  return value;
}

async function chosenElement(node: ListNode, choice: ElementChoice, place: Place): Promise<unknown> {
  switch (node.kind) {
    case 'literal':
      if (typeof choice === 'number') return resolve(node.items[choice], place);
      break;
    case 'output':
      if (typeof choice === 'number') return place.elements.pull(node.output.taskId, node.output.key, choice);
      break;
    case 'map':
      return node.transform((await chosenElement(node.of, choice, place)) as never);
    case 'zip':
      if (typeof choice === 'number' || 'part' in choice) break;
      return Promise.all(node.of.map((part, i) => chosenElement(part, choice[i]!, place)));
    case 'concat':
      if (typeof choice === 'object' && 'part' in choice)
        return chosenElement(node.of[choice.part]!, choice.of, place);
  }
  throw new InvalidInputError(
    `${place.field}: the list in the code is another one than the scheduler knows of.`,
  );
}

/** A list as an input that is not mapped over. */
async function wholeList(node: ListNode, place: Place): Promise<readonly unknown[]> {
  switch (node.kind) {
    case 'literal':
      return Promise.all(node.items.map((item) => resolve(item, place)));
    case 'output':
      return entriesOf(await place.context.xcom.pull(node.output), place);
    case 'reference':
      return entriesOf(await resolve(node.reference, place), place);
    case 'map': {
      const items: unknown[] = [];
      for (const item of await wholeList(node.of, place)) items.push(await node.transform(item as never));
      return items;
    }
    case 'filter': {
      const items: unknown[] = [];
      for (const item of await wholeList(node.of, place))
        if (await node.keep(item as never)) items.push(item);
      return items;
    }
    case 'zip': {
      const parts = await Promise.all(node.of.map((part) => wholeList(part, place)));
      const length = Math.min(...parts.map((part) => part.length));
      return Array.from({ length }, (_, i) => parts.map((part) => part[i]));
    }
    case 'concat':
      return (await Promise.all(node.of.map((part) => wholeList(part, place)))).flat();
  }
}

function entriesOf(value: unknown, { field }: Place): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  throw new InvalidInputError(
    `${field}: expected a list or an object, got ${value === null ? 'null' : typeof value}.`,
  );
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
    mapPath: context.mapPath,
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
  if (isListExpression(value) || isElement(value)) return true;
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
