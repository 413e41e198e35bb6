const DAY_MS = 86_400_000;

/** The day, in UTC, that lies some days before an instant: `2026-01-31`. */
export function dayBefore(now: number, days: number): string {
  return new Date(now - days * DAY_MS).toISOString().slice(0, 10);
}
