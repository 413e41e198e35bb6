import type { Deferral, Wait } from '@tsflow/core/dag';
import type { Json } from '@tsflow/core/json';
import type { TaskDecision, TaskOutcome } from '@tsflow/core/rules';
import type { SerializedDag, SerializedTask } from '@tsflow/core/serialization';
import type { Workload } from '@tsflow/scheduler/executors';
import type { Random } from '../../support/random.ts';

/** How an attempt ends: well, badly, or not yet. */
export function randomOutcome(
  random: Random,
  workload: Workload,
  dag: SerializedDag,
  now: number,
  later: readonly string[],
): TaskOutcome {
  const luck = random.next();
  const failed: TaskOutcome = {
    kind: 'failed',
    error: { name: 'Error', message: 'no' },
    retryable: random.chance(0.8),
  };
  if (workload.kind === 'on_kill' || workload.kind === 'callback')
    return luck < 0.2 ? failed : good(random, workload, dag);
  if (luck < 0.16) return failed;
  if (luck < 0.22) return { kind: 'skipped', reason: 'nothing new' };
  if (workload.kind === 'trigger') return good(random, workload, dag);
  const savedState = random.chance(0.3) ? { step: random.int(9) } : null;
  if (luck < 0.3) return { kind: 'reschedule', atMs: now + random.int(3_000), savedState };
  if (luck < 0.4) return { kind: 'defer', deferral: randomDeferral(random, now, later), savedState };
  return good(random, workload, dag);
}

/** A success, with whatever its task is for. */
export function good(random: Random, { taskId, kind }: Workload, dag: SerializedDag): TaskOutcome {
  const task = dag.tasks.find((one) => one.taskId === taskId);
  const decision =
    kind === 'execute' && task?.decides != null ? decide(random, task.decides, task.downstream) : undefined;
  if (decision !== undefined) return { kind: 'success', xcoms: {}, decision };
  const assetEvents = (task?.outlets ?? [])
    .filter(() => random.chance(0.4))
    .map((asset) => ({ asset, extra: {}, partition: random.chance(0.3) ? 'p' : null }));
  return {
    kind: 'success',
    xcoms: { return_value: value(random) },
    ...(kind === 'execute' ? { assetEvents } : {}),
  };
}

function decide(
  random: Random,
  how: NonNullable<SerializedTask['decides']>,
  downstream: readonly string[],
): TaskDecision {
  if (how === 'until') return { kind: 'until', isMet: random.chance(0.4) };
  if (how === 'short_circuit') return { kind: 'short_circuit', proceed: random.chance(0.5) };
  return { kind: 'branch', chosen: downstream.filter(() => random.chance(0.5)) };
}

/** What something may be mapped over, and sometimes not. */
function value(random: Random): Json {
  if (random.chance(0.05)) return random.pick([null, 7, 'text']);
  const items = Array.from({ length: random.int(4) }, (_, i) => i);
  return random.chance(0.2) ? Object.fromEntries(items.map((i) => [`k${i}`, i])) : items;
}

function randomDeferral(random: Random, now: number, later: readonly string[]): Deferral {
  const on = randomWait(random, now, later);
  return {
    on,
    timeoutAt: on.kind === 'instant' && random.chance(0.5) ? null : now + 1_000 + random.int(8_000),
    onTimeout: random.pick(['fail', 'skip', 'continue']),
    after: random.pick(['end', 'resume']),
  };
}

function randomWait(random: Random, now: number, later: readonly string[]): Deferral['on'] {
  const luck = random.next();
  if (luck < 0.25) return { kind: 'instant', at: new Date(now + random.int(3_000)).toISOString() };
  if (luck < 0.45) return { kind: 'trigger', type: 'Simulated', args: {} };
  if (luck < 0.55)
    return {
      kind: 'asset',
      asset: `x${random.int(4)}`,
      partition: null,
      since: random.pick(['due', 'runStart', 'ever']),
    };
  if (later.length === 0) return { kind: 'delta', ms: random.int(3_000), from: 'runStart' } satisfies Wait;
  const dagId = random.pick(later);
  if (luck < 0.7) {
    return {
      kind: 'external',
      dagId,
      taskIds: random.chance(0.5) ? null : ['t0'],
      which: { match: 'logicalDate', deltaMs: 0 },
      allowedStates: ['success', 'failed', 'skipped'],
      failedStates: random.chance(0.5) ? [] : ['upstream_failed'],
    };
  }
  return {
    kind: 'run',
    dagId,
    how: random.pick(['trigger', 'ensure']),
    conf: {},
    logicalDate: null,
    runId: null,
    waitForCompletion: random.chance(0.7),
    allowedStates: random.chance(0.5) ? ['success'] : ['success', 'failed'],
    failedStates: random.chance(0.5) ? ['failed'] : [],
  };
}
