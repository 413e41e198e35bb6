import { InvalidInputError } from '../../errors.ts';
import type { SerializedDag, SerializedTask } from '../../serialization/index.ts';
import { type ClosedGroup, closedGroups, exitLevel } from './closed-group.ts';
import { type MapLevel, mapLevels, sharedDepth, sourcesOfLevels } from './map-levels.ts';
import { type RunLimit, runLimitsOf } from './run-limits.ts';

/**
 * A DAG version made ready for deciding: ids become indexes, edges become lists of indexes. Built once per version and shared by
 * all of its runs; nothing in it changes.
 */
export interface DagGraph {
  readonly version: string;
  readonly dag: SerializedDag;
  /** In topological order, so an index is an order too. */
  readonly tasks: readonly GraphTask[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indexes of the tasks whose end decides the run. */
  readonly candidates: readonly number[];
  readonly hasPastDependency: boolean;
  /** What is mapped, outer levels before inner ones. */
  readonly levels: readonly MapLevel[];
}

export interface GraphTask {
  readonly index: number;
  readonly spec: SerializedTask;
  readonly upstream: readonly number[];
  readonly downstream: readonly number[];
  /** What a branch may choose: the tasks directly downstream of it in the whole DAG, and which of `downstream` each leads to. */
  readonly choices: readonly Choice[];
  /** Setups whose scope the task is in, direct and indirect. */
  readonly setups: readonly number[];
  /** Tasks in the scope of this setup. */
  readonly scope: readonly number[];
  /** Direct upstream tasks that are setups: what a teardown's rule looks at. */
  readonly upstreamSetups: readonly number[];
  /** Effective weight, clamped to 32 bits. */
  readonly weight: number;
  /** Tasks that take one of its outputs as a typed input. */
  readonly consumers: readonly number[];
  /** Limits within one run that it counts against. */
  readonly runLimits: readonly RunLimit[];
  /** The mapped groups around it, outermost first, then itself when it is mapped: one component of its map paths each. */
  readonly levels: readonly MapLevel[];
  /** For each of `downstream`: how many mapped groups hold both. Only instances of the same index in those are of concern to each other. */
  readonly downstreamDepths: readonly number[];
  /** The same for each of `scope`. */
  readonly scopeDepths: readonly number[];
  /** Its instances are counted together at every depth from 0 to this one. */
  readonly countDepth: number;
  /** Levels that are mapped over what this task returns. */
  readonly sourceOf: readonly MapLevel[];
  /** Of a task that chooses one of several groups: the tasks in each, by its name; null: it is none. */
  readonly sides: ReadonlyMap<string, readonly number[]> | null;
  /** The groups around it that are told apart from what is outside of them, outermost first. */
  readonly closedGroups: readonly ClosedGroup[];
  /** For each of `downstream`: the outermost of those that the edge leaves; -1: none. */
  readonly downstreamExits: readonly number[];
  /** The same for each of `scope`. */
  readonly scopeExits: readonly number[];
  /** The same for each of `sourceOf`. */
  readonly sourceExits: readonly number[];
  /** What it may decide to skip outside of those groups. */
  readonly decidesOutside: readonly DecisionEdge[];
  /** What may decide to skip it out of a group that it does not stand in. */
  readonly closedDeciders: readonly DecisionEdge[];
}

/** A decision that leaves a closed group: it counts when all of that group has ended. */
export interface DecisionEdge {
  /** The other task of it. */
  readonly task: number;
  /** The outermost group around the decider that it leaves. */
  readonly exit: number;
}

/** In a part of a DAG a choice may be left out: it leads to what follows it there, or nowhere. */
export interface Choice {
  readonly taskId: string;
  readonly leadsTo: readonly number[];
}

/** Largest weight: signed 32 bits, as in Airflow. */
const MAX_WEIGHT = 2 ** 31 - 1;

/** Builds the graph of a serialized DAG. Throws {@link InvalidInputError} when an edge names a task that does not exist. */
export function buildDagGraph(dag: SerializedDag, version: string): DagGraph {
  const indexOf = new Map(dag.tasks.map((task, index) => [task.taskId, index]));
  const toIndex = (id: string): number => {
    const index = indexOf.get(id);
    if (index === undefined)
      throw new InvalidInputError(`DAG ${dag.dagId} has an edge to "${id}", which is not a task of it.`);
    return index;
  };
  const upstream = dag.tasks.map((task) => task.upstream.map(toIndex));
  const downstream = dag.tasks.map((task) => task.downstream.map(toIndex));
  const weights = effectiveWeights(dag, upstream, downstream);
  const scopes = setupScopes(dag, upstream, downstream);
  const consumers: number[][] = dag.tasks.map(() => []);
  dag.tasks.forEach((task, index) => {
    for (const source of new Set(task.inputs.map((input) => toIndex(input.taskId))))
      consumers[source]!.push(index);
  });
  const { levels, levelsOf } = mapLevels(dag, toIndex);
  const sources = sourcesOfLevels(levels, levelsOf);
  const shared = (a: number, b: number) => sharedDepth(levelsOf[a]!, levelsOf[b]!);
  const closed = closedGroups(dag);
  const exit = (a: number, b: number) => exitLevel(closed[a]!, closed[b]!);
  const decidesOutside = dag.tasks.map((spec, index) => {
    if (closed[index]!.length === 0) return [];
    const decided = mayBeSkipped(spec, index, downstream).map((task) => ({ task, exit: exit(index, task) }));
    return decided.filter((edge) => edge.exit >= 0);
  });
  const closedDeciders: DecisionEdge[][] = dag.tasks.map(() => []);
  for (const [task, edges] of decidesOutside.entries())
    for (const edge of edges) closedDeciders[edge.task]!.push({ task, exit: edge.exit });
  const tasks = dag.tasks.map((spec, index): GraphTask => {
    const up = upstream[index]!;
    return {
      index,
      spec,
      upstream: up,
      downstream: downstream[index]!,
      choices: downstream[index]!.map((i) => ({ taskId: dag.tasks[i]!.taskId, leadsTo: [i] })),
      setups: scopes.setupsOf[index]!,
      scope: scopes.scopeOf[index]!,
      upstreamSetups: up.filter((i) => dag.tasks[i]!.isSetup),
      weight: weights[index]!,
      consumers: consumers[index]!,
      runLimits: runLimitsOf(dag, spec),
      levels: levelsOf[index]!,
      downstreamDepths: downstream[index]!.map((below) => shared(index, below)),
      scopeDepths: scopes.scopeOf[index]!.map((member) => shared(index, member)),
      countDepth: Math.max(
        0,
        ...[...up, ...scopes.setupsOf[index]!].map((above) => shared(above, index)),
        ...sources[index]!.collectDepths,
        ...closed[index]!.map(({ depth }) => depth),
      ),
      sourceOf: sources[index]!.levels,
      sides: spec.sides === undefined ? null : sidesOf(dag, spec.sides),
      closedGroups: closed[index]!,
      downstreamExits: downstream[index]!.map((below) => exit(index, below)),
      scopeExits: scopes.scopeOf[index]!.map((member) => exit(index, member)),
      sourceExits: sources[index]!.levels.map(({ tasks }) => exit(index, tasks[0]!)),
      decidesOutside: decidesOutside[index]!,
      closedDeciders: closedDeciders[index]!,
    };
  });
  return {
    version,
    dag,
    tasks,
    indexOf,
    candidates: outcomeCandidates(tasks),
    hasPastDependency: dag.tasks.some((task) => task.dependsOnPast || task.waitForDownstream),
    levels,
  };
}

const subGraphs = new WeakMap<DagGraph, Map<string, DagGraph>>();

/**
 * The graph of some of its tasks alone, in the order that they have in the whole and with the weights that they have there; null: the
 * graph itself. Ids that the graph does not have are left out. The same list gives the same object.
 */
export function subGraph(graph: DagGraph, taskIds: readonly string[] | null): DagGraph {
  if (taskIds === null) return graph;
  let known = subGraphs.get(graph);
  if (known === undefined) {
    known = new Map();
    subGraphs.set(graph, known);
  }
  const name = taskIds.join('\0');
  let part = known.get(name);
  if (part === undefined) {
    part = buildSubGraph(graph, new Set(taskIds));
    known.set(name, part);
  }
  return part;
}

function buildSubGraph(graph: DagGraph, kept: ReadonlySet<string>): DagGraph {
  const isKept = (index: number) => kept.has(graph.tasks[index]!.spec.taskId);
  const nearest = (from: GraphTask, edges: (task: GraphTask) => readonly number[]): number[] => {
    const found = new Set<number>();
    const seen = new Set<number>();
    const open = [...edges(from)];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen.has(index)) continue;
      seen.add(index);
      if (isKept(index)) found.add(index);
      else open.push(...edges(graph.tasks[index]!));
    }
    return [...found].sort((a, b) => a - b);
  };
  const below = ({ downstream }: GraphTask) => downstream;
  const idsOf = (indexes: readonly number[]) => indexes.map((index) => graph.tasks[index]!.spec.taskId);
  const chosen = graph.tasks.filter(({ index }) => isKept(index));
  const tasks = chosen.map((task) => ({
    ...task.spec,
    upstream: idsOf(nearest(task, ({ upstream }) => upstream)),
    downstream: idsOf(nearest(task, below)),
  }));
  const part = buildDagGraph({ ...graph.dag, tasks }, graph.version);
  const choices = (task: GraphTask): Choice[] =>
    task.downstream.map((index) => {
      const leadsTo = isKept(index) ? [index] : nearest(graph.tasks[index]!, below);
      return {
        taskId: graph.tasks[index]!.spec.taskId,
        leadsTo: idsOf(leadsTo).map((id) => part.indexOf.get(id)!),
      };
    });
  return {
    ...part,
    tasks: part.tasks.map((task, index) => ({
      ...task,
      weight: chosen[index]!.weight,
      choices: choices(chosen[index]!),
    })),
  };
}

