/** Name of the file in the dags folder that lists what is not a DAG. */
export const IGNORE_FILE = '.tsflowignore';

/**
 * Reads `.tsflowignore`: a pattern a line as in `.gitignore`. `#` starts a comment, `!` takes a path back in, a `/` at the
 * start or in the middle ties the pattern to the dags folder, one at the end means folders only; `*`, `?` and `**` as
 * usual. The answer is asked with paths relative to the dags folder; the last pattern that matches decides.
 */
export function parseIgnoreRules(text: string): (path: string, isFolder: boolean) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseRule);
  return (path, isFolder) => {
    let ignored = false;
    for (const rule of rules) {
      if (rule.foldersOnly && !isFolder) continue;
      if (rule.pattern.test(path)) ignored = !rule.negated;
    }
    return ignored;
  };
}

function parseRule(line: string): { pattern: RegExp; foldersOnly: boolean; negated: boolean } {
  const negated = line.startsWith('!');
  const body = negated ? line.slice(1) : line;
  const foldersOnly = body.endsWith('/');
  const glob = foldersOnly ? body.slice(0, -1) : body;
  const anchored = glob.includes('/');
  const source = globSource(glob.startsWith('/') ? glob.slice(1) : glob);
  return { pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`), foldersOnly, negated };
}

function globSource(glob: string): string {
  return glob.replace(/\*\*\/|\/\*\*$|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '/**') return '/.*';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    return `\\${token}`;
  });
}
