import type { CallbackFacts } from '@tsflow/core';
import { runUrl } from '@tsflow/core/config';
import type { CallbackWork, Changes, News } from '@tsflow/core/rules';
import type { World } from '../held/world.ts';
import { hasRecovered } from './has-recovered.ts';

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

/** Nobody knows whether it was delivered: it is handed out again under its own id, so that the receiver can drop a repeat. */
export function regrantCallback(callback: CallbackWork, changes: Changes): void {
  const fromGrant = callback.grantNumber;
  callback.grantNumber += 1;
  changes.callbacks.push({ callback, state: 'pending', fromGrant, log: null, error: null });
}
