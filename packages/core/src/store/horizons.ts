import type { Transaction } from 'kysely';
import { type Clock, systemClock } from '../clock.ts';
import { ConflictError } from '../errors.ts';
import { horizonRenewAt, isHorizonDue } from '../rules/index.ts';
import type { HorizonNeed, SerializedDag } from '../serialization/index.ts';
import {
  coversRange,
  needsHorizon,
  type PackedRun,
  type Timetable,
  timetableFromJson,
  unpackHorizon,
} from '../timetables/index.ts';
import type { Dialect } from './dialect.ts';
import type { HorizonPort, HorizonSurvey, KnownHorizon, ParsedDag, Store } from './store.ts';
import type { Tables, TimetableHorizonTable } from './tables.ts';

/** A range that a backfill asked for stays known this long, so that its preview and its start find it; a backfill that runs keeps its own. */
const KEEP_WANTED_MS = 86_400_000;

export class Horizons implements HorizonPort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async of(dagIds: readonly string[]): Promise<ReadonlyMap<string, KnownHorizon>> {
    if (dagIds.length === 0) return new Map();
    const rows = await this.#dialect.db
      .selectFrom('timetableHorizon')
      .selectAll()
      .where(this.#dialect.among('dag_id', dagIds))
      .execute();
    return new Map(rows.map((row) => [row.dagId, knownHorizon(row)]));
  }

  async want(dagId: string, { from, until }: { from: number; until: number }, at: number): Promise<void> {
    await this.#dialect.write((tx) =>
      tx
        .updateTable('timetableHorizon')
        .set({ wantedFrom: from, wantedUntil: until, wantedAt: at, isWanted: 1 })
        .where('dagId', '=', dagId)
        .execute(),
    );
  }

  async survey(now: number): Promise<readonly HorizonSurvey[]> {
    const { db } = this.#dialect;
    const rows = await db
      .selectFrom('timetableHorizon as known')
      .innerJoin('dag', 'dag.dagId', 'known.dagId')
      .select([
        'known.dagId',
        'known.knownFrom',
        'known.knownUntil',
        'known.renewAt',
        'known.computedAt',
        'known.catchup',
        'known.wantedFrom',
        'known.wantedUntil',
        'known.wantedAt',
        'known.isWanted',
        'dag.file',
        'dag.mark',
      ])
      .where('dag.isStale', '=', 0)
      .execute();
    if (rows.length === 0) return [];
    const backfills = await this.#activeBackfills();
    return rows.map((row) => {
      const backfill = backfills.get(row.dagId) ?? null;
      const range = union(backfill, wantedRange(row, now));
      const age = { ...row, catchup: row.catchup === 1, isWanted: row.isWanted === 1, backfill };
      return {
        dagId: row.dagId,
        file: row.file,
        need: { mark: row.mark, range },
        isDue: isHorizonDue(age, now),
      };
    });
  }

  async #activeBackfills(): Promise<ReadonlyMap<string, Range>> {
    const rows = await this.#dialect.db
      .selectFrom('backfill')
      .select(['dagId', 'fromDate', 'toDate'])
      .where('state', 'in', ['running', 'paused'])
      .execute();
    return new Map(rows.map(({ dagId, fromDate, toDate }) => [dagId, { from: fromDate, until: toDate }]));
  }
}

/** What a pass of the dag processor learnt of a timetable; a DAG whose timetable is none of its author's any more loses its row. */
export async function recordHorizon(
  tx: Transaction<Tables>,
  { serialized: { dagId, catchup }, horizon }: ParsedDag,
  at: number,
): Promise<void> {
  if (horizon === undefined) {
    await tx.deleteFrom('timetableHorizon').where('dagId', '=', dagId).execute();
    return;
  }
  const { known, need } = horizon;
  const before = await tx
    .selectFrom('timetableHorizon')
    .select(['wantedFrom', 'wantedUntil', 'isWanted'])
    .where('dagId', '=', dagId)
    .executeTakeFirst();
  // A range that was asked for while the file was being read is answered by the next reading.
  const isAnswered = before?.isWanted !== 1 || contains(need, before);
  const columns = {
    knownFrom: known.from,
    knownUntil: known.until,
    renewAt: horizonRenewAt(known, catchup ? (need.mark ?? known.from - 1) : at),
    runs: JSON.stringify(known.runs),
    computedAt: at,
    catchup: Number(catchup),
    isWanted: isAnswered ? 0 : 1,
  };
  await tx
    .insertInto('timetableHorizon')
    .values({ dagId, ...columns, wantedFrom: null, wantedUntil: null, wantedAt: null })
    .onConflict((on) => on.column('dagId').doUpdateSet(columns))
    .execute();
}

