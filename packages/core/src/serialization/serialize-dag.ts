import type { Asset } from '../assets/index.ts';
import type { AnyDag } from '../dag/dag.ts';
import { DagDefinitionError, pointingAt } from '../dag/definition-error.ts';
import type { ListNode } from '../dag/list-expression.ts';
import { type AnyOperator, fieldKindsOf } from '../dag/operator.ts';
import { CALLBACK_NAMES, type Limit } from '../dag/operator-options.ts';
import type { AnyTaskGroup } from '../dag/task-group.ts';
import { isLiveVariable } from '../dag/variable.ts';
import { errorMessage, InvalidInputError } from '../errors.ts';
import { describeParams, type ParamsForm } from '../params/json-schema.ts';
import {
  type LiveNumber,
  SERIALIZED_DAG_FORMAT,
  type SerializedAsset,
  type SerializedDag,
  type SerializedExpansion,
  type SerializedGroup,
  type SerializedList,
  type SerializedTask,
} from './serialized-dag.ts';

/**
 * The DAG as plain data: what the scheduler, the web server and the command line know of it. Canonical: the same file loaded
 * twice gives the same value, so `canonicalJson` of it gives the same text. Throws `DagDefinitionError` when its params cannot be
 * described as JSON, or when it has a schedule and one of them has no default.
 */
export function serializeDag(dag: AnyDag): SerializedDag {
  const form = describe(dag);
  return {
    format: SERIALIZED_DAG_FORMAT,
    dagId: dag.dagId,
    description: dag.description,
    doc: dag.doc,
    tags: [...new Set(dag.tags)],
    owner: dag.owner,
    timezone: dag.timezone,
    timetable: dag.timetable.toJson(),
    schedule: dag.timetable.describe(),
    startDate: dag.startDate?.toISOString() ?? null,
    endDate: dag.endDate?.toISOString() ?? null,
    catchup: dag.catchup,
    ...(dag.onOverlap === 'skip' ? { onOverlap: dag.onOverlap } : {}),
    ...(dag.skipDelayedByMs === null ? {} : { skipDelayedByMs: dag.skipDelayedByMs }),
    ...(dag.jitterMs === 0 ? {} : { jitterMs: dag.jitterMs }),
    maxActiveRuns: liveNumber(dag.maxActiveRuns, dag),
    maxActiveTasks: liveNumber(dag.maxActiveTasks, dag),
    dagRunTimeoutMs: dag.dagRunTimeoutMs,
    failFast: dag.failFast,
    pausedUponCreation: dag.pausedUponCreation,
    paramsSchema: form?.schema ?? null,
    paramsDefaults: form?.defaults ?? {},
    callbacks: (['onSuccess', 'onFailure'] as const).filter((name) => dag.callbacks[name] !== undefined),
    deadlines: dag.deadlines.map(({ onMiss, ...deadline }) => ({ ...deadline, callback: onMiss.length > 0 })),
    ...(dag.assets.length === 0 ? {} : { assets: dag.assets.map(serializeAsset) }),
    tasks: [...dag.tasks.values()].map((task) => serializeTask(task, dag)),
    groups: [...dag.groups.values()].map((group) => serializeGroup(group, dag)),
  };
}

function serializeAsset({ name, uri, description, freshnessMs }: Asset): SerializedAsset {
  return { name, uri, description, freshnessMs };
}

function describe(dag: AnyDag): ParamsForm | null {
  if (dag.params === null) return null;
  try {
    const form = describeParams(dag.params);
    assertScheduleHasThem(dag, form);
    return form;
  } catch (error) {
    const problem = `DAG "${dag.dagId}": ${errorMessage(error)}`;
    throw pointingAt(dag.site, new DagDefinitionError('invalid_params', problem, { cause: error }));
  }
}

/** Nobody gives a scheduled run its params: each would fail in its first task. */
function assertScheduleHasThem({ timetable }: AnyDag, { schema }: ParamsForm): void {
  const required = (schema.required ?? []) as readonly string[];
  if (timetable.type === 'none' || required.length === 0) return;
  const names = required.map((name) => `params.${name}`).join(', ');
  throw new InvalidInputError(
    `${names} ${required.length === 1 ? 'has' : 'have'} no default, and a run of its schedule is given none: add ` +
      '.default(…) or .optional(), or leave the schedule out.',
  );
}

