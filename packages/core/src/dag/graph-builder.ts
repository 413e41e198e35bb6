import { isTaskGroup } from './brand.ts';
import { DagDefinitionError, pointingAt, suggestion } from './definition-error.ts';
import type { EdgeEnd } from './edges.ts';
import { outputsOfNode, writtenItems } from './list-expression.ts';
import { makeListTask } from './list-task.ts';
import { type AnyOperator, fieldKindsOf } from './operator.ts';
import { COMMON_OPTION_NAMES, type DefaultArgs, isCommonOption } from './operator-options.ts';
import type { Scope } from './scope.ts';
import type { AnyTaskGroup } from './task-group.ts';
import { outputsIn } from './template.ts';
import { findCycle, invert, topologicalOrder } from './topology.ts';

/** The tasks of a DAG and their order, checked: ids are unique, every edge has both ends in it, nothing waits for itself. */
export interface Graph {
  /** In topological order, ties by order of declaration. */
  readonly tasks: ReadonlyMap<string, AnyOperator>;
  /** In order of declaration, parents before children. */
  readonly groups: ReadonlyMap<string, AnyTaskGroup>;
  /** Direct upstream of each task, in topological order. */
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  readonly downstream: ReadonlyMap<string, readonly string[]>;
}

interface Edge {
  readonly from: EdgeEnd;
  readonly to: EdgeEnd;
  readonly site: Error;
}

/** Collects what the body of a DAG constructs, then makes a {@link Graph} of it. */
export class GraphBuilder {
  readonly #dagId: string;
  readonly #defaultArgs: DefaultArgs;
  readonly #tasks = new Map<string, AnyOperator>();
  readonly #groups = new Map<string, AnyTaskGroup>();
  readonly #edges: Edge[] = [];
  /** Where an edge between two tasks was declared first. */
  readonly #sites = new Map<string, Error>();

  constructor(dagId: string, defaultArgs: DefaultArgs) {
    this.#dagId = dagId;
    this.#defaultArgs = defaultArgs;
  }

  /** The scope of the DAG's body. */
  scope(): Scope {
    return {
      dagId: this.#dagId,
      group: null,
      defaultArgs: this.#defaultArgs,
      prefix: '',
      adoptOperator: (operator) => this.#adoptOperator(operator),
      adoptGroup: (group) => this.#adoptGroup(group),
      addEdge: (from, to, site) => {
        this.#edges.push({ from, to, site });
      },
    };
  }

