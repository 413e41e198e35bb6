import { liveNumber, ownVariable } from '../../config/index.ts';
import type { Json } from '../../json.ts';
import type { Store } from '../store.ts';
import { storedJson } from './stored-json.ts';

/** A scheduler that has not stopped, as people see it. */
export interface SchedulerInfo {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: number;
  /** Milliseconds since its newest heartbeat, by this machine's clock. */
  readonly beatAgeMs: number;
  /** How long its newest turn took; null before the first. */
  readonly lastTurnMs: number | null;
  /** How many DAGs it holds. */
  readonly dags: number;
}

/** The schedulers that have not stopped, by id. One that was killed stays here, with a growing `beatAgeMs`, until it is taken over. */
export async function infoOfSchedulers(
  store: Store,
  args: { readonly now: number },
): Promise<readonly SchedulerInfo[]> {
  const rows = await store.db
    .selectFrom('scheduler')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('dag')
        .whereRef('dag.holder', '=', 'scheduler.id')
        .select((dag) => dag.fn.countAll<number>().as('count'))
        .as('dags'),
    )
    .where('stoppedAt', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    host: row.host,
    pid: row.pid,
    startedAt: row.startedAt,
    beatAgeMs: Math.max(0, args.now - row.beatAt),
    lastTurnMs: row.lastTurnMs,
    dags: Number(row.dags),
  }));
}

/** The slots of the whole installation. */
export interface Parallelism {
  /** The Variable `parallelism` at this moment. */
  readonly limit: number;
  readonly used: number;
}

/** How many task instances may run at once, and how many do. */
export async function parallelism(store: Store, now: number): Promise<Parallelism> {
  const [variable, counter] = await Promise.all([
    store.db.selectFrom('variable').select('value').where('key', '=', 'parallelism').executeTakeFirst(),
    store.db.selectFrom('counter').select('used').where('name', '=', 'parallelism').executeTakeFirst(),
  ]);
  const values = new Map<string, Json>();
  if (variable !== undefined) values.set('parallelism', storedJson(variable.value));
  return { limit: liveNumber(ownVariable('parallelism'), values, now), used: counter?.used ?? 0 };
}