/** Every task that can be reached from `starts` along `edges`, the starts themselves left out unless reached. */
export function reachable(
  starts: Iterable<number>,
  edges: (index: number) => readonly number[],
): Set<number> {
  const found = new Set<number>();
  const open = [...starts];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    for (const next of edges(index)) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return found;
}

function effectiveWeights(dag: SerializedDag, up: readonly number[][], down: readonly number[][]): number[] {
  return dag.tasks.map((task, index) => {
    const own = task.priorityWeight;
    const others =
      task.weightRule === 'absolute'
        ? []
        : reachable([index], (i) => (task.weightRule === 'downstream' ? down : up)[i]!);
    let sum = own;
    for (const other of others) sum += dag.tasks[other]!.priorityWeight;
    return Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, sum));
  });
}

/** Tasks that a decision may skip; those of sides lie in the group of their choice, which is left by none of them. */
function mayBeSkipped(
  { decides, sides, ignoreDownstreamTriggerRules }: SerializedTask,
  index: number,
  downstream: readonly (readonly number[])[],
): readonly number[] {
  if (decides === null || decides === 'until' || sides !== undefined) return [];
  const isForAllBelow = decides === 'short_circuit' && ignoreDownstreamTriggerRules;
  return isForAllBelow ? [...reachable([index], (i) => downstream[i]!)] : downstream[index]!;
}

