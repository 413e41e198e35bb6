import { validateVariable } from '@tsflow/core/config';
import { TsflowError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import type { InstanceWork } from '@tsflow/core/rules';
import type { TaskQuestion } from '../executors/executor.ts';
import { toldEvent } from './asset-event.ts';
import { elementFor, outputFor } from './upstream-values.ts';
import type { World } from './world.ts';

type InstallationQuestion = Extract<TaskQuestion, { verb: 'variable' | 'set_variable' | 'connection' }>;

/** Answers what a running task or callback asks over the task API. Only the newest grant of what is active may ask. */
export async function answerQuestion(world: World, question: TaskQuestion): Promise<Json | undefined> {
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
  const instance = world.held.instanceOf(question.attemptId);
  if (instance?.attempt?.grantNumber !== question.grantNumber) {
    throw new TsflowError('fenced', 'This attempt is no longer the newest: its questions are not answered.');
  }
  if (!isAboutInstallation(question)) return answerAttempt(world, instance, question);
  return answerInstallation(world, question, actorOf(instance));
}

function isAboutInstallation(question: TaskQuestion): question is InstallationQuestion {
  return question.verb === 'variable' || question.verb === 'set_variable' || question.verb === 'connection';
}

async function answerAttempt(
  world: World,
  instance: InstanceWork,
  question: Exclude<TaskQuestion, InstallationQuestion>,
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
      return world.decisions.ask({
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
    case 'state': {
      // Saved before a side effect, so the task waits until it is written: a statement of its own, fenced by the grant.
      instance.attempt!.savedState = question.savedState;
      await world.store.db
        .updateTable('attempt')
        // Nothing is written as null in JSON: a turn leaves the column as it is where it has nothing to say.
        .set({ savedState: JSON.stringify(question.savedState) })
        .where('attemptId', '=', question.attemptId)
        .where('grantNumber', '=', question.grantNumber)
        .execute();
      return null;
    }
  }
}

const actorOf = ({ run, task }: InstanceWork): string =>
  `task:${run.dag.dagId}/${task.spec.taskId}/${run.runId}`;

/** What a task makes elsewhere is unique by instance, number of clears, and call: a runner that was lost cannot make it twice. */
const callOf = ({ key, run }: InstanceWork, call: number): string => `${key}/${run.clearNumber}/${call}`;

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