/** How long the doors wait for the dag processor: it looks once a second, and reading a file takes milliseconds. */
const ANSWER_LIMIT_MS = 20_000;
const POLL_MS = 50;

export interface EnsureHorizonOptions {
  readonly clock?: Clock;
  /** Default 20 s. */
  readonly timeoutMs?: number;
  /** Reads the dags folder once, for a command that finds no dag processor: called when nobody answered for two seconds. */
  readonly readDags?: () => Promise<void>;
}

/** Somebody else's dag processor gets this long before a command reads the files itself. */
const OWN_READING_AFTER_MS = 2_000;

/**
 * Sees to it that the runs of a range are known, whatever the schedule: those of a custom timetable are worked out by the dag processor, which
 * is waited for. Throws {@link ConflictError} when the range has too many runs, or nobody answers.
 */
export async function ensureHorizon(
  store: Store,
  dagId: string,
  range: { readonly from: number; readonly until: number },
  { clock = systemClock, timeoutMs = ANSWER_LIMIT_MS, readDags }: EnsureHorizonOptions = {},
): Promise<void> {
  const known = async () => (await store.horizons.of([dagId])).get(dagId);
  const before = await known();
  if (before === undefined || !(range.from <= range.until)) return;
  if (coversRange(before, range.from, range.until)) return;
  await store.horizons.want(dagId, range, clock.now());
  const begun = clock.monotonic();
  let isOwnReadingDue = readDags !== undefined;
  for (;;) {
    const now = await known();
    if (now === undefined || coversRange(now, range.from, range.until)) return;
    if (!now.isWanted) {
      throw new ConflictError(
        `The range has more runs than a custom timetable is asked for at once (20,000, ${dagId}): split it.`,
      );
    }
    const passedMs = clock.monotonic() - begun;
    if (isOwnReadingDue && passedMs > OWN_READING_AFTER_MS) {
      isOwnReadingDue = false;
      await readDags?.();
      continue;
    }
    if (passedMs > timeoutMs) {
      throw new ConflictError(
        `The runs of ${dagId} in that range are not known: its timetable is code, which only the dag processor runs, and none answered ` +
          `within ${Math.round(timeoutMs / 1000)} s. Start one (tsflow dag-processor), and look at its import errors.`,
      );
    }
    await new Promise<void>((wake) => clock.setTimer(POLL_MS, wake));
  }
}

/** The timetable of a DAG with what is known of its runs. */
export async function knownTimetable(
  store: Store,
  { dagId, timetable }: Pick<SerializedDag, 'dagId' | 'timetable'>,
): Promise<Timetable> {
  if (!needsHorizon(timetable)) return timetableFromJson(timetable);
  const known = (await store.horizons.of([dagId])).get(dagId);
  return timetableFromJson(timetable, known?.horizon ?? null);
}

interface Range {
  readonly from: number;
  readonly until: number;
}

type Wanted = Pick<TimetableHorizonTable, 'wantedFrom' | 'wantedUntil'>;

function wantedRange(
  { wantedFrom, wantedUntil, wantedAt }: Wanted & { wantedAt: number | null },
  now: number,
) {
  if (wantedFrom === null || wantedUntil === null || wantedAt === null) return null;
  return now - wantedAt > KEEP_WANTED_MS ? null : { from: wantedFrom, until: wantedUntil };
}

function union(a: Range | null, b: Range | null): Range | null {
  if (a === null || b === null) return a ?? b;
  return { from: Math.min(a.from, b.from), until: Math.max(a.until, b.until) };
}

function contains({ range }: HorizonNeed, { wantedFrom, wantedUntil }: Wanted): boolean {
  if (wantedFrom === null || wantedUntil === null) return true;
  return range !== null && range.from <= wantedFrom && wantedUntil <= range.until;
}

function knownHorizon(row: TimetableHorizonTable): KnownHorizon {
  const runs = JSON.parse(row.runs) as PackedRun[];
  return {
    horizon: unpackHorizon({ from: row.knownFrom, until: row.knownUntil, runs }),
    computedAt: row.computedAt,
    isWanted: row.isWanted === 1,
  };
}
