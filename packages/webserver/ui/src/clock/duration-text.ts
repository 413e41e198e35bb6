/** A duration as people say it: `12 ms`, `0.21 s`, `42 s`, `1m 12s`, `3h 05m`, `2d 4h`. Never more than two units; a dash where there is none. */
export function durationText(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  const positive = Math.max(0, ms);
  if (positive === 0) return '0 s';
  if (positive < 100) return `${Math.max(1, Math.round(positive))} ms`;
  if (positive < 1_000) return `${(positive / 1_000).toFixed(2)} s`;
  if (positive < 10_000) return `${(positive / 1_000).toFixed(1)} s`;
  const seconds = Math.round(positive / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Milliseconds between two instants; null when the first is missing, up to `now` when the second is. */
export function durationMs(start: string | null, end: string | null, now: number): number | null {
  if (start === null) return null;
  return Math.max(0, (end === null ? now : Date.parse(end)) - Date.parse(start));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
