import type { ParamReference } from '../params/index.ts';
import type { OwnedTaskOutput } from './task-output.ts';
import type { LiveVariable } from './variable.ts';

const LIST = Symbol.for('tsflow.list');
declare const itemType: unique symbol;

/**
 * A list that will exist when its tasks have run, and what is made of it: `rows.output.filter((row) => row.rain > 0)`. As an input it is
 * the whole list; `expand(…)` maps a task over it. The functions run where tasks run, never in the scheduler.
 */
export interface ListExpression<T> {
  /** Each element as `transform` makes it. Where a task is mapped over it, each instance transforms its own element. */
  map<U>(transform: (element: T) => U): ListExpression<Awaited<U>>;
  /** The elements that `keep` accepts. Where a task is mapped over it, a task `<task>__<input>` in front of it decides how many there are. */
  filter(keep: (element: T) => boolean | Promise<boolean>): ListExpression<T>;
  readonly [itemType]: T;
}

/** What a list expression is made of. */
export type ListNode =
  | { readonly kind: 'literal'; readonly items: readonly unknown[] }
  | { readonly kind: 'output'; readonly output: OwnedTaskOutput<unknown> }
  /** A param or Variable: its length is known when a task reads it. */
  | { readonly kind: 'reference'; readonly reference: ParamReference<unknown> | LiveVariable<unknown> }
  | { readonly kind: 'zip'; readonly of: readonly ListNode[] }
  | { readonly kind: 'concat'; readonly of: readonly ListNode[] }
  | { readonly kind: 'map'; readonly of: ListNode; readonly transform: (element: never) => unknown }
  | { readonly kind: 'filter'; readonly of: ListNode; readonly keep: (element: never) => unknown };

export interface ListExpressionObject<T> extends ListExpression<T> {
  readonly node: ListNode;
}

export function listExpression<T>(node: ListNode): ListExpression<T> {
  const list = {
    node,
    map: (transform: (element: never) => unknown) => listExpression({ kind: 'map', of: node, transform }),
    filter: (keep: (element: never) => unknown) => listExpression({ kind: 'filter', of: node, keep }),
  };
  Object.defineProperty(list, LIST, { value: true });
  return Object.freeze(list) as unknown as ListExpression<T>;
}

export function isListExpression(value: unknown): value is ListExpressionObject<unknown> {
  return typeof value === 'object' && value !== null && LIST in value;
}

/** Whether the number of its elements is known only after code of the author has run, or a param has been read. */
export function needsTask(node: ListNode): boolean {
  switch (node.kind) {
    case 'literal':
    case 'output':
      return false;
    case 'reference':
    case 'filter':
      return true;
    case 'map':
      return needsTask(node.of);
    case 'zip':
    case 'concat':
      return node.of.some(needsTask);
  }
}

/** The outputs that it is made of, in order, those inside of written elements left out. */
export function outputsOfNode(node: ListNode): readonly OwnedTaskOutput<unknown>[] {
  switch (node.kind) {
    case 'literal':
    case 'reference':
      return [];
    case 'output':
      return [node.output];
    case 'map':
    case 'filter':
      return outputsOfNode(node.of);
    case 'zip':
    case 'concat':
      return node.of.flatMap(outputsOfNode);
  }
}

/** The elements that are written in the DAG file, at any depth. */
export function writtenItems(node: ListNode): readonly unknown[] {
  switch (node.kind) {
    case 'literal':
      return node.items;
    case 'output':
    case 'reference':
      return [];
    case 'map':
    case 'filter':
      return writtenItems(node.of);
    case 'zip':
    case 'concat':
      return node.of.flatMap(writtenItems);
  }
}
