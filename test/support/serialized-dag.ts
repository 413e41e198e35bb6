import type { SerializedDag, SerializedTask } from '@tsflow/core/serialization';
import type { TriggerRule } from '@tsflow/core/state';

/** A task of a compact DAG: what differs from a plain task without upstream. */
export type TaskSpec = Partial<Omit<SerializedTask, 'taskId' | 'downstream'>>;

/** A serialized DAG out of `{ taskId: spec }`, in an order in which upstream comes first. */
export function serializedDag(
  dagId: string,
  specs: Readonly<Record<string, TaskSpec>> = {},
  dag: Partial<SerializedDag> = {},
): SerializedDag {
  const ids = Object.keys(specs);
  const downstream = (taskId: string) => ids.filter((id) => specs[id]!.upstream?.includes(taskId));
  return {
    format: 1,
    dagId,
    description: null,
    doc: null,
    tags: [],
    owner: null,
    timezone: 'UTC',
    timetable: { type: 'none' },
    schedule: 'only by hand',
    startDate: null,
    endDate: null,
    catchup: false,
    maxActiveRuns: 16,
    maxActiveTasks: 16,
    dagRunTimeoutMs: null,
    failFast: false,
    pausedUponCreation: false,
    paramsSchema: null,
    paramsDefaults: {},
    groups: [],
    ...dag,
    tasks: ids.map((taskId) => ({
      ...plainTask(taskId),
      ...specs[taskId],
      taskId,
      downstream: downstream(taskId),
    })),
  };
}

function plainTask(taskId: string): SerializedTask {
  return {
    taskId,
    groupId: null,
    operator: 'FunctionOperator',
    doc: null,
    owner: null,
    triggerRule: 'all_success' satisfies TriggerRule,
    upstream: [],
    downstream: [],
    retries: 0,
    retryDelayMs: 300_000,
    retryBackoff: 1,
    retryJitter: 0,
    maxRetryDelayMs: 86_400_000,
    executionTimeoutMs: null,
    pool: 'default_pool',
    poolSlots: 1,
    priorityWeight: 1,
    weightRule: 'downstream',
    maxActiveTisPerDag: null,
    dependsOnPast: false,
    waitForDownstream: false,
    queue: 'default',
    isolation: 'warm',
    isSetup: false,
    isTeardown: false,
    onFailureFailDagRun: false,
    nothingToDo: false,
    decides: null,
    ignoreDownstreamTriggerRules: true,
    inputs: [],
    callbacks: [],
    templateFields: [],
  };
}
