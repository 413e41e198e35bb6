import { isTaskGroup } from './brand.ts';
import type { AnyDag } from './dag.ts';
import { suggestion } from './definition-error.ts';
import type { AnyOperator } from './operator.ts';
import type { AnyTaskGroup } from './task-group.ts';
import { TaskFailed } from './task-signal.ts';

/** What a branch or short-circuit task decided about its downstream. Groups are already the tasks that they begin with. */
export type TaskDecision =
  | { readonly kind: 'branch'; readonly chosen: readonly string[] }
  | { readonly kind: 'short_circuit'; readonly proceed: boolean };

/**
 * What the value that `operator` returned decides; null: it decides nothing. A branch may return one id, several, or none; an id
 * may be that of a task or a group, in full or as it reads inside the branch's own group. Throws `TaskFailed` for an id that the DAG
 * does not have: a retry would return it again.
 */
export function taskDecision(dag: AnyDag, operator: AnyOperator, value: unknown): TaskDecision | null {
  if (operator.decides === 'short_circuit') return { kind: 'short_circuit', proceed: Boolean(value) };
  if (operator.decides !== 'branch') return null;
  const ids = value === null || value === undefined ? [] : [value].flat();
  const chosen = ids.flatMap((id) => tasksOf(dag, operator, id));
  return { kind: 'branch', chosen: [...new Set(chosen)] };
}

function tasksOf(dag: AnyDag, operator: AnyOperator, id: unknown): readonly string[] {
  const prefix = operator.group === null ? '' : `${operator.group.groupId}.`;
  for (const candidate of [`${prefix}${String(id)}`, String(id)]) {
    if (dag.tasks.has(candidate)) return [candidate];
    const group = dag.groups.get(candidate);
    if (isTaskGroup(group)) return rootsOf(dag, group);
  }
  const known = [...dag.tasks.keys(), ...dag.groups.keys()];
  throw new TaskFailed(
    `The branch "${operator.taskId}" chose ${JSON.stringify(id)}, which is no task or group of DAG "${dag.dagId}".${suggestion(String(id), known)}`,
  );
}

function rootsOf(dag: AnyDag, group: AnyTaskGroup): readonly string[] {
  const members = [...dag.tasks.keys()].filter((id) => id.startsWith(`${group.groupId}.`));
  const inside = new Set(members);
  return members.filter((id) => !dag.upstream.get(id)!.some((before) => inside.has(before)));
}
