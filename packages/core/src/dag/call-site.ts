import { fileURLToPath } from 'node:url';

/** A line of a stack: where code was. Lines and columns count from 1. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `at new DAG (file:///a/b.ts:3:4)`, `at file:///a/b.ts:3:4`, `at async f (/a/b.ts:3:4)`. */
const FRAME = /^\s+at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/;
/** Directory of this package's own code, sources and built files alike. */
const OWN_CODE = new URL('..', import.meta.url).pathname.replace(/\/(src|dist)\/$/, '/');

/** The frames of `error`'s stack that are files, innermost first. Source maps have been applied if Node was told to. */
export function stackFrames(error: Error): readonly CallSite[] {
  return (error.stack ?? '').split('\n').flatMap((line) => {
    const match = FRAME.exec(line);
    if (match === null) return [];
    const [, location, row, column] = match;
    return [{ file: asPath(location!), line: Number(row), column: Number(column) }];
  });
}

/** The frames of those who use this package: neither its own code nor installed packages. */
export function authorFrames(error: Error): readonly CallSite[] {
  return stackFrames(error).filter(({ file }) => !/[\\/]node_modules[\\/]/.test(file) && !isOwnCode(file));
}

function isOwnCode(file: string): boolean {
  const path = file.startsWith(OWN_CODE) ? file.slice(OWN_CODE.length) : '';
  return /^(src|dist)\//.test(path) && !path.endsWith('.test.ts');
}

function asPath(location: string): string {
  try {
    return location.startsWith('file://') ? fileURLToPath(location) : location;
  } catch {
    return location;
  }
}
