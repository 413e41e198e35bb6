import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyDag } from '../dag/dag.ts';
import { authoring, type LoadSession } from '../dag/load-session.ts';
import type { AnyOperator } from '../dag/operator.ts';
import { didYouMean, NotFoundError } from '../errors.ts';

/** What a DAG file defines and what it reads. */
export interface LoadedBundle {
  /** In the order in which they were constructed, exported or not. */
  readonly dags: readonly AnyDag[];
  /** Absolute paths of the files that it read through tsflow (`include()`, file fields, `files`): part of its version. */
  readonly readFiles: readonly string[];
}

export interface LoadOptions {
  /** Where relative paths of the DAG file start. Default: the directory of the bundle, as in a version's directory. */
  readonly baseDirectory?: string;
  /** The dags folder: files outside of it are refused, because a version could not keep them. Default: `baseDirectory`. */
  readonly sourceRoot?: string;
}

/** Stack frames kept while user code loads: factories of factories must not push the author's line out of the stack. */
const STACK_TRACE_LIMIT = 50;

const loaded = new Map<string, Promise<LoadedBundle>>();
let last: Promise<unknown> = Promise.resolve();

/**
 * Imports the bundle of a DAG file into this process, which runs its code: called in parse children and task runners alone. The
 * same bundle with the same directories is loaded once; a load that failed fails again in the same way, as Node keeps modules.
 *
 * One at a time: while a file loads, what is constructed belongs to it.
 */
export function loadBundle(bundlePath: string, options: LoadOptions = {}): Promise<LoadedBundle> {
  const path = resolve(bundlePath);
  const baseDirectory = resolve(options.baseDirectory ?? dirname(path));
  const sourceRoot = resolve(options.sourceRoot ?? baseDirectory);
  const key = JSON.stringify([path, baseDirectory, sourceRoot]);
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const loading = last.then(() => load(path, { baseDirectory, sourceRoot, dags: [], readFiles: new Set() }));
  last = loading.catch(() => undefined);
  loaded.set(key, loading);
  return loading;
}

/** The task `taskId` of `dag`. Throws `NotFoundError` with what was probably meant. */
export function findTask(dag: AnyDag, taskId: string): AnyOperator {
  const task = dag.tasks.get(taskId);
  if (task !== undefined) return task;
  const closest = didYouMean(taskId, dag.tasks.keys());
  throw new NotFoundError(
    'Task',
    `${dag.dagId}.${taskId}`,
    closest === undefined ? '' : `Did you mean "${closest}"?`,
  );
}

/** The DAG `dagId` of a loaded file. Throws `NotFoundError`. */
export function findDag(bundle: LoadedBundle, dagId: string): AnyDag {
  const dag = bundle.dags.find((candidate) => candidate.dagId === dagId);
  if (dag !== undefined) return dag;
  throw new NotFoundError(
    'DAG',
    dagId,
    `The file defines ${bundle.dags.map((other) => other.dagId).join(', ') || 'none'}.`,
  );
}

async function load(path: string, session: LoadSession): Promise<LoadedBundle> {
  const state = authoring();
  const limit = Error.stackTraceLimit;
  state.session = session;
  Error.stackTraceLimit = Math.max(limit, STACK_TRACE_LIMIT);
  try {
    await import(`${pathToFileURL(path).href}${distinction(session)}`);
  } finally {
    state.session = null;
    Error.stackTraceLimit = limit;
  }
  return { dags: session.dags, readFiles: [...session.readFiles] };
}

/** Makes Node evaluate the module anew for other directories: its relative paths mean other files then. */
function distinction({ baseDirectory, sourceRoot }: LoadSession): string {
  return `?base=${createHash('sha256').update(`${baseDirectory}\0${sourceRoot}`).digest('hex').slice(0, 8)}`;
}
