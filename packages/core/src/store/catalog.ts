import type { Transaction } from 'kysely';
import { assetsIn } from '../assets/index.ts';
import { canonicalJson } from '../json.ts';
import type { SerializedDag } from '../serialization/index.ts';
import { timetableFromJson } from '../timetables/index.ts';
import { recordAssets } from './assets.ts';
import type { Dialect } from './dialect.ts';
import { recordHorizon } from './horizons.ts';
import type { CatalogPort, ParsedDag, ParsedFile, ParsePass } from './store.ts';
import { ContentRefusedError } from './store-errors.ts';
import type { DagFileTable, DagVersionTable, EventTable, ImportErrorTable, Tables } from './tables.ts';

/** Who the events of a pass are by. */
const ACTOR = 'dag-processor';

export class Catalog implements CatalogPort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async record(pass: ParsePass): Promise<void> {
    assertStorable(pass);
    await this.#dialect.write(
      async (tx) => {
        await this.#dialect.oneAtATime(tx, 'catalog');
        const definedAt = await nextDefinedAt(tx, pass.at);
        for (const parsed of pass.parsed) await recordFile(tx, parsed, pass.at, definedAt);
        for (const failure of pass.failed) await recordFailure(tx, failure, pass.at);
        for (const file of pass.removed) await recordRemoval(tx, file, pass.at, definedAt);
      },
      { channel: 'tsflow_wake', payload: 'versions' },
    );
  }

  files(): Promise<readonly DagFileTable[]> {
    return this.#dialect.db.selectFrom('dagFile').selectAll().orderBy('path').execute();
  }

  importErrors(): Promise<readonly ImportErrorTable[]> {
    return this.#dialect.db.selectFrom('importError').selectAll().orderBy('file').execute();
  }

  async version(version: string): Promise<DagVersionTable | null> {
    const row = await this.#dialect.db
      .selectFrom('dagVersion')
      .selectAll()
      .where('version', '=', version)
      .executeTakeFirst();
    return row ?? null;
  }

  async serialized(version: string): Promise<SerializedDag | null> {
    const row = await this.#dialect.db
      .selectFrom('dagVersion')
      .select('serialized')
      .where('version', '=', version)
      .executeTakeFirst();
    return row === undefined ? null : (JSON.parse(row.serialized) as SerializedDag);
  }

  versionFiles(bundle: string): Promise<readonly { path: string; content: string }[]> {
    return this.#dialect.db
      .selectFrom('versionFile')
      .select(['path', 'content'])
      .where('bundle', '=', bundle)
      .orderBy('path')
      .execute();
  }
}

/**
 * When the definitions of this pass changed: never before those of a pass that was committed earlier, whatever the clocks of two dag
 * processors say, so that a scheduler that has seen the newest has seen all.
 */
async function nextDefinedAt(tx: Transaction<Tables>, at: number): Promise<number> {
  const newest = await tx
    .selectFrom('dag')
    .select((of) => of.fn.max('definedAt').as('definedAt'))
    .executeTakeFirst();
  return Math.max(at, newest?.definedAt ?? 0);
}

async function recordFile(
  tx: Transaction<Tables>,
  { file, dags }: ParsedFile,
  at: number,
  definedAt: number,
): Promise<void> {
  const dagIds = dags.map((dag) => dag.serialized.dagId).sort();
  const columns = { ...file, dagIds: JSON.stringify(dagIds), parsedAt: at };
  const { path, ...changes } = columns;
  await tx
    .insertInto('dagFile')
    .values(columns)
    .onConflict((on) => on.column('path').doUpdateSet(changes))
    .execute();
  // In order of their ids: the order in which schedulers lock them.
  for (const dag of [...dags].sort((a, b) => (a.serialized.dagId < b.serialized.dagId ? -1 : 1))) {
    await recordVersion(tx, dag, path, at);
    await recordDag(tx, dag, path, definedAt);
    await recordHorizon(tx, dag, at);
    await recordAssets(tx, dag.serialized, assetsOfSchedule(dag.serialized));
  }
  await markStale(tx, path, dagIds, definedAt);
  await forgetFailure(tx, path, at);
}

