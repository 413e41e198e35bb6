import { validateVariable } from '@tsflow/core/config';
import { NotFoundError, TsflowError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import type { TaskQuestion } from '../executors/executor.ts';
import type { World } from './world.ts';

/** Answers what a running task asks over the task API. Only the newest grant of an active attempt may ask. */
export async function answerQuestion(world: World, question: TaskQuestion): Promise<Json | undefined> {
  const instance = world.held.instanceOf(question.attemptId);
  if (instance?.attempt?.grantNumber !== question.grantNumber) {
    throw new TsflowError('fenced', 'This attempt is no longer the newest: its questions are not answered.');
  }
  switch (question.verb) {
    case 'xcom': {
      const index = instance.run.graph.indexOf.get(question.taskId);
      if (index === undefined) throw new NotFoundError(`Task of ${instance.run.dag.dagId}`, question.taskId);
      const source = instance.run.instances[index]!;
      if (source.outputs !== null) return source.outputs[question.key] ?? null;
      const text = (await world.store.turns.xcoms([source.key], question.key)).get(source.key);
      return text === undefined ? null : (JSON.parse(text) as Json);
    }
    case 'variable': {
      const row = await world.store.variables.get(question.key);
      return row === null ? undefined : (JSON.parse(row.value) as Json);
    }
    case 'set_variable': {
      const { dag, runId } = instance.run;
      const value = validateVariable(question.key, question.value);
      const actor = `task:${dag.dagId}/${instance.task.spec.taskId}/${runId}`;
      await world.store.variables.set({
        key: question.key,
        value: JSON.stringify(value),
        actor,
        at: world.clock.now(),
      });
      return null;
    }
    case 'state': {
      // Saved before a side effect, so the task waits until it is written: a statement of its own, fenced by the grant.
      instance.attempt.savedState = question.savedState;
      await world.store.db
        .updateTable('attempt')
        // Nothing is written as null in JSON: a turn leaves the column as it is where it has nothing to say.
        .set({ savedState: JSON.stringify(question.savedState) })
        .where('attemptId', '=', question.attemptId)
        .where('grantNumber', '=', question.grantNumber)
        .execute();
      return null;
    }
    case 'connection':
      throw new NotFoundError(
        'Connection',
        question.connectionId,
        `Set TSFLOW_CONN_${question.connectionId.toUpperCase()} in the scheduler's environment.`,
      );
  }
}
