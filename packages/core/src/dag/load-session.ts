import { statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { authorFrames } from './call-site.ts';
import type { AnyDag } from './dag.ts';
import { DagDefinitionError } from './definition-error.ts';
import type { Scope } from './scope.ts';

/**
 * What is going on while a DAG file loads. One per process and not one per copy of this package: an operator package may bring
 * a copy of its own, and what it constructs still belongs to the DAG whose body is running.
 */
export interface LoadSession {
  /** Where relative paths of the DAG file start. */
  readonly baseDirectory: string;
  /** Files outside of it cannot become part of a version. */
  readonly sourceRoot: string;
  readonly dags: AnyDag[];
  /** Absolute paths, in the order in which they were first read. */
  readonly readFiles: Set<string>;
}

interface Authoring {
  session: LoadSession | null;
  readonly scopes: Scope[];
}

/** Grows when the shape of {@link Authoring} changes, so that copies that disagree do not meet. */
const AUTHORING = Symbol.for('tsflow.authoring.1');

/** The process-wide state of authoring. Scopes: the body that runs now is the last one. */
export function authoring(): Authoring {
  const global = globalThis as { [AUTHORING]?: Authoring };
  global[AUTHORING] ??= { session: null, scopes: [] };
  return global[AUTHORING];
}

export function currentScope(): Scope | undefined {
  return authoring().scopes.at(-1);
}

/** Runs `body` with `scope` as the current one. */
export function withinScope<T>(scope: Scope, body: () => T): T {
  const { scopes } = authoring();
  scopes.push(scope);
  try {
    return body();
  } finally {
    scopes.pop();
  }
}

/**
 * The absolute path of `path` as the DAG file means it, recorded as read by it. Outside of a loading file (a unit test that
 * imports the DAG) it is relative to the file whose code asks. Throws when it does not exist or lies outside the dags folder.
 */
export function resolveDagFile(path: string): string {
  const { session } = authoring();
  if (session !== null && isAbsolute(path)) throw outside(path, session.sourceRoot);
  const absolute = resolve(dagFileDirectory(), path);
  recordRead(absolute, path);
  return absolute;
}

/** Records that the DAG file reads `absolute`, which its author calls `path`. Throws as {@link resolveDagFile} does. */
export function recordRead(absolute: string, path: string): void {
  const { session } = authoring();
  if (session !== null) {
    const inside = relative(session.sourceRoot, absolute);
    if (inside.startsWith('..') || isAbsolute(inside)) throw outside(path, session.sourceRoot);
  }
  if (statSync(absolute, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new DagDefinitionError(
      'missing_file',
      `The file "${path}" does not exist. Paths are relative to the DAG file; this one means ${absolute}.`,
    );
  }
  session?.readFiles.add(absolute);
}

/** The directory that relative paths of the DAG file start from. */
export function dagFileDirectory(): string {
  return authoring().session?.baseDirectory ?? callerDirectory();
}

function outside(path: string, sourceRoot: string): DagDefinitionError {
  return new DagDefinitionError(
    'missing_file',
    `The file "${path}" lies outside the dags folder (${sourceRoot}), so a version could not keep it. Move it there ` +
      'and name it relative to the DAG file.',
  );
}

function callerDirectory(): string {
  const frame = authorFrames(new Error('who asks'))[0];
  return frame === undefined ? process.cwd() : dirname(frame.file);
}
