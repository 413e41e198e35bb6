import { type Kysely, sql } from 'kysely';
import { InvalidInputError } from '../../errors.ts';
import type { EventTail } from '../store.ts';
import type { EventTable, Tables } from '../tables.ts';

/** How long an event may be held back by a transaction elsewhere before watchers are told to look at the tables instead. */
const LAG_MS = 2_000;

type TailedEvent = EventTable & { xid: string };

/**
 * The live tail by transaction: ids are given before the commit, so a transaction that commits late would hide behind ids that were
 * read already. All below `pg_snapshot_xmin` is decided; the order (xid, id) never gets a row in its past.
 */
export class PostgresEventTail implements EventTail {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async tail(cursor: string | null, limit: number) {
    const after = cursor === null ? { xid: '0', id: 0 } : parseCursor(cursor);
    // One statement, one snapshot: what is held back and what is shown fit together.
    const { rows } = await sql<TailedEvent & { heldBack: boolean }>`
      with horizon as (select pg_snapshot_xmin(pg_current_snapshot()) as xmin),
      held as (
        select exists (
          select 1 from event where xid >= (select xmin from horizon)
            and at < extract(epoch from clock_timestamp()) * 1000 - ${LAG_MS}
        ) as back
      ),
      page as (
        select id, xid, at, dag_id, run_key, task_instance_key, attempt_id, type, from_state, to_state, actor, data
        from event
        where (xid, id) > (${after.xid}::xid8, ${after.id}::bigint) and xid < (select xmin from horizon)
        order by xid, id
        limit ${limit}
      )
      select page.id, page.xid::text as xid, page.at, page.dag_id, page.run_key, page.task_instance_key, page.attempt_id,
        page.type, page.from_state, page.to_state, page.actor, page.data, held.back as held_back
      from held left join page on true
      order by page.xid, page.id`.execute(this.#db);
    const page = rows.filter((row) => row.id !== null);
    const last = page.at(-1);
    return {
      events: page.map(({ xid: _xid, heldBack: _heldBack, ...event }) => event),
      cursor: last === undefined ? cursorOf(after) : cursorOf(last),
      lagging: rows[0]?.heldBack ?? false,
    };
  }

  async latest(): Promise<string> {
    const { rows } = await sql<{ xid: string; id: number }>`
      select xid::text as xid, id from event
      where xid < pg_snapshot_xmin(pg_current_snapshot())
      order by event.xid desc, event.id desc limit 1`.execute(this.#db);
    return rows[0] === undefined ? cursorOf({ xid: '0', id: 0 }) : cursorOf(rows[0]);
  }
}

const cursorOf = ({ xid, id }: { xid: string; id: number }) => `${xid}-${id}`;

function parseCursor(cursor: string): { xid: string; id: number } {
  const [, xid, id] = /^(\d{1,20})-(\d{1,16})$/.exec(cursor) ?? [];
  if (xid === undefined || id === undefined) {
    throw new InvalidInputError(`"${cursor}" is not a cursor of events.`);
  }
  return { xid, id: Number(id) };
}
