import type { SerializedList, SerializedMapArgument } from '../../serialization/index.ts';

/** What is known of an output that a list is made of: its number of elements; null: there is no list. */
export type LengthOf = (taskId: string, key: string) => number | null;

/**
 * Which element an index means: an index into a literal or an output, one of each part of a `zip`, or the part of a `concat` and the
 * element in it. Small JSON, made by the scheduler and read by the runner, which knows the values.
 */
export type ElementChoice =
  | number
  | readonly ElementChoice[]
  | { readonly part: number; readonly of: ElementChoice };

/** How many instances the arguments make together: their product. Null: one of the lists is not there. */
export function expansionLength(args: readonly SerializedMapArgument[], lengthOf: LengthOf): number | null {
  let length = 1;
  for (const { list } of args) {
    const one = listLength(list, lengthOf);
    if (one === null) return null;
    length *= one;
  }
  return length;
}

/** Number of elements of a list; null: one of the outputs in it is no list. */
export function listLength(list: SerializedList, lengthOf: LengthOf): number | null {
  switch (list.kind) {
    case 'literal':
      return list.length;
    case 'output':
      return lengthOf(list.taskId, list.key);
    case 'zip':
    case 'concat': {
      const lengths = list.of.map((part) => listLength(part, lengthOf));
      if (lengths.some((length) => length === null)) return null;
      const known = lengths as readonly number[];
      return list.kind === 'zip' ? Math.min(...known) : known.reduce((sum, length) => sum + length, 0);
    }
  }
}

/** Which element of each argument the instance `index` gets; the last argument varies fastest. */
export function chooseElements(
  args: readonly SerializedMapArgument[],
  index: number,
  lengthOf: LengthOf,
): { readonly [argument: string]: ElementChoice } {
  const chosen: { [argument: string]: ElementChoice } = {};
  let rest = index;
  for (const [i, { name, list }] of [...args.entries()].reverse()) {
    if (i === 0) {
      chosen[name] = chooseElement(list, rest, lengthOf);
      continue;
    }
    const length = listLength(list, lengthOf) ?? 0;
    if (length === 0) throw new RangeError(`Element ${index} of an empty list.`);
    chosen[name] = chooseElement(list, rest % length, lengthOf);
    rest = Math.floor(rest / length);
  }
  return chosen;
}

function chooseElement(list: SerializedList, index: number, lengthOf: LengthOf): ElementChoice {
  switch (list.kind) {
    case 'literal':
    case 'output':
      return index;
    case 'zip':
      return list.of.map((part) => chooseElement(part, index, lengthOf));
    case 'concat': {
      let rest = index;
      for (const [part, of] of list.of.entries()) {
        const length = listLength(of, lengthOf) ?? 0;
        if (rest < length) return { part, of: chooseElement(of, rest, lengthOf) };
        rest -= length;
      }
      throw new RangeError(`Element ${index} of a list that is shorter than that.`);
    }
  }
}

/** The elements of outputs that a choice in a list means. */
export function outputElements(
  list: SerializedList,
  choice: ElementChoice,
): readonly { readonly taskId: string; readonly key: string; readonly index: number }[] {
  if (list.kind === 'output' && typeof choice === 'number')
    return [{ taskId: list.taskId, key: list.key, index: choice }];
  if (list.kind === 'zip' && Array.isArray(choice))
    return list.of.flatMap((part, i) => outputElements(part, (choice as readonly ElementChoice[])[i]!));
  if (list.kind === 'concat' && typeof choice === 'object' && 'part' in choice)
    return outputElements(list.of[choice.part]!, choice.of);
  return [];
}

/** Number of elements of a value that something is mapped over: items of a list, entries of an object. Null: it is neither. */
export function lengthOfValue(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : null;
}

/** The element of a value that something is mapped over: an item, or the entry `[key, value]` of an object. */
export function elementOfValue(value: unknown, index: number): unknown {
  if (Array.isArray(value)) return value[index] ?? null;
  return typeof value === 'object' && value !== null ? (Object.entries(value)[index] ?? null) : null;
}
