import { isParamReference, type ParamReference } from '../params/index.ts';
import type { TaskContext } from './context.ts';
import type { FileTemplate } from './file-template.ts';
import { isListExpression, type ListExpression, outputsOfNode, writtenItems } from './list-expression.ts';
import { type Expanded, type GroupElement, isElement } from './map-argument.ts';
import { isTaskOutput, type OwnedTaskOutput, type TaskOutput } from './task-output.ts';
import { isLiveVariable, type LiveVariable } from './variable.ts';

/** Computes a field when the task starts. */
export type TemplateFunction<T> = (context: TaskContext) => T | Promise<T>;

/** Something that becomes a `T` when the task starts. Passing an output wires the edge. */
export type Reference<T> = TaskOutput<T> | ParamReference<T> | LiveVariable<T> | GroupElement<T>;

/**
 * What an author may give for a field that has a `T` when the task runs: a value, a function of the context, the output of
 * another task, a param, a Variable, a Jinja-style string (`'{{ ds }}'`), or `include('./q.sql')`; inside lists and objects too.
 */
export type Templated<T> =
  | T
  | TemplateFunction<T>
  | Reference<T>
  | (string extends T ? FileTemplate : never)
  | (T extends readonly (infer Item)[]
      ? readonly Templated<Item>[] | ListExpression<Item>
      : T extends object
        ? { readonly [K in keyof T]: Templated<T[K]> }
        : never);

/** The options for a set of fields: each may be templated. */
export type TemplatedFields<Fields> = { readonly [K in keyof Fields]: Templated<Fields[K]> };

/** An input of a task: a literal, a reference, or lists and objects of them. */
export type TaskInputs = { readonly [name: string]: unknown };

/** What the function of a task gets for its inputs: references replaced by the type of what they stand for. */
export type InputValues<Inputs> = { readonly [K in keyof Inputs]: InputValue<Inputs[K]> };

export type InputValue<T> =
  T extends TaskOutput<infer V>
    ? V
    : T extends ParamReference<infer V>
      ? V
      : T extends LiveVariable<infer V>
        ? V
        : T extends Expanded<infer V> | GroupElement<infer V>
          ? V
          : T extends ListExpression<infer V>
            ? readonly V[]
            : T extends string | number | boolean | bigint | null | undefined | Date
              ? T
              : T extends (...args: never[]) => unknown
                ? T
                : T extends object
                  ? { readonly [K in keyof T]: InputValue<T[K]> }
                  : T;

/** A plain object or list: what templates are looked for in. Instances of classes are values. */
export function isContainer(value: unknown): value is Readonly<Record<string, unknown>> | readonly unknown[] {
  if (typeof value !== 'object' || value === null) return false;
  if (isTaskOutput(value) || isParamReference(value) || isLiveVariable(value)) return false;
  if (isElement(value) || isListExpression(value)) return false;
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Whether a value means the same in every run: JSON without a template in it. */
export function isLiteral(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('{');
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return typeof value === 'number' || typeof value === 'boolean';
  return isContainer(value) && Object.values(value).every(isLiteral);
}

/**
 * Every output that `value` holds, at any depth, in order. Of a list that a task is mapped over, only what is in its written elements: the
 * list itself is the scheduler's business.
 */
export function outputsIn(value: unknown): readonly OwnedTaskOutput<unknown>[] {
  if (isTaskOutput(value)) return [value];
  if (isListExpression(value)) return [...outputsOfNode(value.node), ...outputsIn(writtenItems(value.node))];
  if (isElement(value)) return outputsIn(writtenItems(value.argument.node));
  if (!isContainer(value)) return [];
  return Object.values(value).flatMap(outputsIn);
}
