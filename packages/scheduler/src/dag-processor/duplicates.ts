import { resolve } from 'node:path';
import { readIfThere } from './file-stamp.ts';
import { type ImportFailure, importFailure } from './import-failure.ts';
import { type FileOutcome, findQuoted } from './parse-pipeline.ts';

type LoadedFile = Extract<FileOutcome, { status: 'loaded' }>;

/**
 * Splits loaded files into those that may be recorded and those that define a dagId of another file. `owners` tells which file has
 * a DAG so far, files of this pass left out unless they had it before: the loaded one keeps running, and among new ones the
 * first by path. A file with one foreign id is refused as a whole, like any file that fails.
 */
export function separateDuplicates(
  folder: string,
  loaded: readonly LoadedFile[],
  owners: ReadonlyMap<string, string>,
): { accepted: LoadedFile[]; duplicates: { outcome: LoadedFile; failure: ImportFailure }[] } {
  const accepted: LoadedFile[] = [];
  const duplicates: { outcome: LoadedFile; failure: ImportFailure }[] = [];
  const taken = new Map(owners);
  // Files that keep what is theirs come first: a renamed DAG must not lose its new id to its own old file.
  const ownsAll = (file: LoadedFile) => idsOf(file).every((id) => owners.get(id) === file.file);
  const ordered = [...loaded].sort(
    (a, b) => Number(ownsAll(b)) - Number(ownsAll(a)) || (a.file < b.file ? -1 : 1),
  );
  for (const file of ordered) {
    const foreign = idsOf(file).find((id) => (taken.get(id) ?? file.file) !== file.file);
    if (foreign === undefined) {
      for (const id of idsOf(file)) taken.set(id, file.file);
      accepted.push(file);
    } else {
      duplicates.push({
        outcome: file,
        failure: duplicateFailure(folder, file.file, foreign, taken.get(foreign)!),
      });
    }
  }
  return { accepted, duplicates };
}

function idsOf(file: LoadedFile): readonly string[] {
  return file.dags.map((dag) => dag.serialized.dagId);
}

function duplicateFailure(folder: string, file: string, dagId: string, owner: string): ImportFailure {
  const source = readIfThere(resolve(folder, file)) ?? '';
  const found = findQuoted(source, dagId);
  return importFailure(
    {
      file,
      kind: 'duplicate_dag_id',
      message:
        `The DAG "${dagId}" is defined in both ${owner} and ${file}. The one in ${owner} keeps running; ` +
        'give one of them another dagId, or remove it.',
      place: found === null ? null : { path: file, ...found },
    },
    () => source,
  );
}
