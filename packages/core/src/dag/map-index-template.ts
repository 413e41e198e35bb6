import type { OptionChecks } from './operator-options.ts';

/**
 * How people call an index of something mapped, in place of its number: Airflow's `map_index_template`. A Jinja-style text over what is mapped by
 * name (`'{{ city.name }}'`) and what every template knows, or a function of it.
 */
export type MapIndexTemplate<Values = MapIndexValues> = string | MapIndexFunction<Values>;

/** What the name of an index is made of, by name: the inputs of a function, the options of another operator, the elements of a group. */
export type MapIndexValues = Readonly<Record<string, unknown>>;

/** A method, because those are compared in both directions: a function of certain values is one of these. */
type MapIndexFunction<Values> = { name(values: Values): string | Promise<string> }['name'];

/** The template that an author gave, checked; null: none. */
export function mapIndexTemplateOf(given: unknown, check: OptionChecks): MapIndexTemplate | null {
  if (given === undefined) return null;
  if (typeof given === 'function') return given as MapIndexTemplate;
  if (typeof given === 'string' && given !== '') return given;
  throw check.refuse('mapIndexTemplate', 'a text such as "{{ city }}" or a function', given);
}
