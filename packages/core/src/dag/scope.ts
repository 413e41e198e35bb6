import type { EdgeEnd } from './edges.ts';
import type { AnyOperator } from './operator.ts';
import type { DefaultArgs } from './operator-options.ts';
import type { AnyTaskGroup } from './task-group.ts';

/**
 * The body that is running: of a DAG, or of a group in it. What is constructed in it is adopted here. An operator knows this
 * much of its DAG and no more.
 */
export interface Scope {
  readonly dagId: string;
  /** Innermost group; null: the DAG itself. */
  readonly group: AnyTaskGroup | null;
  /** What holds here: the group's over those around it, over the DAG's. */
  readonly defaultArgs: DefaultArgs;
  /** `outer.inner.` for a task in a group in a group. */
  readonly prefix: string;
  adoptOperator(operator: AnyOperator): void;
  adoptGroup(group: AnyTaskGroup): void;
  /** `site`: an error made where the author declared it. */
  addEdge(from: EdgeEnd, to: EdgeEnd, site: Error): void;
}
