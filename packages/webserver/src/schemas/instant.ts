import { z } from 'zod';

/** An instant in answers: ISO 8601 in UTC. */
export const instant = z.iso.datetime();

/** An instant in queries and bodies: ISO 8601 with a zone. Becomes milliseconds. */
export const instantParameter = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
