/**
 * 0 to 1 out of a text: spreads what would fall on one moment, and is the same on every machine and each time. FNV-1a, finished as
 * murmur3 does, so that texts that differ in their last character alone are far apart.
 */
export function unitHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0xffffffff;
}