async function recordVersion(
  tx: Transaction<Tables>,
  dag: ParsedDag,
  file: string,
  at: number,
): Promise<void> {
  const known = await tx
    .selectFrom('dagVersion')
    .select('version')
    .where('version', '=', dag.version)
    .executeTakeFirst();
  if (known !== undefined) return;
  for (const { path, content } of dag.files) {
    await tx
      .insertInto('versionFile')
      .values({ bundle: dag.bundle, path, content })
      .onConflict((on) => on.columns(['bundle', 'path']).doNothing())
      .execute();
  }
  const { dagId } = dag.serialized;
  const newest = await tx
    .selectFrom('dagVersion')
    .select((of) => of.fn.max('number').as('number'))
    .where('dagId', '=', dagId)
    .executeTakeFirst();
  const number = (newest?.number ?? 0) + 1;
  await tx
    .insertInto('dagVersion')
    .values({
      version: dag.version,
      dagId,
      number,
      bundle: dag.bundle,
      entry: dag.entry,
      file,
      serialized: canonicalJson(dag.serialized),
      lockfileDigest: dag.lockfileDigest,
      createdAt: at,
    })
    .execute();
  await emit(tx, { at, dagId, type: 'dag_version', data: JSON.stringify({ version: dag.version, number }) });
}

/** Writes the definition; of the state only what a DAG begins with. */
async function recordDag(
  tx: Transaction<Tables>,
  dag: ParsedDag,
  file: string,
  definedAt: number,
): Promise<void> {
  const { serialized } = dag;
  const definition = {
    file,
    currentVersion: dag.version,
    isStale: 0,
    description: serialized.description,
    tags: JSON.stringify(serialized.tags),
    owner: serialized.owner,
    schedule: serialized.schedule,
    timezone: serialized.timezone,
    definedAt,
  };
  await tx
    .insertInto('dag')
    .values({
      dagId: serialized.dagId,
      ...definition,
      holder: null,
      epoch: 0,
      isPaused: Number(serialized.pausedUponCreation),
      mark: null,
      markVersion: null,
      nextTick: null,
    })
    .onConflict((on) => on.column('dagId').doUpdateSet(definition))
    .execute();
}

function assetsOfSchedule({ timetable }: SerializedDag): readonly string[] {
  if (timetable.type !== 'asset') return [];
  const { assets } = timetableFromJson(timetable);
  return assets === undefined ? [] : assetsIn(assets);
}

/** DAGs that the file had and has no longer, unless another file has them now. */
async function markStale(
  tx: Transaction<Tables>,
  file: string,
  dagIds: readonly string[],
  definedAt: number,
): Promise<void> {
  await tx
    .updateTable('dag')
    .set({ isStale: 1, definedAt })
    .where('file', '=', file)
    .where('isStale', '=', 0)
    .$if(dagIds.length > 0, (query) => query.where('dagId', 'not in', dagIds))
    .execute();
}

async function recordFailure(
  tx: Transaction<Tables>,
  failure: ParsePass['failed'][number],
  at: number,
): Promise<void> {
  const before = await tx
    .selectFrom('importError')
    .select('message')
    .where('file', '=', failure.file)
    .executeTakeFirst();
  const { file, ...columns } = failure;
  await tx
    .insertInto('importError')
    .values({ ...failure, since: at, seenAt: at })
    .onConflict((on) => on.column('file').doUpdateSet({ ...columns, seenAt: at }))
    .execute();
  if (before?.message === failure.message) return;
  await emit(tx, { at, type: 'import_error', data: JSON.stringify({ file, message: failure.message }) });
}

async function forgetFailure(tx: Transaction<Tables>, file: string, at: number): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom('importError')
    .where('file', '=', file)
    .executeTakeFirstOrThrow();
  if (numDeletedRows > 0n) await emit(tx, { at, type: 'import_error_fixed', data: JSON.stringify({ file }) });
}

async function recordRemoval(
  tx: Transaction<Tables>,
  file: string,
  at: number,
  definedAt: number,
): Promise<void> {
  await tx.deleteFrom('dagFile').where('path', '=', file).execute();
  await markStale(tx, file, [], definedAt);
  await forgetFailure(tx, file, at);
}

async function emit(
  tx: Transaction<Tables>,
  event: Pick<EventTable, 'at' | 'type' | 'data'> & { dagId?: string },
): Promise<void> {
  const row: Omit<EventTable, 'id'> = {
    dagId: null,
    runKey: null,
    taskInstanceKey: null,
    attemptId: null,
    fromState: null,
    toState: null,
    actor: ACTOR,
    ...event,
  };
  await tx
    .insertInto('event')
    .values(row as EventTable)
    .execute();
}

function assertStorable(pass: ParsePass): void {
  for (const { file, dags } of pass.parsed) {
    for (const { files, serialized } of dags) {
      const bad = files.find(({ content }) => content.includes('\0'));
      if (bad === undefined && !holdsNul(serialized)) continue;
      throw new ContentRefusedError(
        bad === undefined
          ? `a text of the DAG in ${file.path} holds a NUL character. Remove it.`
          : `${bad.path}, read by ${file.path}, holds a NUL character: only text files can belong to a version.`,
        { table: bad === undefined ? 'dag_version' : 'version_file', dagId: serialized.dagId },
      );
    }
  }
}

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some(holdsNul);
}
