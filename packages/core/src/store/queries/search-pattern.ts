/** A LIKE pattern (lower case, `escape '\'`) that finds `text` anywhere: what a person types has no wildcards. */
export function searchPattern(text: string): string {
  return `%${text.toLowerCase().replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
