import type { Intent } from '@tsflow/core/intents';
import type { DagRunTable } from '@tsflow/core/store';
import type { Random } from '../../support/random.ts';
import type { Ledger } from './ledger.ts';

/** What somebody asks of a DAG. */
export interface Ask {
  readonly dagId: string;
  readonly intent: Intent;
}

/** A command that somebody gives who sees the runs as they are; null: there is nothing to give it about. */
export function randomAsk(
  random: Random,
  dagIds: readonly string[],
  ledger: Ledger,
  now: number,
): Ask | null {
  const dagId = random.pick(dagIds);
  const run = randomRun(random, ledger);
  const luck = random.next();
  if (luck < 0.22) return { dagId, intent: { kind: 'trigger', payload: randomTrigger(random, now) } };
  if (luck < 0.32) return { dagId, intent: { kind: 'pause', payload: { isPaused: random.chance(0.4) } } };
  if (luck < 0.4) return { dagId, intent: { kind: 'backfill', payload: randomBackfill(random, now) } };
  if (luck < 0.44) return controlBackfill(random, ledger);
  if (luck < 0.48) return { dagId, intent: { kind: 'reschedule', payload: randomReschedule(random, now) } };
  if (run === null) return null;
  return { dagId: run.dagId, intent: aboutRun(random, run, ledger) };
}

function randomRun(random: Random, ledger: Ledger): DagRunTable | null {
  const runs = [...ledger.runs.values()];
  // Rather one of the newest.
  return runs.length === 0 ? null : random.pick(random.chance(0.6) ? runs.slice(-4) : runs);
}

function randomTrigger(random: Random, now: number): Extract<Intent, { kind: 'trigger' }>['payload'] {
  return {
    conf: {},
    ...(random.chance(0.15) ? { runId: `by-hand-${random.int(3)}` } : {}),
    ...(random.chance(0.2) ? { unpause: true } : {}),
    ...(random.chance(0.2) ? { logicalDate: iso(now - random.int(60_000)) } : {}),
  };
}

function randomBackfill(random: Random, now: number): Extract<Intent, { kind: 'backfill' }>['payload'] {
  const start = now - random.int(60_000);
  return {
    start: iso(start),
    end: iso(start + random.int(40_000) - 2_000),
    reprocess: random.pick(['none', 'failed', 'completed']),
    reverse: random.chance(0.3),
    maxActiveRuns: 1 + random.int(3),
    conf: {},
    ...(random.chance(0.2) ? { taskIds: [`t${random.int(4)}`], upstream: random.chance(0.5) } : {}),
    ...(random.chance(0.3) ? { unpause: true } : {}),
  };
}

function controlBackfill(random: Random, ledger: Ledger): Ask | null {
  const backfills = [...ledger.backfills];
  if (backfills.length === 0) return null;
  const [backfillKey, dagId] = random.pick(backfills);
  const action = random.pick(['pause', 'resume', 'cancel'] as const);
  return { dagId, intent: { kind: 'control_backfill', payload: { backfillKey, action } } };
}

function randomReschedule(random: Random, now: number): Extract<Intent, { kind: 'reschedule' }>['payload'] {
  const luck = random.next();
  if (luck < 0.4) return { runNow: true };
  if (luck < 0.7) return { skip: 1 + random.int(2) };
  return { skipTo: iso(now + random.int(20_000)) };
}

function aboutRun(random: Random, run: DagRunTable, ledger: Ledger): Intent {
  const { runId } = run;
  const tasks = ledger.tasksOf(run.key);
  const task = tasks.length === 0 ? null : random.pick(tasks);
  const one = task !== null && random.chance(0.7) ? { taskIds: [task.taskId] } : {};
  const index =
    'taskIds' in one && task!.mapPath !== '' && random.chance(0.6) ? { mapPath: task!.mapPath } : {};
  const luck = random.next();
  if (luck < 0.45) {
    const payload = {
      runId,
      ...one,
      ...index,
      ...(random.chance(0.4) ? { downstream: true } : {}),
      ...(random.chance(0.1) ? { upstream: true } : {}),
      ...(random.chance(0.2) ? { onlyFailed: true } : {}),
      ...(random.chance(0.12) ? { past: true } : {}),
      ...(random.chance(0.12) ? { future: true } : {}),
      ...(random.chance(0.3) ? { sameVersion: true } : {}),
      ...(random.chance(0.1) ? { conf: { n: random.int(3) } } : {}),
    };
    return { kind: 'clear', payload };
  }
  if (luck < 0.65) {
    const state = random.pick(['success', 'failed', 'skipped'] as const);
    return {
      kind: 'mark_tasks',
      payload: { runId, ...one, ...index, state, ...(random.chance(0.2) ? { downstream: true } : {}) },
    };
  }
  if (luck < 0.75) return { kind: 'mark_run', payload: { runId, state: random.pick(['success', 'failed']) } };
  if (luck < 0.92) return { kind: 'kill', payload: { runId, ...one, ...index } };
  if (luck < 0.97)
    return { kind: 'prioritize', payload: { runId, ...one, priorityWeight: random.pick([null, 1, 9]) } };
  return { kind: 'note', payload: { runId, note: 'looked at' } };
}

const iso = (instant: number): string => new Date(instant).toISOString();
