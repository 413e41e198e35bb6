import { type Dirent, readdirSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { DagDefinitionError } from './definition-error.ts';
import { dagFileDirectory, recordRead } from './load-session.ts';

/**
 * Records the files that `patterns` match as read by the DAG file, so that its version keeps them. `*` is anything but `/`, `**`
 * any number of folders, `?` one character; relative to the DAG file. Throws when a pattern matches nothing.
 */
export function recordFiles(patterns: readonly string[]): void {
  for (const pattern of patterns) {
    const files = matchingFiles(pattern, dagFileDirectory());
    if (files.length === 0) {
      throw new DagDefinitionError(
        'missing_file',
        `files: "${pattern}" matches no file beside the DAG file.`,
      );
    }
    for (const file of files) recordRead(file, pattern);
  }
}

function matchingFiles(pattern: string, directory: string): readonly string[] {
  const parts = pattern.split('/');
  const wild = parts.findIndex((part) => /[*?]/.test(part));
  if (wild === -1) return [resolve(directory, pattern)];
  const root = resolve(directory, parts.slice(0, wild).join('/'));
  const matches = asRegExp(parts.slice(wild).join('/'));
  return filesBelow(root).filter((file) => matches.test(relative(root, file).split(sep).join('/')));
}

function filesBelow(directory: string): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return entry.isFile() ? [path] : [];
    });
}

function asRegExp(glob: string): RegExp {
  const source = glob.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:[^/]+/)*';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token === '?' ? '[^/]' : `\\${token}`;
  });
  return new RegExp(`^${source}$`);
}
