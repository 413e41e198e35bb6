import type { Json } from '../../json.ts';
import type { Store } from '../store.ts';
import { runRow } from './run.ts';
import { storedJson } from './stored-json.ts';
import { type TaskInstanceArgs, taskInstanceRow } from './task-instance.ts';

/** A value that a task pushed. */
export interface Xcom {
  readonly key: string;
  readonly value: Json;
}

/** What the newest attempt of a task instance (or the given one of its attempts) pushed, by key. Throws NotFoundError. */
export async function listXcoms(
  store: Store,
  args: TaskInstanceArgs & { readonly attemptId?: number | undefined },
): Promise<readonly Xcom[]> {
  const instance = await taskInstanceRow(store, await runRow(store, args), args);
  const attemptId = args.attemptId ?? instance.attemptId;
  if (attemptId === null) return [];
  const rows = await store.db
    .selectFrom('xcom')
    .innerJoin('attempt', 'attempt.attemptId', 'xcom.attemptId')
    .select(['xcom.key', 'xcom.value'])
    .where('xcom.attemptId', '=', attemptId)
    .where('attempt.taskInstanceKey', '=', instance.key)
    .orderBy('xcom.key')
    .execute();
  return rows.map((row) => ({ key: row.key, value: storedJson(row.value) }));
}
