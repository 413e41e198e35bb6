import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { dagFileDirectory, recordRead, resolveDagFile } from './load-session.ts';

const FILE_TEMPLATE = Symbol.for('tsflow.file-template');

/** A file beside the DAG file that is rendered as a template when the task starts. Part of the DAG's version. */
export interface FileTemplate {
  /** As the author wrote it: relative to the DAG file. */
  readonly path: string;
  /** Where it is in this process. */
  readonly absolutePath: string;
  /** What it says, before rendering. Read once, when first asked for. */
  readonly text: string;
}

/**
 * A file next to the DAG file, for any field that takes text: `sql: include('./daily.sql')`. It is a Jinja-style template
 * (`{{ ds }}`, `{% include './part.sql' %}`); `.text` gives it unrendered while the DAG is defined. The path is relative to the
 * DAG file; the file and what it includes belong to the version, so a run keeps the text it started with.
 *
 * Throws `DagDefinitionError` (`missing_file`) when it does not exist or lies outside the dags folder.
 */
export function include(path: string): FileTemplate {
  const absolutePath = resolveDagFile(path);
  recordIncludes(absolutePath, dagFileDirectory(), new Set([absolutePath]));
  let text: string | undefined;
  const template = {
    path,
    absolutePath,
    get text() {
      text ??= readFileSync(absolutePath, 'utf8');
      return text;
    },
  };
  Object.defineProperty(template, FILE_TEMPLATE, { value: true });
  return Object.freeze(template);
}

export function isFileTemplate(value: unknown): value is FileTemplate {
  return typeof value === 'object' && value !== null && FILE_TEMPLATE in value;
}

/** Where `name` in a template in `directory` is: `./` and `../` from the template itself, anything else from the DAG file. */
export function resolveTemplateName(name: string, directory: string, dagDirectory: string): string {
  return /^\.\.?\//.test(name) ? resolve(directory, name) : resolve(dagDirectory, name);
}

const INCLUDE = /\{%-?\s*(?:include|import|from|extends)\s+(["'])(.+?)\1/g;

/** Records the files that a template names with `{% include %}` and its like, at any depth. Computed names cannot be seen. */
function recordIncludes(file: string, dagDirectory: string, seen: Set<string>): void {
  for (const [, , name] of readFileSync(file, 'utf8').matchAll(INCLUDE)) {
    const part = resolveTemplateName(name!, dirname(file), dagDirectory);
    if (seen.has(part)) continue;
    seen.add(part);
    recordRead(part, name!);
    recordIncludes(part, dagDirectory, seen);
  }
}
