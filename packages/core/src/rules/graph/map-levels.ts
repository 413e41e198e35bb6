import type {
  SerializedDag,
  SerializedExpansion,
  SerializedList,
  SerializedMapArgument,
} from '../../serialization/index.ts';

/** Something mapped: a group or a task, which gives one component to the map paths of the tasks in it. */
export interface MapLevel {
  /** Of the group or the task. */
  readonly id: string;
  readonly parent: MapLevel | null;
  /** Which component of a map path it is. */
  readonly depth: number;
  readonly arguments: readonly SerializedMapArgument[];
  /** Indexes of the tasks in it. */
  readonly tasks: readonly number[];
  /** Null: its indexes, if it is a group, run side by side. */
  readonly loop: MapLoop | null;
  /** The outputs that its lists are made of. */
  readonly sources: readonly ListSource[];
}

/** A level whose indexes run one after the other. */
export interface MapLoop {
  /** Index of the task that ends it; null: the list does. */
  readonly until: number | 'left_out' | null;
  readonly onMax: 'fail' | 'continue';
}

export interface ListSource {
  readonly task: number;
  readonly taskId: string;
  readonly key: string;
  /** How many mapped groups hold both the source and the level: it reads from the source's instances of the same index in those. */
  readonly depth: number;
  /** The source is itself mapped below that: its list is what its instances returned, in order, without nulls. */
  readonly isCollected: boolean;
}

/** The levels of a DAG, outer before inner, and those that each task stands in. */
export function mapLevels(
  dag: SerializedDag,
  toIndex: (taskId: string) => number,
): { levels: readonly MapLevel[]; levelsOf: readonly (readonly MapLevel[])[] } {
  if (
    dag.tasks.every((task) => task.expand === undefined) &&
    dag.groups.every((group) => group.expand === undefined)
  ) {
    return { levels: [], levelsOf: dag.tasks.map(() => noLevels) };
  }
  const levels: Draft[] = [];
  const add = (id: string, parent: Draft | null, expand: SerializedExpansion): Draft => {
    const level = {
      id,
      parent,
      depth: parent === null ? 0 : parent.depth + 1,
      arguments: expand.arguments,
      loop:
        expand.loop === undefined
          ? null
          : {
              until: untilOf(dag, expand.loop.until),
              onMax: expand.loop.onMax,
            },
      tasks: [],
      sources: [],
    };
    levels.push(level);
    return level;
  };
  const ofGroup = new Map<string | null, Draft | null>([[null, null]]);
  for (const group of dag.groups) {
    const parent = ofGroup.get(group.parentId) ?? null;
    ofGroup.set(
      group.groupId,
      group.expand === undefined ? parent : add(group.groupId, parent, group.expand),
    );
  }
  const levelsOf = dag.tasks.map((task, index) => {
    const around = ofGroup.get(task.groupId) ?? null;
    const chain = chainOf(task.expand === undefined ? around : add(task.taskId, around, task.expand));
    for (const level of chain) level.tasks.push(index);
    return chain;
  });
  // A run of some of the tasks has groups that none of them stands in: there is nothing of those to make, nor perhaps what they are made of.
  const inUse = levels.filter(({ tasks }) => tasks.length > 0);
  for (const level of inUse) {
    const around = chainOf(level.parent);
    for (const { taskId, key } of level.arguments.flatMap(({ list }) => outputsOf(list))) {
      if (level.sources.some((source) => source.taskId === taskId && source.key === key)) continue;
      const task = toIndex(taskId);
      const depth = sharedDepth(levelsOf[task]!, around);
      level.sources.push({
        task,
        taskId,
        key,
        depth,
        isCollected: levelsOf[task]!.slice(depth).some(isList),
      });
    }
  }
  return { levels: inUse, levelsOf };
}

/** For each task: the levels that are mapped over it, and the depths at which all of its instances must have ended for that. */
export function sourcesOfLevels(
  levels: readonly MapLevel[],
  levelsOf: readonly (readonly MapLevel[])[],
): readonly { readonly levels: readonly MapLevel[]; readonly collectDepths: readonly number[] }[] {
  if (levels.length === 0) return levelsOf.map(() => noSources);
  const sources = levelsOf.map(() => ({ levels: new Set<MapLevel>(), collectDepths: [] as number[] }));
  for (const level of levels) {
    for (const { task, depth, isCollected } of level.sources) {
      sources[task]!.levels.add(level);
      if (isCollected) sources[task]!.collectDepths.push(depth);
    }
  }
  return sources.map(({ levels: over, collectDepths }) => ({ levels: [...over], collectDepths }));
}

/** A run of some of the tasks may be without it: its loop goes round once. */
function untilOf(dag: SerializedDag, taskId: string | null): MapLoop['until'] {
  if (taskId === null) return null;
  const index = dag.tasks.findIndex((task) => task.taskId === taskId);
  return index < 0 ? 'left_out' : index;
}

/** Whether an output from below this level is a list of what its indexes gave. Of a loop that goes on until something holds, the last counts. */
export const isList = ({ loop }: MapLevel): boolean => loop?.until == null;

/** How many levels two tasks have in common. */
export function sharedDepth(a: readonly MapLevel[], b: readonly MapLevel[]): number {
  let depth = 0;
  while (depth < a.length && a[depth] === b[depth]) depth += 1;
  return depth;
}

/** Every output in a list, in order. */
export function outputsOf(
  list: SerializedList,
): readonly { readonly taskId: string; readonly key: string }[] {
  switch (list.kind) {
    case 'literal':
      return [];
    case 'output':
      return [list];
    case 'zip':
    case 'concat':
      return list.of.flatMap(outputsOf);
  }
}

const noLevels: readonly MapLevel[] = [];
const noSources = { levels: [], collectDepths: [] };

interface Draft extends MapLevel {
  readonly parent: Draft | null;
  readonly tasks: number[];
  readonly sources: ListSource[];
}

function chainOf(level: Draft | null): readonly Draft[] {
  return level === null ? [] : [...chainOf(level.parent), level];
}
