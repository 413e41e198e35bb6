import type { SerializedDag, SerializedTask } from '@tsflow/core/serialization';
import type { Random } from '../../support/random.ts';
import { serializedDag } from '../../support/serialized-dag.ts';
import { randomDag } from '../random-dag.ts';
import { BEGINNING } from './process-clock.ts';

/** Schedules end so long after the beginning, so that there is a calm. */
export const SCHEDULES_END_MS = 30_000;

/** DAGs that know of each other: schedules, assets, limits, waits, callbacks, and tasks that ask for runs of later DAGs. */
export function randomInstallation(random: Random): SerializedDag[] {
  const count = 2 + random.int(3);
  return Array.from({ length: count }, (_, i) => {
    const dagId = `d${i}`;
    const schedule = randomSchedule(random, i);
    const properties: Partial<SerializedDag> = {
      ...schedule,
      endDate: new Date(BEGINNING + SCHEDULES_END_MS).toISOString(),
      catchup: random.chance(0.5),
      maxActiveRuns: random.chance(0.3)
        ? { $variable: { name: `${dagId}_runs`, type: 'number', default: 2 } }
        : 1 + random.int(3),
      maxActiveTasks: 1 + random.int(4),
      pausedUponCreation: random.chance(0.1),
      failFast: random.chance(0.1),
      dagRunTimeoutMs: random.chance(0.1) ? 8_000 : null,
      callbacks: random.chance(0.2) ? ['onSuccess', 'onFailure'] : [],
      ...(random.chance(0.15) ? { onOverlap: 'skip' as const } : {}),
      ...(random.chance(0.1) ? { skipDelayedByMs: 5_000 } : {}),
      ...(random.chance(0.15) ? { jitterMs: 3_000 } : {}),
    };
    const dag = randomDag(random, dagId, 5, properties, random.chance(0.5));
    const later = Array.from({ length: count - i - 1 }, (_, n) => `d${i + 1 + n}`);
    const tasks = dag.tasks.map((task) => furnish(random, dagId, task, later));
    const deadline = { name: 'soon', taskId: null, by: null, withinMs: 4_000, callback: random.chance(0.5) };
    return { ...dag, tasks, ...(random.chance(0.1) ? { deadlines: [deadline] } : {}) };
  });
}

function randomSchedule(random: Random, index: number): Partial<SerializedDag> {
  if (random.chance(0.45)) {
    const everyMs = 1_000 * (5 + random.int(15));
    const startDate = random.chance(0.7) ? new Date(BEGINNING - random.int(40_000)).toISOString() : null;
    const anchor = random.chance(0.5) ? startDate : null;
    return {
      timetable: { type: 'delta', everyMs, startDate: anchor },
      schedule: `every ${everyMs} ms`,
      startDate,
    };
  }
  if (index > 0 && random.chance(0.4)) {
    const own = { asset: `x${random.int(index)}` };
    const other = { asset: `x${random.int(index)}` };
    const assets = random.chance(0.5)
      ? own
      : random.chance(0.5)
        ? { any: [own, other] }
        : { all: [own, other] };
    const names = [...new Set([own.asset, other.asset])];
    return {
      timetable: { type: 'asset', assets, time: null },
      schedule: 'assets',
      assets: names.map((name) => ({ name, uri: null, description: null, freshnessMs: null })),
    };
  }
  return {};
}

function furnish(
  random: Random,
  dagId: string,
  task: SerializedTask,
  later: readonly string[],
): SerializedTask {
  const isOrdinary = task.decides === null && !task.nothingToDo;
  const isMapped = task.expand !== undefined || task.groupId !== null;
  const callbacks = (['onSuccess', 'onFailure', 'onRetry', 'onSkipped'] as const).filter(() =>
    random.chance(0.5),
  );
  const furnished: SerializedTask = {
    ...task,
    retryDelayMs: 10 + random.int(2_000),
    pool: random.chance(0.3) ? 'small' : 'default_pool',
    poolSlots: 1 + random.int(2),
    priorityWeight: 1 + random.int(3),
    executionTimeoutMs: random.chance(0.15) ? 3_000 + random.int(4_000) : null,
    callbacks: random.chance(0.15) ? callbacks : [],
    ...(random.chance(0.2) ? { onKill: true } : {}),
    ...(random.chance(0.2) ? { concurrency: { key: `k${random.int(2)}`, limit: 1 + random.int(2) } } : {}),
    ...(random.chance(0.15) ? { outlets: [`x${dagId.slice(1)}`] } : {}),
  };
  if (!isOrdinary || isMapped || !random.chance(0.12)) return furnished;
  const wait =
    later.length > 0 && random.chance(0.5)
      ? ({
          kind: 'external',
          dagId: random.pick(later),
          taskIds: null,
          which: { match: 'logicalDate', deltaMs: 0 },
          allowedStates: ['success', 'failed'],
          failedStates: [],
        } as const)
      : ({ kind: 'delta', ms: random.int(3_000), from: 'runStart' } as const);
  const { onKill: _, ...rest } = furnished;
  return {
    ...rest,
    wait,
    waitTimeoutMs: 6_000,
    onWaitTimeout: random.pick(['fail', 'skip', 'continue']),
  };
}

