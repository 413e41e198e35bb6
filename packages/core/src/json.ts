/** A value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/**
 * What `T` looks like after a trip through `JSON.stringify` and `JSON.parse`: a Date becomes a string, functions and
 * symbols vanish, `undefined` becomes null at the top and in arrays. A bigint does not survive, hence `never`.
 */
export type Jsonify<T> = unknown extends T
  ? T
  : // What is JSON already stays as it is: taking `Json` apart would never end.
    T extends Json
    ? T
    : T extends bigint
      ? never
      : T extends undefined | void
        ? null
        : T extends { toJSON(): infer R }
          ? Jsonify<R>
          : T extends (...args: never[]) => unknown
            ? never
            : T extends readonly unknown[]
              ? { [K in keyof T]: Jsonify<T[K]> }
              : T extends Map<unknown, unknown> | Set<unknown>
                ? Record<string, never>
                : T extends object
                  ? {
                      [K in keyof T as T[K] extends (...args: never[]) => unknown
                        ? never
                        : K & string]: JsonifyProperty<T[K]>;
                    }
                  : never;

type JsonifyProperty<T> = undefined extends T
  ? Jsonify<Exclude<T, undefined>> | Extract<T, undefined>
  : Jsonify<T>;

/**
 * The same text for equal values: object keys sorted, no white space, `undefined` members left out. What is hashed into a
 * version goes through here, so that parsing a file twice gives one digest.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    const sorted: Record<string, unknown> = {};
    for (const key of Object.keys(member).sort()) sorted[key] = (member as Record<string, unknown>)[key];
    return sorted;
  });
}
