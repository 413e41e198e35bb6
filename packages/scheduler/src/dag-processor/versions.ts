import { canonicalJson } from '@tsflow/core/json';
import type { ParsedDag } from '@tsflow/core/store';
import type { Bundle } from './bundle.ts';
import { digestOf } from './digest.ts';
import type { LoadedDag } from './parse-protocol.ts';

/** A text file of a version; `path` is relative to the version's directory, which is laid out as the dags folder. */
export interface VersionFile {
  readonly path: string;
  readonly content: string;
}

/**
 * The versions of the DAGs of one file: each is named by the hash of the bundle (its source map with the sources' text included, so
 * that a version shows the text it was made of), of the files it reads through tsflow, and of its own serialized form. The
 * lockfile's digest stands beside and is no part of the name: packages are external. Neither are the runs that are known of a custom
 * timetable, which move with time.
 */
export function parsedDags(
  bundle: Bundle,
  reads: readonly VersionFile[],
  dags: readonly LoadedDag[],
  lockfileDigest: string | null,
): readonly ParsedDag[] {
  const read = [...reads].sort((a, b) => (a.path < b.path ? -1 : 1));
  const files: readonly VersionFile[] = [
    { path: bundle.entry, content: bundle.code },
    { path: `${bundle.entry}.map`, content: bundle.map },
    ...read,
  ];
  const bundleDigest = digestOf(bundle.digest, ...read.flatMap(({ path, content }) => [path, content]));
  return dags.map(({ serialized, horizon }) => ({
    version: digestOf('dag', bundleDigest, serialized.dagId, canonicalJson(serialized)),
    bundle: bundleDigest,
    entry: bundle.entry,
    lockfileDigest,
    files,
    serialized,
    ...(horizon === undefined ? {} : { horizon }),
  }));
}
