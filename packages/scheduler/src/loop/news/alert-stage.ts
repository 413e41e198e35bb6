import { alertRules, runUrl } from '@tsflow/core/config';
import {
  type Alert,
  type AlertKind,
  type AlertRule,
  alertRows,
  alertSubject,
  isWanted,
} from '@tsflow/core/notifiers';
import type { Changes, DagWorkState, News } from '@tsflow/core/rules';
import type { NewAlert } from '@tsflow/core/store';
import type { World } from '../held/world.ts';
import { hasRecovered } from './has-recovered.ts';

/** Alerts of the installation that the turn's news call for: rows of its commit, delivered by whoever looks after them. */
export async function fileAlerts(
  world: World,
  changes: Changes,
): Promise<{ dag: DagWorkState; alert: NewAlert }[]> {
  if (changes.news.length === 0) return [];
  const rules = alertRules(world.config);
  if (rules.length === 0) return [];
  const filed: { dag: DagWorkState; alert: NewAlert }[] = [];
  for (const news of changes.news) {
    const kind = await kindOf(world, rules, news);
    if (kind === null) continue;
    for (const alert of alertRows(rules, alertOf(world, news, kind), changes.now))
      filed.push({ dag: news.run.dag, alert });
  }
  return filed;
}

async function kindOf(world: World, rules: readonly AlertRule[], news: News): Promise<AlertKind | null> {
  const { event, instance } = news;
  if (event === 'onMiss') return 'deadline_missed';
  if (instance !== null)
    return event === 'onFailure' ? 'task_failure' : event === 'onRetry' ? 'task_retry' : null;
  if (event === 'onFailure') return 'run_failure';
  // It takes reads to know: not for a success that nobody wants to hear of.
  if (event !== 'onSuccess' || !isWanted(rules, 'run_recovered')) return null;
  return (await hasRecovered(world.store, news)) ? 'run_recovered' : null;
}

const VERBS: Readonly<Record<string, string>> = {
  task_failure: 'failed',
  task_retry: 'failed and is tried again',
  run_failure: 'failed',
  run_recovered: 'recovered',
};

function alertOf(world: World, { run, attemptId, facts }: News, kind: AlertKind): Alert {
  const { dagId } = run.dag;
  const { taskId, mapPath, runId, error, deadline } = facts;
  const what = alertSubject({ ...facts, dagId });
  const tries =
    taskId === null || facts.maxTries === 0 ? '' : ` (try ${facts.tryNumber} of ${facts.maxTries + 1})`;
  const title =
    deadline === null ? `${what} ${VERBS[kind]}${tries}` : `${what} missed its deadline "${deadline.name}"`;
  const url = runUrl(world.config, { dagId, runId, taskId, mapPath, attemptId });
  const lines = [
    title,
    error === null ? (facts.reason ?? '') : `${error.name}: ${error.message}`,
    facts.failedTasks.length === 0 ? '' : `failed: ${facts.failedTasks.join(', ')}`,
    `run ${runId}`,
    run.graph.dag.owner === null ? '' : `owner ${run.graph.dag.owner}`,
    url,
  ];
  const mark = deadline?.name ?? attemptId ?? run.clearNumber;
  const id = `${kind}:${run.key}:${mark}`;
  return {
    id,
    kind,
    title,
    text: lines.filter((line) => line !== '').join('\n'),
    dagId,
    runId,
    taskId,
    mapPath,
    url,
  };
}
