import type { Attempt } from '../../api/contract.ts';

/** `try 2`, and `try 2.1` after one loss of infrastructure: the two are counted apart. Behind it the tries of its groups: `↻ etl 2`. */
export function attemptName({ infraNumber, groupTries }: Attempt, text: string): string {
  const name = infraNumber > 0 ? `${text}.${infraNumber}` : text;
  const groups = Object.entries(groupTries ?? {}).map(([groupId, number]) => `${groupId} ${number}`);
  return groups.length === 0 ? name : `${name} ↻ ${groups.join(', ')}`;
}
