import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { dagFileDirectory, recordRead } from './load-session.ts';

/** `./load.sh` or `../shared/load.sh`, as a word of a command. */
const RELATIVE_PATH = /(?<![\w/.])\.{1,2}\/[^\s'"`;|&<>()$*?{}\\]+/g;

/**
 * Records the files that a command names with `./` or `../`, so that its version keeps them: those that are there now. Names that are
 * computed cannot be seen; the DAG's `files` says those. Throws `DagDefinitionError` when one lies outside the dags folder.
 *
 * @param cwd where the command runs, relative to the DAG file
 */
export function recordMentionedFiles(command: string, cwd = '.'): void {
  for (const [path] of command.matchAll(RELATIVE_PATH)) {
    const absolute = resolve(dagFileDirectory(), cwd, path);
    if (statSync(absolute, { throwIfNoEntry: false })?.isFile() === true) recordRead(absolute, path);
  }
}
