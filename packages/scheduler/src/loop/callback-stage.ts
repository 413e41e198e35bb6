import type { CallbackFacts } from '@tsflow/core';
import { runUrl } from '@tsflow/core/config';
import {
  type CallbackChange,
  type CallbackWork,
  type Changes,
  type News,
  timesLost,
} from '@tsflow/core/rules';
import type { CallbackTable } from '@tsflow/core/store';
import type { Workload } from '../task-api/protocol.ts';
import { hasRecovered } from './has-recovered.ts';
import type { Report } from './inbox.ts';
import type { ReportAnswers } from './report-stage.ts';
import type { World } from './world.ts';

/** Longest time for all functions of one callback: they tell somebody, they do not work. */
const CALLBACK_TIMEOUT_MS = 60_000;

/**
 * Puts the callbacks that the turn's news call for into its commit, so that neither is there without the other. They are handed to a
 * runner once that is written.
 */
export async function fileCallbacks(world: World, changes: Changes): Promise<void> {
  const called = changes.news.filter((news) => news.hasCallbacks);
  if (called.length === 0) return;
  await world.keys.ensure(called.length);
  for (const news of called) changes.newCallbacks.push(await callbackOf(world, news, changes.now));
}

async function callbackOf(world: World, news: News, now: number): Promise<CallbackWork> {
  const { event, run, instance, attemptId } = news;
  const recovered = event === 'onSuccess' && (await hasRecovered(world.store, news));
  const { taskId, mapPath, runId } = news.facts;
  const url = runUrl(world.config, { dagId: run.dag.dagId, runId, taskId, mapPath, attemptId });
  const facts: CallbackFacts = { ...news.facts, recovered, url };
  return {
    key: world.keys.take(),
    dag: run.dag,
    runKey: run.key,
    taskInstanceKey: instance?.key ?? null,
    attemptId,
    event,
    facts,
    version: run.graph.version,
    createdAt: now,
    grantNumber: 1,
    losses: 0,
  };
}

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

/** Nobody knows whether it was delivered: it is handed out again under its own id, so that the receiver can drop a repeat. */
export function regrantCallback(callback: CallbackWork, changes: Changes): void {
  const fromGrant = callback.grantNumber;
  callback.grantNumber += 1;
  changes.callbacks.push({ callback, state: 'pending', fromGrant, log: null, error: null });
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

/** A callback as a runner takes it: the attempt it tells of, and what to call. */
export async function callbackWorkload(world: World, callback: CallbackWork): Promise<Workload> {
  const { bundle, entry, graph } = await world.versions.ensure(callback.version);
  const { facts, event } = callback;
  return {
    kind: 'callback',
    callback: { event, facts },
    attemptId: callback.key,
    grantNumber: callback.grantNumber,
    dagId: callback.dag.dagId,
    runId: facts.runId,
    taskId: facts.taskId ?? '',
    mapPath: facts.mapPath,
    tryNumber: facts.tryNumber,
    infraNumber: 0,
    maxTries: facts.maxTries,
    version: callback.version,
    bundle,
    entry,
    runType: facts.runType,
    logicalDate: new Date(facts.logicalDate).toISOString(),
    dataInterval: {
      start: new Date(facts.dataIntervalStart).toISOString(),
      end: new Date(facts.dataIntervalEnd).toISOString(),
    },
    timezone: graph.dag.timezone,
    conf: facts.conf,
    partition: null,
    inputs: {},
    executionTimeoutMs: CALLBACK_TIMEOUT_MS,
    timeLeftMs: CALLBACK_TIMEOUT_MS,
    calls: 0,
    begunAt: new Date(callback.createdAt).toISOString(),
    isolation: 'warm',
    savedState: null,
  };
}
