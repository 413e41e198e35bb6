import type { ImportErrorTable } from '@tsflow/core/store';
import { codeFrame } from './code-frame.ts';

/**
 * Why a file gives no DAGs: what becomes its import error. `file` is relative to the dags folder, with `/`; the place
 * (`line`, `column`, from 1) is in `source` when the culprit is another file that this one imports, and then the message
 * names it.
 */
export type ImportFailure = Omit<ImportErrorTable, 'since' | 'seenAt'>;

/** A place in a source file: `path` is relative to the dags folder (`../shared/x.ts` for one outside). */
export interface SourcePlace {
  readonly path: string;
  readonly line: number;
  readonly column: number | null;
}

/**
 * Composes a failure. `read` gives the text of a file below the dags folder for the code frame, or null when it is gone. A
 * place in another file is named in the message, because the error is listed under the file that cannot be loaded.
 */
export function importFailure(
  failure: { file: string; kind: string; message: string; place: SourcePlace | null; stack?: string | null },
  read: (path: string) => string | null,
): ImportFailure {
  const { file, kind, place } = failure;
  const elsewhere = place !== null && place.path !== file;
  const text = place === null ? null : read(place.path);
  return {
    file,
    kind,
    message: elsewhere ? `${failure.message} (in ${place.path}:${place.line})` : failure.message,
    line: place?.line ?? null,
    column: place?.column ?? null,
    codeFrame: place === null || text === null ? null : codeFrame(text, place.line, place.column),
    stack: failure.stack ?? null,
  };
}
