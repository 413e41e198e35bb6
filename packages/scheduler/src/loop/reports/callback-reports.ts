import { type CallbackChange, type CallbackWork, type Changes, timesLost } from '@tsflow/core/rules';
import type { CallbackTable } from '@tsflow/core/store';
import type { World } from '../held/world.ts';
import type { Report } from '../inbox/report.ts';
import { regrantCallback } from '../news/callback-stage.ts';
import type { ReportAnswers } from './report-stage.ts';

/** A runner's report about a callback. What its functions threw is written down and changes nothing else. */
export function applyCallbackReport(
  world: World,
  callback: CallbackWork,
  entry: Report,
  answers: ReportAnswers,
  changes: Changes,
): void {
  const { key, dag } = callback;
  if (entry.kind !== 'outcome' && entry.kind !== 'gone') return;
  const { grantNumber } = entry.report;
  const isNewest = callback.grantNumber === grantNumber;
  if (entry.kind === 'gone') {
    if (isNewest) lost(world, callback, entry.report.reason, changes);
    return;
  }
  const answer = { attemptId: key, grantNumber, dagId: dag.dagId };
  if (!isNewest) {
    answers.fence.push(answer);
    return;
  }
  answers.accept.push(answer);
  const { outcome, log } = entry.report;
  const error = outcome.kind === 'failed' ? outcome.error : null;
  close(callback, { state: error === null ? 'success' : 'failed', log, error }, world, changes);
}

function lost(world: World, callback: CallbackWork, reason: string, changes: Changes): void {
  callback.losses += 1;
  const { infraRetries } = world.config;
  if (callback.losses <= infraRetries) return regrantCallback(callback, changes);
  const message = `${reason}; ${timesLost(callback.losses)}, and is handed out again at most ${infraRetries} times`;
  const error = { name: 'InfrastructureLost', message, code: 'infrastructure_lost' };
  close(callback, { state: 'failed', log: null, error }, world, changes);
}

function close(
  callback: CallbackWork,
  end: Pick<CallbackChange, 'state' | 'log' | 'error'>,
  world: World,
  changes: Changes,
): void {
  changes.callbacks.push({ callback, fromGrant: callback.grantNumber, ...end });
  world.held.callbacks.delete(callback.key);
  if (end.error === null) return;
  const { event, facts, dag, key } = callback;
  const data = { event, callbackId: key, taskId: facts.taskId, message: end.error.message };
  changes.event({ type: 'callback_failed', dagId: dag.dagId, runKey: callback.runKey, data });
}

/** What the database knows of a callback that is not held here, in the words of an attempt. */
export async function callbackClaim(
  { store }: World,
  key: number,
): Promise<Pick<CallbackTable, 'dagId' | 'grantNumber' | 'state' | 'endDate'> | null> {
  const row = await store.db
    .selectFrom('callback')
    .select(['dagId', 'grantNumber', 'state', 'endDate'])
    .where('key', '=', key)
    .executeTakeFirst();
  return row ?? null;
}