  finish(): Graph {
    this.#checkDefaultArgs();
    for (const task of this.#tasks.values()) checkMappedRule(task);
    const upstream = this.#expandEdges();
    const order = topologicalOrder(upstream);
    if (order === null) throw this.#cycle(upstream);
    const rank = new Map(order.map((id, i) => [id, i]));
    const sorted = (ids: ReadonlySet<string>) => [...ids].sort((a, b) => rank.get(a)! - rank.get(b)!);
    const downstream = invert(upstream);
    return {
      tasks: new Map(order.map((id) => [id, this.#tasks.get(id)!])),
      groups: this.#groups,
      upstream: new Map(order.map((id) => [id, sorted(upstream.get(id)!)])),
      downstream: new Map(order.map((id) => [id, sorted(downstream.get(id)!)])),
    };
  }

  #adoptOperator(operator: AnyOperator): void {
    const id = operator.taskId;
    if (this.#tasks.has(id)) {
      throw new DagDefinitionError(
        'duplicate_task_id',
        `DAG "${this.#dagId}" has two tasks "${id}". Give each an id of its own, or put them into groups.`,
      );
    }
    if (this.#groups.has(id)) throw this.#taskAndGroup(id);
    this.#tasks.set(id, operator);
    for (const [argument, name] of operator.expansion ?? []) makeListTask(operator, name, argument);
  }

  #adoptGroup(group: AnyTaskGroup): void {
    const id = group.groupId;
    if (this.#groups.has(id)) {
      throw new DagDefinitionError('duplicate_group_id', `DAG "${this.#dagId}" has two groups "${id}".`);
    }
    if (this.#tasks.has(id)) throw this.#taskAndGroup(id);
    this.#groups.set(id, group);
    for (const [name, argument] of group.expansion ?? []) makeListTask(group, name, argument);
  }

  #taskAndGroup(id: string): DagDefinitionError {
    return new DagDefinitionError(
      'duplicate_group_id',
      `DAG "${this.#dagId}" has a task and a group that are both called "${id}".`,
    );
  }

  /**
   * Edges between tasks first, then those of groups, innermost group first: which tasks are the leaves and roots of a group
   * is known only when every edge inside it stands.
   */
  #expandEdges(): Map<string, Set<string>> {
    const upstream = new Map([...this.#tasks.keys()].map((id) => [id, new Set<string>()]));
    for (const operator of this.#tasks.values()) {
      for (const input of operator.inputs)
        this.#link(upstream, input.operator as AnyOperator, operator, operator.site);
      for (const argument of operator.expansion?.keys() ?? []) {
        for (const output of outputsOfNode(argument.node))
          this.#link(upstream, output.operator as AnyOperator, operator, operator.site);
      }
    }
    for (const group of this.#groups.values()) {
      for (const argument of group.expansion?.values() ?? []) {
        for (const output of [...outputsOfNode(argument.node), ...outputsIn(writtenItems(argument.node))])
          this.#edges.push({ from: output.operator as AnyOperator, to: group, site: group.site });
      }
    }
    // What ends an iteration comes after all of its tasks: once the edges inside of the loop stand, before those of the loop itself.
    const untils = [...this.#groups.values()].flatMap((group) =>
      group.loop?.until == null
        ? []
        : [{ edge: { from: group, to: group.loop.until, site: group.site }, depth: depthOf(group) + 0.5 }],
    );
    const byDepth = this.#edges
      .map((edge): { edge: Edge; depth: number } => ({
        edge,
        depth: Math.min(depthOf(edge.from), depthOf(edge.to)),
      }))
      .concat(untils)
      .sort((a, b) => b.depth - a.depth);
    for (const { edge } of byDepth) {
      const starts = this.#ends(edge.from, upstream, 'leaves', edge.site);
      const ends = this.#ends(edge.to, upstream, 'roots', edge.site);
      const isUntil = isTaskGroup(edge.from) && edge.from.loop?.until === edge.to;
      for (const from of starts)
        for (const to of ends) if (!isUntil || from !== to) this.#link(upstream, from, to, edge.site);
    }
    for (const group of this.#groups.values()) if (group.loop !== null) this.#linkLoopEnd(group, upstream);
    return upstream;
  }

  /** Who reads something of a loop waits for the loop, and not for that task alone: else it would go on although the loop has failed. */
  #linkLoopEnd(loop: AnyTaskGroup, upstream: Map<string, Set<string>>): void {
    const inside = new Set([...this.#tasks.values()].filter((task) => isWithin(task.group, loop)));
    const ids = new Set([...inside].map(({ taskId }) => taskId));
    const readers = [...this.#tasks.values()].filter(
      (task) =>
        !inside.has(task) && !task.isTeardown && [...upstream.get(task.taskId)!].some((id) => ids.has(id)),
    );
    if (readers.length === 0) return;
    const leaves = this.#ends(loop, upstream, 'leaves', loop.site);
    for (const from of leaves) for (const to of readers) this.#link(upstream, from, to, loop.site);
  }

  #ends(
    end: EdgeEnd,
    upstream: ReadonlyMap<string, ReadonlySet<string>>,
    side: 'leaves' | 'roots',
    site: Error,
  ): readonly AnyOperator[] {
    if (!isTaskGroup(end)) return [end];
    const members = [...this.#tasks.values()].filter((task) => isWithin(task.group, end));
    if (members.length === 0) {
      throw at(
        site,
        'invalid_edge',
        `Group "${end.groupId}" has no tasks, so an edge of it would order nothing.`,
      );
    }
    if (side === 'roots') {
      const ids = new Set(members.map((task) => task.taskId));
      return members.filter((task) => ![...upstream.get(task.taskId)!].some((id) => ids.has(id)));
    }
    const lasting = members.filter((task) => !task.isTeardown);
    const followed = new Set(lasting.flatMap((task) => [...upstream.get(task.taskId)!]));
    return lasting.filter((task) => !followed.has(task.taskId));
  }

  #link(upstream: Map<string, Set<string>>, from: AnyOperator, to: AnyOperator, site: Error): void {
    for (const end of [from, to]) {
      if (this.#tasks.get(end.taskId) === end) continue;
      throw at(
        site,
        'invalid_edge',
        `Task "${end.taskId}" does not belong to DAG "${this.#dagId}": edges stay within one DAG.`,
      );
    }
    upstream.get(to.taskId)!.add(from.taskId);
    const key = edgeKey(from.taskId, to.taskId);
    if (!this.#sites.has(key)) this.#sites.set(key, site);
  }

  #cycle(upstream: ReadonlyMap<string, ReadonlySet<string>>): DagDefinitionError {
    const cycle = findCycle(upstream)!;
    const closing = edgeKey(cycle.at(-2)!, cycle.at(-1)!);
    return at(
      this.#sites.get(closing)!,
      'cycle',
      `DAG "${this.#dagId}" has a cycle: ${cycle.join(' -> ')}. A task cannot wait for itself; remove one of these edges.`,
    );
  }

  /** Refuses defaults, of the DAG or of a group, that no task under them could take. */
  #checkDefaultArgs(): void {
    this.#checkDefaults(`DAG "${this.#dagId}"`, this.#defaultArgs, [...this.#tasks.values()]);
    for (const group of this.#groups.values()) {
      const names = Object.keys(group.defaultArgs);
      if (names.every(isCommonOption)) continue;
      const members = [...this.#tasks.values()].filter((task) => isWithin(task.group, group));
      this.#checkDefaults(`Group "${group.groupId}"`, group.defaultArgs, members);
    }
  }

  #checkDefaults(what: string, defaultArgs: DefaultArgs, tasks: readonly AnyOperator[]): void {
    const foreign = Object.keys(defaultArgs).filter((name) => !isCommonOption(name));
    if (foreign.length === 0) return;
    const fields = new Set(tasks.flatMap((task) => Object.keys(fieldKindsOf(task))));
    for (const name of foreign) {
      if (fields.has(name)) continue;
      throw new DagDefinitionError(
        'unknown_option',
        `${what}: no task takes the option "${name}" of defaultArgs.${suggestion(name, [...COMMON_OPTION_NAMES, ...fields])}`,
      );
    }
  }
}

/** A task that would run before its list is known cannot be mapped over one that a task makes. */
function checkMappedRule(task: AnyOperator): void {
  if (task.triggerRule !== 'always') return;
  const lists = [...(task.expansion?.keys() ?? [])];
  for (let group = task.group; group !== null; group = group.parent)
    lists.push(...(group.expansion?.values() ?? []));
  if (lists.every(({ node }) => outputsOfNode(node).length === 0)) return;
  throw at(
    task.site,
    'invalid_option',
    `Task "${task.taskId}" is mapped over what another task returns, so it cannot have the trigger rule always: there would be no list yet.`,
  );
}

/** How many groups are around a group; a task is deeper than any. */
function depthOf(end: EdgeEnd): number {
  if (!isTaskGroup(end)) return Number.POSITIVE_INFINITY;
  return end.parent === null ? 0 : depthOf(end.parent) + 1;
}

function isWithin(group: AnyTaskGroup | null, outer: AnyTaskGroup): boolean {
  return group !== null && (group === outer || isWithin(group.parent, outer));
}

function edgeKey(from: string, to: string): string {
  return `${from} ${to}`;
}

function at(
  site: Error,
  problem: 'cycle' | 'invalid_edge' | 'invalid_option',
  message: string,
): DagDefinitionError {
  return pointingAt(site, new DagDefinitionError(problem, message));
}
