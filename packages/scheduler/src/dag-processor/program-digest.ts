import { fileURLToPath } from 'node:url';
import { SERIALIZED_DAG_FORMAT } from '@tsflow/core/serialization';
import { digestOf } from './digest.ts';
import { readIfThere, stampOf } from './file-stamp.ts';

/**
 * Names the program that parses: another release (or, while tsflow itself is being worked on, another build) may make another form
 * of the same file, so what an earlier one recorded is parsed again.
 */
export function programDigest(): string {
  const core = new URL('../', import.meta.resolve('@tsflow/core/loader'));
  const own = new URL('../', import.meta.url);
  const builds = [core, own].map(
    (dist) => stampOf(fileURLToPath(new URL('.tsbuildinfo', dist)))?.signature ?? '',
  );
  const releases = [core, own].map((dist) => versionIn(fileURLToPath(new URL('../package.json', dist))));
  return digestOf(String(SERIALIZED_DAG_FORMAT), ...releases, ...builds);
}

function versionIn(packageFile: string): string {
  return (JSON.parse(readIfThere(packageFile) ?? '{}') as { version?: string }).version ?? '';
}
