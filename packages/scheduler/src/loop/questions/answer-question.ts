import { validateVariable } from '@tsflow/core/config';
import { TsflowError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import { type DagGraph, type InstanceWork, instancesOf } from '@tsflow/core/rules';
import { loadLists, restoreDag } from '@tsflow/core/store';
import type { TaskQuestion } from '../../executors/executor.ts';
import { toldEvent } from '../assets/asset-event.ts';
import { elementFor, outputFor } from '../grants/upstream-values.ts';
import type { World } from '../held/world.ts';
import type { Report } from '../inbox/report.ts';
import { saveState } from '../reports/save-state.ts';
import type { Decisions } from './decisions.ts';

type InstallationQuestion = Extract<TaskQuestion, { verb: 'variable' | 'set_variable' | 'connection' }>;
type StateQuestion = Extract<TaskQuestion, { verb: 'state' }>;

/**
 * Answers what a running task or callback asks over the task API. Only the newest grant of what is active may ask, whoever holds its DAG:
 * supervising a process and holding its DAG are separate duties.
 */
export async function answerQuestion(
  world: World,
  decisions: Decisions,
  question: TaskQuestion,
): Promise<Json | undefined> {
  const callback = world.held.callbacks.get(question.attemptId);
  if (callback?.grantNumber === question.grantNumber) {
    const { dag, facts, event } = callback;
    const actor = `callback:${[dag.dagId, facts.taskId, facts.runId, event].filter(Boolean).join('/')}`;
    if (isAboutInstallation(question)) return answerInstallation(world, question, actor);
    throw new TsflowError(
      'not_for_callbacks',
      `A callback has no ${question.verb}: it tells of what is over.`,
    );
  }
  const held = world.held.instanceOf(question.attemptId);
  const instance = held ?? (await instanceElsewhere(world, question.attemptId));
  if (instance?.attempt?.grantNumber !== question.grantNumber) throw fenced();
  if (isAboutInstallation(question)) return answerInstallation(world, question, actorOf(instance));
  if (question.verb !== 'state') return answerAttempt(world, decisions, instance, question);
  if (held === undefined || !(await saveState(world, held, question)))
    await saveElsewhere(world, decisions, instance.run.dag.dagId, question);
  return null;
}

const fenced = () =>
  new TsflowError('fenced', 'This attempt is no longer the newest: its questions are not answered.');

/**
 * The instance of an attempt whose DAG is held by another scheduler, or is just being read anew here: out of the database, for this one
 * question.
 */
async function instanceElsewhere(world: World, attemptId: number): Promise<InstanceWork | undefined> {
  const { store, versions, config } = world;
  const row = await store.turns.attempt(attemptId);
  if (row === null || row.endDate !== null) return undefined;
  const work = await store.turns.load(row.dagId);
  if (work === null || work.dag.currentVersion === null) return undefined;
  const graphs = new Map<string, DagGraph>();
  for (const version of new Set([work.dag.currentVersion, ...work.activeRuns.map((run) => run.version)]))
    graphs.set(version, (await versions.ensure(version)).graph);
  const dag = restoreDag(work, (version) => graphs.get(version)!, config.maxMapLength);
  const run = dag.runs.get(row.runKey);
  if (run === undefined) return undefined;
  await loadLists(store, run);
  for (const instance of instancesOf(run)) if (instance.attempt?.attemptId === attemptId) return instance;
  return undefined;
}

/** Has the holder keep it. What it kept is looked at, not what it answered: it may have lost the DAG, or refused the grant. */
async function saveElsewhere(
  world: World,
  decisions: Decisions,
  dagId: string,
  question: StateQuestion,
): Promise<void> {
  const { attemptId, grantNumber, savedState, seq } = question;
  const report: Report = { kind: 'saved', report: { attemptId, grantNumber, savedState } };
  await decisions.ask({
    dagId,
    kind: 'report',
    payload: JSON.stringify(report),
    actor: 'scheduler',
    requestedAt: world.clock.now(),
    idempotencyKey: `report:saved:${attemptId}:${grantNumber}:${seq}`,
  });
  const row = await world.store.turns.attempt(attemptId);
  const isKept = row?.grantNumber === grantNumber && row.savedState === JSON.stringify(savedState);
  if (!isKept) throw fenced();
}

function isAboutInstallation(question: TaskQuestion): question is InstallationQuestion {
  return question.verb === 'variable' || question.verb === 'set_variable' || question.verb === 'connection';
}

async function answerAttempt(
  world: World,
  decisions: Decisions,
  instance: InstanceWork,
  question: Exclude<TaskQuestion, InstallationQuestion | StateQuestion>,
): Promise<Json> {
  switch (question.verb) {
    case 'xcom': {
      const { taskId, key, index } = question;
      return index === undefined
        ? outputFor(world.store, instance, taskId, key)
        : elementFor(world.store, instance, taskId, key, index);
    }
    case 'asset_events':
      return (await world.store.assets.eventsOfRun(instance.run.key)).map(toldEvent);
    case 'previous_success': {
      const { dag, logicalDate } = instance.run;
      const run = await world.store.turns.newestSuccessBefore(dag.dagId, logicalDate);
      if (run === null) return null;
      const { runId, dataIntervalStart: start, dataIntervalEnd: end } = run;
      return { runId, logicalDate: run.logicalDate, start, end };
    }
    case 'trigger_run': {
      const { dagId, conf, logicalDate, call } = question;
      return decisions.ask({
        dagId,
        kind: 'trigger',
        payload: JSON.stringify({ conf, ...(logicalDate === null ? {} : { logicalDate }) }),
        actor: actorOf(instance),
        requestedAt: world.clock.now(),
        idempotencyKey: `run_of_task:${callOf(instance, call)}`,
      });
    }
    case 'post_asset_event': {
      const { asset, extra, partition, call } = question;
      const { eventId } = await world.store.assets.post({
        asset,
        extra,
        partition,
        actor: actorOf(instance),
        at: world.clock.now(),
        idempotencyKey: `event_of_task:${callOf(instance, call)}`,
      });
      return { eventId };
    }
  }
}

const actorOf = ({ run, task }: InstanceWork): string =>
  `task:${run.dag.dagId}/${task.spec.taskId}/${run.runId}`;

/**
 * What a task makes elsewhere is unique by instance, number of its clears, and call: a runner that was lost cannot make it twice. An attempt that is
 * being ended to begin anew makes nothing more: that would have the name of what the next one makes.
 */
function callOf({ key, clearNumber, state, targetState }: InstanceWork, call: number): string {
  if (state === 'restarting' && targetState === 'none')
    throw new TsflowError(
      'fenced',
      'This attempt is being ended and the task begins anew: it makes no runs and posts no events any more.',
    );
  return `${key}/${clearNumber}/${call}`;
}

async function answerInstallation(
  world: World,
  question: InstallationQuestion,
  actor: string,
): Promise<Json | undefined> {
  switch (question.verb) {
    case 'variable': {
      const row = await world.store.variables.get(question.key);
      return row === null ? undefined : (JSON.parse(row.value) as Json);
    }
    case 'set_variable': {
      const value = validateVariable(question.key, question.value);
      await world.store.variables.set({
        key: question.key,
        value: JSON.stringify(value),
        actor,
        at: world.clock.now(),
      });
      return null;
    }
    case 'connection': {
      const connection = await world.connections.get(question.connectionId);
      await world.connections.audit(question.connectionId, actor, world.clock.now());
      return { ...connection };
    }
  }
}
