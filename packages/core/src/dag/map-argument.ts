import type { ListNode } from './list-expression.ts';

const ELEMENT = Symbol.for('tsflow.element');
declare const expandedType: unique symbol;
declare const elementType: unique symbol;

/** A list that something is mapped over. Several of one task or group make every combination. */
export interface MapArgument {
  /** Replaced by the output of a task when code decides how long the list is. */
  node: ListNode;
  /** Id of the mapped group that owns it; null: the task that takes it. */
  readonly groupId: string | null;
  /** Of a group: under which the body gets it. */
  readonly name: string | null;
}

/** Stands for one element of a list, where a task takes it as an input and is mapped by that. Made by `expand`. */
export interface Expanded<T> {
  /** The same element, as `transform` makes it. */
  map<U>(transform: (element: T) => U): Expanded<Awaited<U>>;
  readonly [expandedType]: T;
}

/** Stands for the element of the index of a mapped group, for the tasks in it. */
export interface GroupElement<T> {
  /** The same element, as `transform` makes it: `row.map(({ id }) => id)`. */
  map<U>(transform: (element: T) => U): GroupElement<Awaited<U>>;
  readonly [elementType]: T;
}

/** What both are at run time. */
export interface ElementObject {
  readonly argument: MapArgument;
  readonly transforms: readonly ((element: never) => unknown)[];
}

export function elementOf<E extends Expanded<unknown> | GroupElement<unknown>>(
  argument: MapArgument,
  transforms: ElementObject['transforms'] = [],
): E {
  const element = {
    argument,
    transforms,
    map: (transform: (element: never) => unknown) => elementOf(argument, [...transforms, transform]),
  };
  Object.defineProperty(element, ELEMENT, { value: true });
  return Object.freeze(element) as unknown as E;
}

export function isElement(value: unknown): value is ElementObject {
  return typeof value === 'object' && value !== null && ELEMENT in value;
}
