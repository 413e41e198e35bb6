import type { Json } from '../../json.ts';
import { expansionLength, lengthOfValue } from '../graph/list-length.ts';
import type { MapLevel } from '../graph/map-levels.ts';
import { pathPrefix } from '../graph/map-path.ts';
import type { InstanceWork } from '../work/work.ts';
import { lengthOfSource, prefixesUnder } from './expand-level.ts';

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
  instance: InstanceWork,
  xcoms: { readonly [key: string]: Json },
): string | undefined {
  const { run, task } = instance;
  for (const level of task.sourceOf) {
    for (const { task: source, taskId, key, depth, isCollected } of level.sources) {
      if (source !== task.index || isCollected) continue;
      const value = xcoms[key] ?? null;
      const length = lengthOfValue(value);
      const max = run.dag.maxMapLength;
      if (length === null) {
        return `${level.id} is mapped over what ${taskId} returns, so that has to be a list or an object, but it is ${value === null ? 'nothing' : `a ${typeof value}`}.`;
      }
      if (length > max)
        return `${level.id} is mapped over what ${taskId} returns, which has ${length} elements: more than maxMapLength ${max}.`;
      const together = lengthWith(instance, level, depth, xcoms);
      if (together > max)
        return `With the ${length} elements that ${taskId} returns, ${level.id} would have ${together} instances: more than maxMapLength ${max}.`;
    }
  }
  return undefined;
}

/**
 * How many instances a level would have at most under what the task returns now; 0 while another of its lists is to come: whoever makes
 * the last one is to blame for what they make together.
 */
function lengthWith(
  { run, task, mapPath }: InstanceWork,
  level: MapLevel,
  depth: number,
  xcoms: { readonly [key: string]: Json },
): number {
  let longest = 0;
  for (const prefix of prefixesUnder(run, level, pathPrefix(mapPath, depth))) {
    const length = expansionLength(level.arguments, (taskId, key) =>
      taskId === task.spec.taskId
        ? lengthOfValue(xcoms[key] ?? null)
        : lengthOfSource(run, level, prefix, taskId, key),
    );
    longest = Math.max(longest, length ?? 0);
  }
  return longest;
}
