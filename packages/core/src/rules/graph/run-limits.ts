import type { LiveNumber, SerializedDag, SerializedTask } from '../../serialization/index.ts';

/** A limit on what may be active at once within one run: of a group's tasks, or of one task's instances. */
export interface RunLimit {
  /** `group:<groupId>` or `task:<taskId>`: what the run counts it under. */
  readonly name: string;
  readonly limit: LiveNumber;
}

/** The limits of a run that a task counts against: its own, then those of the groups around it, inside out. */
export function runLimitsOf(dag: SerializedDag, task: SerializedTask): readonly RunLimit[] {
  const limits: RunLimit[] = [];
  if (task.maxActiveTisPerDagrun !== undefined) {
    limits.push({ name: `task:${task.taskId}`, limit: task.maxActiveTisPerDagrun });
  }
  let groupId = task.groupId;
  while (groupId !== null) {
    const group = dag.groups.find((one) => one.groupId === groupId);
    if (group?.maxActiveTasks !== undefined)
      limits.push({ name: `group:${groupId}`, limit: group.maxActiveTasks });
    groupId = group?.parentId ?? null;
  }
  return limits;
}
