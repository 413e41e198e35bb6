import type { AlertDelivery } from '../../notifiers/alert.ts';
import type { Store } from '../store.ts';
import { type PageArgs, pageLimit } from './page.ts';

/** Something that the installation told people of, and whether it reached them. Instants are milliseconds UTC. */
export interface AlertSummary {
  readonly id: string;
  /** `task_failure`, `run_failure`, `deadline_missed`, `import_error`, `scheduler_down`, … */
  readonly kind: string;
  readonly title: string;
  readonly text: string;
  /** What it is about; null: no DAG, run or task. */
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  /** Which instance of a mapped task; empty: none in particular. */
  readonly mapPath: string;
  /** `slack`, `webhook`, `email`, and where to there: a channel, addresses, or a connection. */
  readonly to: string;
  readonly target: string | null;
  /** `pending`, `sent`, `failed`. */
  readonly state: 'pending' | 'sent' | 'failed';
  readonly tries: number;
  readonly createdAt: number;
  readonly endDate: number | null;
  readonly error: string | null;
}

/** The newest alerts, newest first (`limit`: 1 to 500, default 50). */
export async function listAlerts(
  { db }: Store,
  args: Pick<PageArgs, 'limit'> & { readonly state?: AlertSummary['state'] | undefined } = {},
): Promise<readonly AlertSummary[]> {
  const { state } = args;
  const rows = await db
    .selectFrom('alert')
    .selectAll()
    .$if(state !== undefined, (query) => query.where('state', '=', state!))
    .orderBy('createdAt', 'desc')
    .orderBy('id')
    .limit(pageLimit(args))
    .execute();
  return rows.map(({ id, kind, state, tries, createdAt, endDate, error, facts }): AlertSummary => {
    const { title, text, dagId, runId, taskId, mapPath, rule } = JSON.parse(facts) as AlertDelivery;
    return {
      id,
      kind,
      title,
      text,
      dagId,
      runId,
      taskId,
      // Alerts of versions before this member was there have none.
      mapPath: mapPath ?? '',
      to: rule.to,
      target: rule.channel ?? rule.mailTo?.join(', ') ?? rule.connectionId ?? null,
      state: state as AlertSummary['state'],
      tries,
      createdAt,
      endDate,
      error,
    };
  });
}
