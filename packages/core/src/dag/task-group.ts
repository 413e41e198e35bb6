import { TASK_GROUP_BRAND } from './brand.ts';
import { DagDefinitionError, suggestion } from './definition-error.ts';
import { type EdgeEnds, wire } from './edges.ts';
import { checkId, checkIdComponent } from './identifier.ts';
import { currentScope, withinScope } from './load-session.ts';
import { type DefaultArgs, type Limit, optionChecks } from './operator-options.ts';

export interface GroupOptions {
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

export type AnyTaskGroup = TaskGroup<unknown>;

const OPTION_NAMES: Readonly<Record<keyof GroupOptions, true>> = {
  defaultArgs: true,
  maxActiveTasks: true,
  label: true,
  doc: true,
};

/**
 * Tasks that are seen, ordered and cleared as one. Their ids get the group's in front: `group.task`. An edge from the group
 * starts at its leaves (teardowns aside), an edge to it goes to its roots. Groups nest.
 */
export class TaskGroup<Exports = void> {
  /** With the ids of the groups around it in front. */
  readonly groupId: string;
  readonly label: string;
  readonly doc: string | null;
  readonly parent: AnyTaskGroup | null;
  /** Its own, without those around it. */
  readonly defaultArgs: DefaultArgs;
  /** Of its tasks, within one run; null: none of its own. */
  readonly maxActiveTasks: Limit | null;
  /** What its body returned: the tasks or outputs that those outside may want. */
  readonly exports: Exports;

  constructor(id: string, body: () => Exports, options: GroupOptions = {}) {
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
      if (!Object.hasOwn(OPTION_NAMES, name)) throw unknownOption(id, name);
    }
    this.groupId = `${scope.prefix}${id}`;
    checkId('groupId', this.groupId);
    this.label = options.label ?? id;
    this.doc = options.doc ?? null;
    this.parent = scope.group;
    this.defaultArgs = options.defaultArgs ?? {};
    this.maxActiveTasks =
      options.maxActiveTasks === undefined
        ? null
        : optionChecks(`Group "${this.groupId}"`).limit('maxActiveTasks', options.maxActiveTasks, 0);
    const self = this as unknown as AnyTaskGroup;
    scope.adoptGroup(self);
    this.exports = withinScope(
      {
        ...scope,
        group: self,
        prefix: `${this.groupId}.`,
        defaultArgs: { ...scope.defaultArgs, ...this.defaultArgs },
      },
      body,
    );
  }

  /** The group before each of `others`. Returns itself. */
  before(...others: readonly EdgeEnds[]): this {
    wire([this as unknown as AnyTaskGroup], others.flat(), new Error('edge'));
    return this;
  }

  /** The group after each of `others`. Returns itself. */
  after(...others: readonly EdgeEnds[]): this {
    wire(others.flat(), [this as unknown as AnyTaskGroup], new Error('edge'));
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

function unknownOption(id: string, name: string): DagDefinitionError {
  return new DagDefinitionError(
    'unknown_option',
    `Group "${id}" has no option "${name}".${suggestion(name, Object.keys(OPTION_NAMES))}`,
  );
}
