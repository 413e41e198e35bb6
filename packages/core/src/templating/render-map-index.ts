import type { TaskContext } from '../dag/context.ts';
import type { MapIndexTemplate, MapIndexValues } from '../dag/map-index-template.ts';
import { type AnyOperator, fieldKindsOf } from '../dag/operator.ts';
import type { AnyTaskGroup } from '../dag/task-group.ts';
import type { ElementPort } from './render-fields.ts';
import { elementValue, renderText } from './render-fields.ts';

/** Longest name that is kept, in characters: Airflow's. */
export const MAX_RENDERED_MAP_INDEX = 250;

/** What one component of a map path stands for. */
interface NamedLevel {
  /** Null: its index is its name. */
  readonly template: MapIndexTemplate | null;
  /** Null: the task itself, whose values name it. */
  readonly group: AnyTaskGroup | null;
}

/** Of an operator of which nobody named an index: nothing is rendered. */
const levels = new WeakMap<AnyOperator, readonly NamedLevel[] | null>();

/**
 * How people call the instance at `mapPath`: the name of each level, or its index where it has none, with ` / ` between them. Null: no level
 * of it has a template. `values` are the fields of the attempt, rendered. Throws what a template or function of the author throws.
 */
export async function renderMapIndex(
  operator: AnyOperator,
  context: TaskContext,
  mapPath: string,
  values: MapIndexValues,
  elements: ElementPort,
  mask: (text: string) => string = (text) => text,
): Promise<string | null> {
  const named = levelsOf(operator);
  if (named === null || mapPath === '') return null;
  const names: string[] = [];
  for (const [depth, index] of mapPath.split('.').entries()) {
    const { template = null, group = null } = named[depth] ?? {};
    if (template === null) {
      names.push(index);
      continue;
    }
    const given =
      group === null ? valuesOf(operator, values) : await elementsOf(group, operator, context, elements);
    const name =
      typeof template === 'function'
        ? String(await template(given))
        : await renderText(template, 'mapIndexTemplate', context, given);
    names.push(oneLine(name) || index);
  }
  return cut(mask(names.join(' / ')));
}

function levelsOf(operator: AnyOperator): readonly NamedLevel[] | null {
  let found = levels.get(operator);
  if (found === undefined) {
    const own = operator.settings.mapIndexTemplate;
    const around: NamedLevel[] = [];
    for (let group = operator.group; group !== null; group = group.parent)
      if (group.expansion !== null) around.unshift({ template: group.mapIndexTemplate, group });
    // One that is not mapped itself names the innermost group's index in its own way.
    if (operator.expansion !== null) around.push({ template: own, group: null });
    else if (own !== null) around[around.length - 1] = { template: own, group: null };
    found = around.some(({ template }) => template !== null) ? around : null;
    levels.set(operator, found);
  }
  return found;
}

/** The inputs of a function by their names, or what another operator takes. */
function valuesOf(operator: AnyOperator, values: MapIndexValues): MapIndexValues {
  const { inputs } = values;
  const isInputs = fieldKindsOf(operator).inputs === 'input' && typeof inputs === 'object';
  return isInputs ? { ...inputs } : values;
}

async function elementsOf(
  { expansion }: AnyTaskGroup,
  operator: AnyOperator,
  context: TaskContext,
  elements: ElementPort,
): Promise<MapIndexValues> {
  const members: [string, unknown][] = [];
  for (const [name, argument] of expansion ?? [])
    members.push([name, await elementValue(argument, name, context, operator, elements)]);
  return Object.fromEntries(members);
}

/** A name stands in a line of a table. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}

function cut(name: string): string {
  return name.length <= MAX_RENDERED_MAP_INDEX ? name : `${name.slice(0, MAX_RENDERED_MAP_INDEX - 1)}…`;
}
