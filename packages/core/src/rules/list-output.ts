import type { Json } from '../json.ts';
import { lengthOfValue } from './list-length.ts';
import type { InstanceWork } from './work.ts';

/** Lengths of what something is mapped over, out of the values that an instance pushed; null: nothing is mapped over it. */
export function listLengths(
  { task }: InstanceWork,
  xcoms: { readonly [key: string]: Json },
): ReadonlyMap<string, number> | null {
  if (task.sourceOf.length === 0) return null;
  const lengths = new Map<string, number>();
  for (const [key, value] of Object.entries(xcoms)) {
    if (value !== null) lengths.set(key, lengthOfValue(value) ?? -1);
  }
  return lengths;
}

/** Why nothing can be mapped over what the task returned; undefined: it can, or nothing is. */
export function listProblem(
  { run, task }: InstanceWork,
  xcoms: { readonly [key: string]: Json },
): string | undefined {
  for (const level of task.sourceOf) {
    for (const { task: source, taskId, key, isCollected } of level.sources) {
      if (source !== task.index || isCollected) continue;
      const value = xcoms[key] ?? null;
      const length = lengthOfValue(value);
      const max = run.dag.maxMapLength;
      if (length === null) {
        return `${level.id} is mapped over what ${taskId} returns, so that has to be a list or an object, but it is ${value === null ? 'nothing' : `a ${typeof value}`}.`;
      }
      if (length > max)
        return `${level.id} is mapped over what ${taskId} returns, which has ${length} elements: more than maxMapLength ${max}.`;
    }
  }
  return undefined;
}
