import { instancesOf, type News, type RunWork } from '@tsflow/core/rules';
import type { Store } from '@tsflow/core/store';

/**
 * Whether a success ends a failure that somebody may have been told of: of the same run (an earlier try, or its end before it was
 * cleared), or of the run before. Asked only for a success that somebody is told of.
 */
export async function hasRecovered({ db }: Store, { run, instance, attemptId }: News): Promise<boolean> {
  if (instance !== null) {
    const before = await db
      .selectFrom('attempt')
      .select('state')
      .where('taskInstanceKey', '=', instance.key)
      .where('attemptId', '<', attemptId ?? 0)
      .orderBy('attemptId', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (before !== undefined) return before.state === 'failed' || before.state === 'lost';
  } else if (await hadFailed(db, run)) {
    return true;
  }
  const previous = await db
    .selectFrom('dagRun')
    .select(['key', 'state'])
    .where('dagId', '=', run.dag.dagId)
    .where('key', '<', run.key)
    .where('endDate', 'is not', null)
    .orderBy('key', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (previous === undefined || instance === null) return previous?.state === 'failed';
  const task = await db
    .selectFrom('taskInstance')
    .select('state')
    .where('runKey', '=', previous.key)
    .where('taskId', '=', instance.task.spec.taskId)
    .where('mapPath', '=', instance.mapPath)
    .executeTakeFirst();
  return task?.state === 'failed';
}

/** Whether the run had ended as failed before something in it was run again. Its DAG may have no callbacks that would tell of it. */
async function hadFailed(db: Store['db'], run: RunWork): Promise<boolean> {
  const wasCleared = ({ clearNumber }: { readonly clearNumber: number }) => clearNumber > 0;
  if (!wasCleared(run) && ![...instancesOf(run)].some(wasCleared)) return false;
  const end = await db
    .selectFrom('event')
    .select('toState')
    .where('runKey', '=', run.key)
    .where('type', '=', 'run_state')
    .where('toState', 'in', ['success', 'failed'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return end?.toState === 'failed';
}
