import { TASK_GROUP_BRAND } from './brand.ts';
import { DagDefinitionError, suggestion } from './definition-error.ts';
import { type EdgeEnds, wire } from './edges.ts';
import { type ItemOf, listNode, type Mappable } from './expand.ts';
import { checkId, checkIdComponent } from './identifier.ts';
import { currentScope, withinScope } from './load-session.ts';
import { elementOf, type GroupElement, type MapArgument } from './map-argument.ts';
import { type MapIndexTemplate, type MapIndexValues, mapIndexTemplateOf } from './map-index-template.ts';
import type { AnyOperator, Collected, Operator } from './operator.ts';
import {
  type DefaultArgs,
  type Limit,
  optionChecks,
  type RetryOptions,
  type RetrySettings,
  retrySettings,
} from './operator-options.ts';
import type { TaskOutput } from './task-output.ts';

/**
 * Options of a group. `retries` and what belongs to it are those of the group as a whole: when a task of it has failed for good, what still
 * runs in it is ended, its teardowns run, and after the delay all of it begins again from its first tasks. Its tasks have their own
 * `retries` besides (`defaultArgs`), which come first and are counted anew. What comes after such a group hears how its tasks
 * ended when all of it has ended. Of a mapped group each index is tried again on its own.
 */
export interface GroupOptions extends RetryOptions {
  /** Defaults for the tasks in it: over the DAG's, under a task's own. */
  readonly defaultArgs?: DefaultArgs | undefined;
  /**
   * How many of its tasks may be active at once within one run, groups inside it included; 1: one after another. A sliding window: the
   * next begins when one ends. Default: no limit of its own.
   */
  readonly maxActiveTasks?: Limit | undefined;
  /** What people see; default: its id. */
  readonly label?: string | undefined;
  /** Markdown. */
  readonly doc?: string | undefined;
}

/** Options of a group that is mapped over lists with elements `Elements`, by name. */
export interface MappedGroupOptions<Elements = MapIndexValues> extends GroupOptions {
  /**
   * How people call each index: a text over its elements by name (`'{{ city.name }}'`), or a function of them. Each task in it renders the name
   * before it begins; one with a `mapIndexTemplate` of its own, if it is not mapped itself, is called by that. Default: the map index.
   */
  readonly mapIndexTemplate?: MapIndexTemplate<Elements> | undefined;
}

/** Of a mapped group whose indexes run one after the other. */
export interface LoopSettings {
  /** The task in it that decides after each iteration whether it was the last; null: the list decides. Made while the body runs. */
  until: AnyOperator | null;
  /** What becomes of it when that has not held in the last one. */
  readonly onMax: 'fail' | 'continue';
}

export type AnyTaskGroup = TaskGroup<unknown>;

const OPTION_NAMES: Readonly<Record<keyof MappedGroupOptions, true>> = {
  retries: true,
  retryDelay: true,
  retryExponentialBackoff: true,
  retryJitter: true,
  maxRetryDelay: true,
  defaultArgs: true,
  maxActiveTasks: true,
  label: true,
  doc: true,
  mapIndexTemplate: true,
};

/**
 * Tasks that are seen, ordered and cleared as one. Their ids get the group's in front: `group.task`. An edge from the group
 * starts at its leaves (teardowns aside), an edge to it goes to its roots. Groups nest.
 */
export class TaskGroup<Exports = void> {
  /** Where the author constructed it. */
  readonly site: Error = new Error('group');
  /** With the ids of the groups around it in front. */
  readonly groupId: string;
  /** What people see. */
  readonly label: string;
  /** Markdown; null: none. */
  readonly doc: string | null;
  /** The group around it; null: none. */
  readonly parent: AnyTaskGroup | null;
  /** Its own, without those around it. */
  readonly defaultArgs: DefaultArgs;
  /** Of its tasks, within one run; null: none of its own. */
  readonly maxActiveTasks: Limit | null;
  /** How all of it is tried again when a task of it failed for good; null: it is not. */
  readonly retry: RetrySettings | null;
  /** What its body returned: the tasks or outputs that those outside may want. */
  readonly exports: Exports;
  /** The lists that it is mapped over, by the names under which its body gets the elements; null: it is not mapped. */
  readonly expansion: ReadonlyMap<string, MapArgument> | null;
  /** How people call its indexes; null: by their numbers, or it is not mapped. */
  readonly mapIndexTemplate: MapIndexTemplate | null;
  /** Null: its indexes, if it is mapped, run side by side. */
  readonly loop: LoopSettings | null;

