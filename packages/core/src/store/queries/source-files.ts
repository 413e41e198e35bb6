import { posix } from 'node:path';

/** A text file of a version. */
export interface SourceFile {
  /** Relative to the dags folder, with `/`. */
  readonly path: string;
  readonly content: string;
}

/**
 * What the author wrote, out of what a version is stored as: the sources that its bundle's source map keeps, the DAG file first, then
 * the modules it imports, then files that it reads. A bundle without a readable map is shown as it is.
 */
export function sourceFiles(entry: string, stored: readonly SourceFile[]): readonly SourceFile[] {
  const mapPath = `${entry}.map`;
  const sources = mappedSources(mapPath, stored.find(({ path }) => path === mapPath)?.content);
  if (sources.length === 0) return stored;
  const isDagFile = ({ path }: SourceFile) =>
    path.replace(/\.\w+$/, '') === entry.replace(/\.bundle\.mjs$/, '');
  const known = new Set([entry, mapPath, ...sources.map(({ path }) => path)]);
  return [
    ...sources.filter(isDagFile),
    ...sources.filter((source) => !isDagFile(source)).sort((a, b) => (a.path < b.path ? -1 : 1)),
    ...stored.filter(({ path }) => !known.has(path)),
  ];
}

function mappedSources(mapPath: string, text: string | undefined): SourceFile[] {
  if (text === undefined) return [];
  try {
    const { sources = [], sourcesContent = [] } = JSON.parse(text) as {
      sources?: unknown[];
      sourcesContent?: unknown[];
    };
    return sources.flatMap((source, at) => {
      const content = sourcesContent[at];
      if (typeof source !== 'string' || typeof content !== 'string') return [];
      return [{ path: posix.join(posix.dirname(mapPath), source), content }];
    });
  } catch {
    return [];
  }
}
