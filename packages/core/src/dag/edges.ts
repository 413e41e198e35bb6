import { isOperator, isTaskGroup } from './brand.ts';
import { DagDefinitionError } from './definition-error.ts';
import { currentScope } from './load-session.ts';
import type { AnyOperator } from './operator.ts';
import type { AnyTaskGroup } from './task-group.ts';

/** One end of an edge: a task, or a group (its leaves when the edge leaves it, its roots when the edge enters it). */
export type EdgeEnd = AnyOperator | AnyTaskGroup;

/** A task, a group, or a list of them. */
export type EdgeEnds = EdgeEnd | readonly EdgeEnd[];

/**
 * Orders what it is given, each after the one before it. A single one and a list are joined with every member of the list; two
 * lists in a row are joined pair by pair and must be of equal length, as in Airflow. For all to all, use {@link crossDownstream}.
 *
 * `chain(a, [b, c], [d, e], f)` is a -> b -> d -> f and a -> c -> e -> f.
 */
export function chain(...steps: readonly EdgeEnds[]): void {
  const site = new Error('edge');
  for (let i = 1; i < steps.length; i++) join(steps[i - 1]!, steps[i]!, site);
}

/** Every one of `from` before every one of `to`. */
export function crossDownstream(from: EdgeEnds, to: EdgeEnds): void {
  wire(asList(from), asList(to), new Error('edge'));
}

/** Adds edges from each of `from` to each of `to`, declared at `site`. */
export function wire(from: readonly EdgeEnd[], to: readonly EdgeEnd[], site: Error): void {
  const scope = currentScope();
  if (scope === undefined) {
    throw new DagDefinitionError(
      'misplaced',
      'Edges are declared inside the body of a DAG: new DAG({ … }, () => { … }).',
    );
  }
  for (const before of from) for (const after of to) scope.addEdge(checked(before), checked(after), site);
}

function join(from: EdgeEnds, to: EdgeEnds, site: Error): void {
  if (!isList(from) || !isList(to)) {
    wire(asList(from), asList(to), site);
  } else if (from.length === to.length) {
    from.forEach((before, i) => {
      wire([before], [to[i]!], site);
    });
  } else {
    throw new DagDefinitionError(
      'invalid_edge',
      `chain() joins two lists pair by pair, but one has ${from.length} members and the next ${to.length}. ` +
        'Use crossDownstream(from, to) for every one to every one.',
    );
  }
}

function checked(end: EdgeEnd): EdgeEnd {
  if (isOperator(end) || isTaskGroup(end)) return end;
  const hint =
    typeof end === 'object' && end !== null && 'taskId' in end ? ' Give the task, not its output.' : '';
  throw new DagDefinitionError('invalid_edge', `An edge joins tasks and groups, got ${typeof end}.${hint}`);
}

function asList(ends: EdgeEnds): readonly EdgeEnd[] {
  return isList(ends) ? ends : [ends];
}

function isList(ends: EdgeEnds): ends is readonly EdgeEnd[] {
  return Array.isArray(ends);
}
