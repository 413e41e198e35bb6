import type { Attempt } from '../../api/contract.ts';

/** `try 2`, and `try 2.1` after one loss of infrastructure: the two are counted apart. */
export function attemptName(attempt: Attempt, text: string): string {
  return attempt.infraNumber > 0 ? `${text}.${attempt.infraNumber}` : text;
}
