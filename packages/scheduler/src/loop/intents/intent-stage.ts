import { serializeError, type TsflowError } from '@tsflow/core/errors';
import type { Intent } from '@tsflow/core/intents';
import {
  type AssetArrival,
  answered,
  type Changes,
  type DagWorkState,
  gaveUp,
  type RunRequest,
  requestFailed,
} from '@tsflow/core/rules';
import { DatabaseError, type DecidedIntent, type IntentTable } from '@tsflow/core/store';
import { answerAssetWaits, lookForAsset } from '../assets/answer-waits.ts';
import { passAssetEvents, receiveAssetEvent } from '../assets/asset-stage.ts';
import type { Watch, WatchAnswer } from '../held/watches.ts';
import type { World } from '../held/world.ts';
import type { Report } from '../inbox/report.ts';
import { applyReports, asFailure, type ReportAnswers } from '../reports/report-stage.ts';
import { applyIntent } from './apply-intent.ts';
import { asRefusal, isRefusal } from './refusal.ts';
import { answerRunRequest } from './run-requests.ts';

/**
 * Applies what people, and holders of other DAGs, asked for. Effect and result are written in the turn's transaction; what cannot be done is
 * refused with the reason, and nothing of it happens.
 */
export async function applyIntents(
  world: World,
  rows: readonly IntentTable[],
  answers: ReportAnswers,
  decided: { dagId: string; intent: DecidedIntent }[],
  changes: Changes,
): Promise<void> {
  for (const row of rows) {
    const { dagId } = row;
    const broken = world.brokenIntents.get(row.id);
    if (broken !== undefined) {
      await giveUp(world, row, broken, answers, changes);
      decided.push({ dagId, intent: refusal(row, broken, changes) });
      continue;
    }
    const before = changes.extent;
    try {
      const result = await carryOut(world, row, answers, changes);
      decided.push({ dagId, intent: decision(row, 'applied', result, changes.now) });
    } catch (error) {
      if (!isRefusal(error) || changes.extent !== before) {
        // Half of it may have happened in memory: the turn fails, and this one is refused when it comes again. The database is everybody's trouble.
        if (!(error instanceof DatabaseError)) world.brokenIntents.set(row.id, asRefusal(error));
        throw error;
      }
      decided.push({ dagId, intent: refusal(row, error, changes) });
    }
  }
}

async function carryOut(
  world: World,
  row: IntentTable,
  answers: ReportAnswers,
  changes: Changes,
): Promise<unknown> {
  const dag = world.held.dag(row.dagId);
  switch (row.kind) {
    case 'report':
      await applyReports(world, [JSON.parse(row.payload) as Report], answers, changes);
      return null;
    case 'watch':
    case 'watch_answer':
    case 'request_run':
      await applyBetweenDags(world, dag, row, changes);
      return null;
    case 'asset_fan_out':
      await passAssetEvents(world, dag, row.payload, changes);
      return null;
    case 'asset_look':
      await lookForAsset(world, JSON.parse(row.payload), changes);
      return null;
    case 'asset_event': {
      const event = JSON.parse(row.payload) as AssetArrival;
      const kept = receiveAssetEvent(world, dag, event, changes);
      await answerAssetWaits(world, dag.dagId, event, changes);
      return { kept };
    }
    default: {
      const intent = { kind: row.kind, payload: JSON.parse(row.payload) } as Intent;
      const result = await applyIntent(world, dag, intent, row.actor, changes);
      const data = { intentId: row.id, kind: row.kind, result };
      changes.event({ type: 'intent_applied', dagId: row.dagId, actor: row.actor, data });
      return result;
    }
  }
}

/** Something that made a turn fail is not tried again: who waits for it is told. */
async function giveUp(
  world: World,
  { kind, dagId, payload }: IntentTable,
  error: TsflowError,
  answers: ReportAnswers,
  changes: Changes,
): Promise<void> {
  if (kind === 'report') {
    const failure = asFailure(JSON.parse(payload) as Report, error);
    await applyReports(world, failure, answers, changes);
  }
  if (kind !== 'watch' && kind !== 'request_run') return;
  const told = { failed: error.message, ...(kind === 'request_run' ? { mayRetry: false } : {}) };
  world.held.watches.tell(world.held.dag(dagId), JSON.parse(payload) as Watch, told, changes);
}

function refusal(row: IntentTable, error: TsflowError, changes: Changes): DecidedIntent {
  const { stack: _, ...told } = serializeError(error);
  const data = { intentId: row.id, kind: row.kind, reason: error.message };
  changes.event({ type: 'intent_refused', dagId: row.dagId, actor: row.actor, data });
  return decision(row, 'refused', { error: told }, changes.now);
}

/** What the holder of one DAG tells that of another: that it waits, and that the wait is over. */
async function applyBetweenDags(
  world: World,
  dag: DagWorkState,
  row: IntentTable,
  changes: Changes,
): Promise<void> {
  if (row.kind === 'watch') return world.held.watches.add(dag, JSON.parse(row.payload) as Watch, changes);
  if (row.kind === 'request_run')
    return answerRunRequest(world, dag, JSON.parse(row.payload) as RunRequest, changes);
  const { attemptId, grantNumber, failed, event, mayRetry } = JSON.parse(row.payload) as WatchAnswer;
  const instance = world.held.instanceOf(attemptId);
  const attempt = instance?.attempt;
  // It was cleared, killed or given up meanwhile.
  if (attempt?.state !== 'deferred' || attempt.grantNumber !== grantNumber) return;
  if (failed === null) answered(instance!, event ?? null, changes);
  else if (mayRetry !== undefined) requestFailed(instance!, failed, mayRetry, changes);
  else gaveUp(instance!, failed, changes);
}

function decision(
  row: IntentTable,
  state: DecidedIntent['state'],
  result: unknown,
  now: number,
): DecidedIntent {
  return { id: row.id, state, result: JSON.stringify(result), decidedAt: now };
}
