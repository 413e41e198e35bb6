import { dirname, join } from 'node:path';
import { stampOf } from './file-stamp.ts';

const LOCKFILES = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'];

/** The lockfile that rules the packages of a folder: the nearest one upwards, or null. */
export function lockfileOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = LOCKFILES.map((name) => join(at, name)).find((path) => stampOf(path) !== null);
    if (found !== undefined) return found;
    if (dirname(at) === at) return null;
  }
}