/** What of it differs from a plain one, a line for the DAG and one for each task. */
export function describeDag(dag: SerializedDag): string[] {
  const plain = serializedDag(dag.dagId, { t: {} });
  const { tasks, groups, ...rest } = dag;
  const lines = [`DAG ${dag.dagId} ${differences(rest, plain)}`];
  for (const group of groups) lines.push(`  group ${group.groupId} ${JSON.stringify(group.expand ?? null)}`);
  for (const { taskId, upstream, downstream: _, ...task } of tasks)
    lines.push(`  ${taskId} after ${upstream.join(', ') || 'nothing'} ${differences(task, plain.tasks[0]!)}`);
  return lines;
}

function differences(one: object, plain: object): string {
  const usual = new Map(Object.entries(plain).map(([name, value]) => [name, JSON.stringify(value)]));
  const differing = Object.entries(one).filter(([name, value]) => JSON.stringify(value) !== usual.get(name));
  return JSON.stringify(Object.fromEntries(differing));
}

/** The same DAG after somebody worked on it; null: there is nothing to change in the way that chance wants. */
export function newVersion(
  random: Random,
  dag: SerializedDag,
): { readonly dag: SerializedDag; readonly what: string } | null {
  const leaves = dag.tasks.filter(
    (task) => !dag.tasks.some(({ upstream }) => upstream.includes(task.taskId)),
  );
  const mappedOver = JSON.stringify(dag.groups) + JSON.stringify(dag.tasks.map(({ expand }) => expand));
  const removable = leaves.filter(
    ({ taskId }) => !mappedOver.includes(`"${taskId}"`) && dag.tasks.length > 1,
  );
  const kind = random.pick(['retries', 'remove', 'add', 'limit'] as const);
  if (kind === 'remove') {
    if (removable.length === 0) return null;
    const { taskId, groupId } = random.pick(removable);
    // A group without tasks does not come out of a DAG file.
    if (groupId !== null && dag.tasks.filter((task) => task.groupId === groupId).length === 1) return null;
    const tasks = dag.tasks.filter((task) => task.taskId !== taskId);
    return {
      dag: {
        ...dag,
        tasks: tasks.map((task) => ({ ...task, downstream: task.downstream.filter((id) => id !== taskId) })),
      },
      what: `${taskId} is gone`,
    };
  }
  if (kind === 'add') {
    const taskId = `n${dag.tasks.length}`;
    if (dag.tasks.some((task) => task.taskId === taskId)) return null;
    const above = dag.tasks.filter(
      ({ groupId, expand }) => groupId === null && expand === undefined && random.chance(0.4),
    );
    const upstream = above.map((task) => task.taskId);
    const { expand: _, wait: __, ...plain } = dag.tasks[0]!;
    const added: SerializedTask = {
      ...plain,
      taskId,
      groupId: null,
      upstream,
      downstream: [],
      decides: null,
      nothingToDo: false,
      triggerRule: 'all_done',
    };
    const tasks = dag.tasks.map((task) =>
      upstream.includes(task.taskId) ? { ...task, downstream: [...task.downstream, taskId] } : task,
    );
    return {
      dag: { ...dag, tasks: [...tasks, added] },
      what: `${taskId} is new, after ${upstream.join(', ') || 'nothing'}`,
    };
  }
  if (kind === 'limit') {
    const maxActiveTasks = 1 + random.int(4);
    return { dag: { ...dag, maxActiveTasks }, what: `maxActiveTasks ${maxActiveTasks}` };
  }
  const tasks = dag.tasks.map((task) => ({ ...task, retries: random.int(3) }));
  return { dag: { ...dag, tasks }, what: 'other retries' };
}
