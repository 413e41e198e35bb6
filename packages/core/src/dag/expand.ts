import { isParamReference, type ParamReference } from '../params/index.ts';
import { DagDefinitionError } from './definition-error.ts';
import { isListExpression, type ListExpression, type ListNode, listExpression } from './list-expression.ts';
import { type Expanded, elementOf } from './map-argument.ts';
import { isTaskOutput, type TaskOutput } from './task-output.ts';
import type { InputValue } from './template.ts';
import { isLiveVariable, type LiveVariable } from './variable.ts';

/**
 * What a task or a group can be mapped over: a list, the output of a task that returns one, what was made of such lists, or a param or
 * Variable that holds one. Of an object, its entries: `[key, value]`.
 */
export type Mappable =
  | readonly unknown[]
  | TaskOutput<readonly unknown[] | object>
  | ListExpression<unknown>
  | ParamReference<readonly unknown[] | object>
  | LiveVariable<readonly unknown[] | object>;

/** Type of the elements of a {@link Mappable}. */
export type ItemOf<List> =
  List extends TaskOutput<infer V>
    ? EntryOf<V>
    : List extends ListExpression<infer V>
      ? V
      : List extends ParamReference<infer V>
        ? EntryOf<V>
        : List extends LiveVariable<infer V>
          ? EntryOf<V>
          : List extends readonly (infer V)[]
            ? InputValue<V>
            : never;

/** Type of the elements of a value: items of a list, entries of an object. */
export type EntryOf<V> = V extends readonly (infer Item)[]
  ? Item
  : V extends object
    ? [string, V[keyof V]]
    : never;

/**
 * Maps a task over a list: as an input it makes one instance for each element, and the function gets that element. Several make every
 * combination; what is not expanded, all instances share. The output of the task is the list of what its instances returned.
 *
 * ```ts
 * const load = task('load', (_context, { row, table }) => insert(table, row), { row: expand(extract.output), table: 'weather' });
 * task('sum', (_context, { counts }) => counts.reduce((a, b) => a + b, 0), { counts: load.output });
 * ```
 *
 * An empty list skips the task. At most 1,024 instances (`TSFLOW_MAX_MAP_LENGTH`): lists in the file that make more do not load, and a task
 * whose list makes more fails.
 */
export function expand<const List extends Mappable>(list: List): Expanded<ItemOf<List>> {
  return elementOf({ node: listNode(list, 'expand()'), groupId: null, name: null });
}

/** Lists side by side: `[a1, b1], [a2, b2], …`, as long as the shortest. Combine lists that belong together; `expand` twice crosses them. */
export function zip<const Lists extends readonly Mappable[]>(
  ...lists: Lists
): ListExpression<{ -readonly [K in keyof Lists]: ItemOf<Lists[K]> }> {
  return listExpression({ kind: 'zip', of: lists.map((list) => listNode(list, 'zip()')) });
}

/** Lists one after the other. */
export function concat<const Lists extends readonly Mappable[]>(
  ...lists: Lists
): ListExpression<ItemOf<Lists[number]>> {
  return listExpression({ kind: 'concat', of: lists.map((list) => listNode(list, 'concat()')) });
}

/** What a mappable is made of. Throws `DagDefinitionError` for what cannot be mapped over. */
export function listNode(list: unknown, what: string): ListNode {
  if (isTaskOutput(list)) return { kind: 'output', output: list };
  if (isListExpression(list)) return list.node;
  if (isParamReference(list) || isLiveVariable(list)) return { kind: 'reference', reference: list };
  if (Array.isArray(list)) return { kind: 'literal', items: list };
  throw new DagDefinitionError(
    'invalid_option',
    `${what} expects a list, the output of a task, a param or a Variable, got ${list === null ? 'null' : typeof list}.`,
  );
}
