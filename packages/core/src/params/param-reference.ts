import type { Params } from './params-schema.ts';

const PARAM_REFERENCE = Symbol.for('tsflow.param-reference');
declare const valueType: unique symbol;

/** Stands for one param of the run wherever a field or an input takes a value; resolved when the task starts. */
export interface ParamReference<T> {
  /** Name of the param. */
  readonly param: string;
  readonly [valueType]: T;
}

/** A reference for each param: what a DAG's body gets as `params`. */
export type ParamReferences<P> = { readonly [K in keyof P]-?: ParamReference<P[K]> };

/** References to the params called `names`. Reading any other name throws, so that a typo is found while loading. */
export function paramReferences<P = Params>(
  names: readonly string[],
  unknown: (name: string) => Error,
): ParamReferences<P> {
  const references = Object.fromEntries(
    names.map((name) => [name, Object.freeze({ [PARAM_REFERENCE]: true, param: name })]),
  );
  return new Proxy(references, {
    get(target, name, receiver) {
      if (typeof name === 'string' && !Object.hasOwn(target, name)) throw unknown(name);
      return Reflect.get(target, name, receiver);
    },
  }) as unknown as ParamReferences<P>;
}

export function isParamReference(value: unknown): value is ParamReference<unknown> {
  return typeof value === 'object' && value !== null && PARAM_REFERENCE in value;
}