  /**
   * @param lists what the whole group is mapped over, by name: see {@link expandGroup}
   * @param loop for indexes that run one after the other
   */
  constructor(
    id: string,
    body: (elements: Readonly<Record<string, GroupElement<unknown>>>) => Exports,
    options: MappedGroupOptions = {},
    lists: Readonly<Record<string, unknown>> | null = null,
    loop: LoopSettings | null = null,
  ) {
    Object.defineProperty(this, TASK_GROUP_BRAND, { value: true });
    const scope = currentScope();
    if (scope === undefined) {
      throw new DagDefinitionError(
        'misplaced',
        `Group "${id}" is constructed outside of a DAG. Construct it in the body: new DAG({ … }, () => { … }).`,
      );
    }
    checkIdComponent('groupId', id);
    for (const name of Object.keys(options)) {
      const isKnown = name === 'mapIndexTemplate' ? lists !== null : Object.hasOwn(OPTION_NAMES, name);
      if (!isKnown) throw unknownOption(id, name, lists !== null);
    }
    this.groupId = `${scope.prefix}${id}`;
    checkId('groupId', this.groupId);
    this.label = options.label ?? id;
    this.doc = options.doc ?? null;
    this.parent = scope.group;
    this.defaultArgs = options.defaultArgs ?? {};
    const check = optionChecks(`Group "${this.groupId}"`);
    this.maxActiveTasks =
      options.maxActiveTasks === undefined ? null : check.limit('maxActiveTasks', options.maxActiveTasks, 0);
    this.mapIndexTemplate = mapIndexTemplateOf(options.mapIndexTemplate, check);
    const retry = retrySettings(options, check);
    this.retry = retry.retries === 0 ? null : retry;
    this.loop = loop;
    this.expansion = lists === null ? null : mapArguments(this.groupId, lists);
    scope.adoptGroup(this);
    const elements = [...(this.expansion ?? [])].map(
      ([name, argument]) => [name, elementOf<GroupElement<unknown>>(argument)] as const,
    );
    this.exports = withinScope(
      {
        ...scope,
        group: this,
        prefix: `${this.groupId}.`,
        defaultArgs: { ...scope.defaultArgs, ...this.defaultArgs },
      },
      () => body(Object.fromEntries(elements)),
    );
  }

  /** The group before each of `others`. Returns itself. */
  before(...others: readonly EdgeEnds[]): this {
    wire([this], others.flat(), new Error('edge'));
    return this;
  }

  /** The group after each of `others`. Returns itself. */
  after(...others: readonly EdgeEnds[]): this {
    wire(others.flat(), [this], new Error('edge'));
    return this;
  }
}

/**
 * A group of the tasks that `body` constructs: `group('load', () => { … })`. What `body` returns is the group's `exports`.
 */
export function group<Exports = void>(
  id: string,
  body: () => Exports,
  options?: GroupOptions,
): TaskGroup<Exports> {
  return new TaskGroup(id, body, options);
}

/**
 * A group that is mapped as a whole: its tasks run once for each element, each index on its own and in depth, so that a slow one does not
 * hold the others up. Several lists make every combination. Inside, outputs are those of the same index; what `body` returns
 * is, outside, the list of them all, in order. Groups nest, and may hold mapped tasks.
 *
 * ```ts
 * const loads = expandGroup('per_table', { table: tables.output }, ({ table }) => {
 *   const rows = task('extract', (_context, { table }) => read(table), { table });
 *   return task('load', (_context, { rows }) => rows.length, { rows: rows.output });
 * });
 * task('total', (_context, { counts }) => counts.length, { counts: loads.exports.output });
 * ```
 */
export function expandGroup<const Lists extends { readonly [name: string]: Mappable }, Exports = void>(
  id: string,
  lists: Lists,
  body: (elements: { readonly [K in keyof Lists]: GroupElement<ItemOf<Lists[K]>> }) => Exports,
  options?: MappedGroupOptions<{ readonly [K in keyof Lists]: ItemOf<Lists[K]> }>,
): TaskGroup<CollectedExports<Exports>> {
  const elements = body as (elements: Readonly<Record<string, GroupElement<unknown>>>) => Exports;
  return new TaskGroup<unknown>(id, elements, options, lists) as TaskGroup<CollectedExports<Exports>>;
}

/** What a mapped group returns as those outside see it: lists of what its indexes have. */
export type CollectedExports<Exports> =
  Exports extends TaskOutput<infer V>
    ? TaskOutput<Collected<V>>
    : Exports extends Operator<infer Output, infer _Fields, infer _Options>
      ? Operator<Collected<Awaited<Output>>, object, never>
      : Exports extends object
        ? { readonly [K in keyof Exports]: CollectedExports<Exports[K]> }
        : Exports;

function mapArguments(
  groupId: string,
  lists: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, MapArgument> {
  const given = Object.entries(lists);
  if (given.length === 0) {
    throw new DagDefinitionError(
      'invalid_option',
      `Group "${groupId}" is mapped over nothing: give it a list.`,
    );
  }
  return new Map(
    given.map(([name, list]) => {
      return [name, { node: listNode(list, `Group "${groupId}": ${name}`), groupId, name }];
    }),
  );
}

function unknownOption(id: string, name: string, isMapped: boolean): DagDefinitionError {
  const known = Object.keys(OPTION_NAMES).filter((option) => isMapped || option !== 'mapIndexTemplate');
  return new DagDefinitionError(
    'unknown_option',
    `Group "${id}"${isMapped ? '' : ', which is not mapped,'} has no option "${name}".${suggestion(name, known)}`,
  );
}