function serializeTask(task: AnyOperator, dag: AnyDag): SerializedTask {
  const { settings } = task;
  return {
    taskId: task.taskId,
    groupId: task.group?.groupId ?? null,
    operator: task.operatorName,
    doc: settings.doc,
    owner: settings.owner ?? dag.owner,
    triggerRule: task.triggerRule,
    upstream: dag.upstream.get(task.taskId)!,
    downstream: dag.downstream.get(task.taskId)!,
    retries: settings.retries,
    retryDelayMs: settings.retryDelayMs,
    retryBackoff: settings.retryBackoff,
    retryJitter: settings.retryJitter,
    maxRetryDelayMs: settings.maxRetryDelayMs,
    executionTimeoutMs: settings.executionTimeoutMs,
    pool: settings.pool,
    poolSlots: settings.poolSlots,
    priorityWeight: settings.priorityWeight,
    weightRule: settings.weightRule,
    maxActiveTisPerDag:
      settings.maxActiveTisPerDag === null ? null : liveNumber(settings.maxActiveTisPerDag, dag),
    ...(settings.maxActiveTisPerDagrun === null
      ? {}
      : { maxActiveTisPerDagrun: liveNumber(settings.maxActiveTisPerDagrun, dag) }),
    ...(settings.concurrency === null
      ? {}
      : {
          concurrency: {
            key: settings.concurrency.key,
            limit: liveNumber(settings.concurrency.limit, dag),
          },
        }),
    dependsOnPast: settings.dependsOnPast || settings.waitForDownstream,
    waitForDownstream: settings.waitForDownstream,
    queue: settings.queue,
    isolation: settings.isolation,
    isSetup: task.isSetup,
    isTeardown: task.isTeardown,
    onFailureFailDagRun: task.onFailureFailDagRun,
    nothingToDo: task.nothingToDo,
    ...waitOf(task),
    ...(task.sensedAsset === null ? {} : { sensedAsset: task.sensedAsset.name }),
    ...(task.onKill === undefined ? {} : { onKill: true }),
    decides: task.decides,
    ...(task.sides === null ? {} : { sides: task.sides }),
    ignoreDownstreamTriggerRules:
      task.decides === 'short_circuit' && task.fields.ignoreDownstreamTriggerRules !== false,
    inputs: inputsOf(task),
    callbacks: CALLBACK_NAMES.filter((name) => settings.callbacks[name] !== undefined),
    ...(task.connectionIds.length === 0 ? {} : { connections: task.connectionIds }),
    ...(settings.outlets.length === 0 ? {} : { outlets: settings.outlets.map(({ asset }) => asset.name) }),
    templateFields: Object.entries(fieldKindsOf(task))
      .filter(([name, kind]) => (kind === 'template' || kind === 'file') && name in task.fields)
      .map(([name]) => name),
    ...(task.expansion === null
      ? {}
      : { expand: expansion([...task.expansion].map(([{ node }, name]) => [name, node] as const)) }),
    ...(task.elementsOf.length === 0 ? {} : { elementsOf: task.elementsOf }),
  };
}

/** A wait that calls nobody when it begins can be answered without a process. */
function waitOf(task: AnyOperator): Pick<SerializedTask, 'wait' | 'waitTimeoutMs' | 'onWaitTimeout'> {
  const { wait } = task;
  if (wait === null || task.settings.callbacks.onExecute !== undefined) return {};
  const { timeoutMs, onTimeout, on } = wait;
  return {
    wait: on,
    ...(timeoutMs === null ? {} : { waitTimeoutMs: timeoutMs }),
    ...(onTimeout === 'fail' ? {} : { onWaitTimeout: onTimeout }),
  };
}

function expansion(lists: readonly (readonly [name: string, node: ListNode])[]): SerializedExpansion {
  return { arguments: lists.map(([name, node]) => ({ name, list: serializeList(name, node) })) };
}

function serializeList(name: string, node: ListNode): SerializedList {
  switch (node.kind) {
    case 'literal':
      return { kind: 'literal', length: node.items.length };
    case 'output':
      return { kind: 'output', taskId: node.output.taskId, key: node.output.key };
    case 'map':
      return serializeList(name, node.of);
    case 'zip':
    case 'concat':
      return { kind: node.kind, of: node.of.map((part) => serializeList(name, part)) };
    case 'filter':
    case 'reference':
      throw new DagDefinitionError(
        'invalid_option',
        `The length of "${name}" is decided by a task, which is missing.`,
      );
  }
}

/** One for each value that is read, also when two fields read it. */
function inputsOf(task: AnyOperator): SerializedTask['inputs'] {
  const inputs = task.inputs.map(({ operator, key }) => ({ taskId: operator.taskId, key }));
  return [...new Map(inputs.map((input) => [`${input.taskId}/${input.key}`, input])).values()];
}

function serializeGroup(group: AnyTaskGroup, dag: AnyDag): SerializedGroup {
  return {
    groupId: group.groupId,
    parentId: group.parent?.groupId ?? null,
    ...(group.maxActiveTasks === null ? {} : { maxActiveTasks: liveNumber(group.maxActiveTasks, dag) }),
    label: group.label,
    doc: group.doc,
    ...(group.retry === null ? {} : { retry: group.retry }),
    ...(group.expansion === null
      ? {}
      : {
          expand: {
            ...expansion([...group.expansion].map(([name, { node }]) => [name, node] as const)),
            ...(group.loop === null
              ? {}
              : { loop: { until: group.loop.until?.taskId ?? null, onMax: group.loop.onMax } }),
          },
        }),
  };
}

function liveNumber(limit: Limit, { timezone }: AnyDag): LiveNumber {
  if (typeof limit === 'number') return limit;
  if (!isLiveVariable(limit)) {
    // Written member by member: an author's object may hold undefined, which JSON does not have.
    const windows = limit.windows.map(({ cron, for: length, value }) => ({ cron, for: length, value }));
    return { $plan: { default: limit.default, windows, timezone: limit.timezone ?? timezone } };
  }
  return { $variable: { name: limit.name, type: limit.type, default: limit.default } };
}
