import { isAbsolute, relative } from 'node:path';
import { authorFrames, type CallSite } from '../dag/call-site.ts';
import { errorMessage, TsflowError } from '../errors.ts';

/** Why a DAG file did not load, as plain data: with the file's text it makes an import error. */
export interface LoadProblem {
  /** The code of a definition error (`cycle`, `unknown_option`, `missing_file`, …), `syntax`, or `load` for what user code threw. */
  readonly kind: string;
  readonly message: string;
  readonly stack: string | null;
  /** The author's file, absolute; null: the error does not lead to one. */
  readonly path: string | null;
  /** From 1. */
  readonly line: number | null;
  /** From 1. */
  readonly column: number | null;
}

export interface DescribeLoadErrorOptions {
  /** Only a place below this directory counts as the author's. Default: any file that is neither tsflow's nor a package's. */
  readonly sources?: string;
}

/**
 * Turns whatever stopped a file from loading into a {@link LoadProblem}. The place is the innermost line of the author's: of the
 * error, else of what caused it. Lines are those of the source when the process maps them (`node --enable-source-maps`).
 */
export function describeLoadError(thrown: unknown, { sources }: DescribeLoadErrorOptions = {}): LoadProblem {
  const error = thrown instanceof Error ? thrown : null;
  const place = error === null ? null : placeOf(error, sources);
  return {
    kind: kindOf(error),
    message: missingPackage(error) ?? errorMessage(thrown),
    stack: error?.stack ?? null,
    path: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
  };
}

function kindOf(error: Error | null): string {
  if (error instanceof TsflowError || isForeignTsflowError(error)) return (error as TsflowError).code;
  return error?.name === 'SyntaxError' ? 'syntax' : 'load';
}

/** A DAG file may bring another copy of this package: its errors have a code in tsflow's spelling, and a class of another copy. */
function isForeignTsflowError(error: Error | null): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[a-z_]+$/.test(code);
}

function placeOf(error: Error, sources: string | undefined): CallSite | null {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    const place = authorFrames(inner).find(({ file }) => sources === undefined || isBelow(file, sources));
    if (place !== undefined) return place;
  }
  return null;
}

function isBelow(file: string, directory: string): boolean {
  const inside = relative(directory, file);
  return inside !== '' && !inside.startsWith('..') && !isAbsolute(inside);
}

/** Node's own words speak of the bundle, which its author has never seen. */
function missingPackage(error: Error | null): string | null {
  if ((error as { code?: unknown } | null)?.code !== 'ERR_MODULE_NOT_FOUND') return null;
  const name = /Cannot find package '([^']+)'/.exec(error!.message)?.[1];
  return name === undefined
    ? null
    : `The package "${name}" is not installed. Install it in the project: npm install ${name}`;
}
