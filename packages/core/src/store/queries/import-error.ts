import type { Store } from '../store.ts';

/** A file that does not load at the moment. Instants are milliseconds UTC. */
export interface ImportError {
  readonly file: string;
  readonly kind: string;
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly codeFrame: string | null;
  readonly since: number;
  readonly seenAt: number;
  /** DAGs of the file that go on with their last good version. */
  readonly lastGood: readonly { readonly dagId: string; readonly version: string; readonly number: number }[];
}

/** All import errors, newest first. There is at most one a file. */
export async function listImportErrors(store: Store): Promise<readonly ImportError[]> {
  const errors = await store.db.selectFrom('importError').selectAll().orderBy('since', 'desc').execute();
  if (errors.length === 0) return [];
  const good = await store.db
    .selectFrom('importError')
    .innerJoin('dag', 'dag.file', 'importError.file')
    .innerJoin('dagVersion', 'dagVersion.version', 'dag.currentVersion')
    .select(['importError.file', 'dag.dagId', 'dagVersion.version', 'dagVersion.number'])
    .where('dag.isStale', '=', 0)
    .orderBy('dag.dagId')
    .execute();
  return errors.map(({ stack: _, ...error }) => ({
    ...error,
    lastGood: good
      .filter((dag) => dag.file === error.file)
      .map(({ dagId, version, number }) => ({ dagId, version, number })),
  }));
}
