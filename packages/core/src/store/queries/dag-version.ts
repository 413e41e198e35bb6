import { NotFoundError } from '../../errors.ts';
import type { SerializedDag } from '../../serialization/index.ts';
import type { Store } from '../store.ts';
import { dagRow } from './dag-row.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { type SourceFile, sourceFiles } from './source-files.ts';

/** A version of a DAG in a list. Instants are milliseconds UTC. */
export interface DagVersionSummary {
  readonly version: string;
  /** 1, 2, 3… per DAG. */
  readonly number: number;
  readonly createdAt: number;
}

/** A version with its definition and the text of its files as their author wrote them, the DAG file first. */
export interface DagVersionDetails extends DagVersionSummary {
  readonly serialized: SerializedDag;
  readonly files: readonly SourceFile[];
}

/** The versions of a DAG, newest first. Throws {@link NotFoundError} when there is no such DAG. */
export async function listDagVersions(
  store: Store,
  args: PageArgs & { readonly dagId: string },
): Promise<Page<DagVersionSummary>> {
  const limit = pageLimit(args);
  const after = decodeCursor(args.cursor, ['number']);
  await dagRow(store, args.dagId);
  let query = store.db
    .selectFrom('dagVersion')
    .select(['version', 'number', 'createdAt'])
    .where('dagId', '=', args.dagId);
  if (after !== null) query = query.where('number', '<', after[0]);
  const rows = await query
    .orderBy('number', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(
    rows,
    limit,
    (row) => [row.number],
    (row) => row,
  );
}

/** One version: by its hash or by its number. Throws {@link NotFoundError}, also for a version of another DAG. */
export async function getDagVersion(
  store: Store,
  args: { readonly dagId: string; readonly version: string },
): Promise<DagVersionDetails> {
  const query = store.db.selectFrom('dagVersion').selectAll().where('dagId', '=', args.dagId);
  const row =
    (await query.where('version', '=', args.version).executeTakeFirst()) ??
    (/^\d{1,9}$/.test(args.version)
      ? await query.where('number', '=', Number(args.version)).executeTakeFirst()
      : undefined);
  if (row === undefined) {
    throw new NotFoundError('version', args.version, `Looked in DAG "${args.dagId}".`);
  }
  const files = await store.db
    .selectFrom('versionFile')
    .select(['path', 'content'])
    .where('bundle', '=', row.bundle)
    .orderBy('path')
    .execute();
  return {
    version: row.version,
    number: row.number,
    createdAt: row.createdAt,
    serialized: JSON.parse(row.serialized) as SerializedDag,
    files: sourceFiles(row.entry, files),
  };
}