function sidesOf(
  dag: SerializedDag,
  sides: Readonly<Record<string, string>>,
): Map<string, readonly number[]> {
  const inGroup = (groupId: string) =>
    dag.tasks.flatMap(({ taskId }, index) => (taskId.startsWith(`${groupId}.`) ? [index] : []));
  return new Map(Object.entries(sides).map(([name, groupId]) => [name, inGroup(groupId)]));
}

/** A setup's scope: below it and above one of its teardowns; without a teardown, everything below it. */
function setupScopes(dag: SerializedDag, up: readonly number[][], down: readonly number[][]) {
  const setupsOf: number[][] = dag.tasks.map(() => []);
  const scopeOf: number[][] = dag.tasks.map(() => []);
  dag.tasks.forEach((task, setup) => {
    if (!task.isSetup) return;
    const below = reachable([setup], (i) => down[i]!);
    const teardowns = down[setup]!.filter((i) => dag.tasks[i]!.isTeardown);
    const above = teardowns.length === 0 ? below : reachable(teardowns, (i) => up[i]!);
    for (const member of below) {
      if (!above.has(member) || dag.tasks[member]!.isTeardown) continue;
      scopeOf[setup]!.push(member);
      setupsOf[member]!.push(setup);
    }
  });
  return { setupsOf, scopeOf };
}

/** A setup that something besides teardowns follows: its failure is seen there, since it ends its whole scope. */
function isFollowedByWork({ spec, downstream }: GraphTask, tasks: readonly GraphTask[]): boolean {
  return spec.isSetup && downstream.some((i) => !tasks[i]!.spec.isTeardown);
}

/** Leaves, with each teardown leaf replaced by what stands above it. */
function outcomeCandidates(tasks: readonly GraphTask[]): number[] {
  const leaves = tasks.filter((task) => task.downstream.length === 0);
  const candidates = new Set<number>();
  const seen = new Set<number>();
  const open = [...leaves];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (seen.has(task.index)) continue;
    seen.add(task.index);
    if (!task.spec.isTeardown) {
      candidates.add(task.index);
      continue;
    }
    if (task.spec.onFailureFailDagRun) candidates.add(task.index);
    open.push(...task.upstream.map((i) => tasks[i]!).filter((above) => !isFollowedByWork(above, tasks)));
  }
  if (candidates.size === 0) for (const leaf of leaves) candidates.add(leaf.index);
  return [...candidates].sort((a, b) => a - b);
}
