/**
 * A map path says which instance of a mapped task is meant: '' when nothing around it is mapped, `3`, or `3.0` when a mapped task stands
 * in a mapped group. An instance whose list is not known yet has a path that is shorter than its task is deep.
 */

export const joinPath = (path: string, index: number): string =>
  path === '' ? `${index}` : `${path}.${index}`;

export function pathDepth(path: string): number {
  if (path === '') return 0;
  let depth = 1;
  for (let at = path.indexOf('.'); at >= 0; at = path.indexOf('.', at + 1)) depth += 1;
  return depth;
}

/** The first `depth` components; the whole path when it has no more. */
export function pathPrefix(path: string, depth: number): string {
  if (depth === 0) return '';
  let at = -1;
  for (let i = 0; i < depth; i++) {
    at = path.indexOf('.', at + 1);
    if (at < 0) return path;
  }
  return path.slice(0, at);
}

/** Whether `path` is `prefix` or lies below it. */
export function isUnder(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}.`);
}

/** The component at `depth`, as a number. */
export function pathIndex(path: string, depth: number): number {
  return Number(path.split('.')[depth]);
}

/** Text that sorts as the indexes do: each component padded with zeros. */
export function mapSortOf(path: string): string {
  if (path === '') return '';
  return path
    .split('.')
    .map((part) => part.padStart(10, '0'))
    .join('.');
}
