/** `in 4 hr`, `3 min ago` or `now`, in the reader's language. */
export function relativeText(deltaMs: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'short' });
  const seconds = deltaMs / 1_000;
  const size = Math.abs(seconds);
  if (size < 1) return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(0, 'second');
  if (size < 60) return format.format(Math.round(seconds), 'second');
  if (size < 3_600) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return format.format(Math.round(seconds / 3_600), 'hour');
  if (size < 45 * 86_400) return format.format(Math.round(seconds / 86_400), 'day');
  if (size < 700 * 86_400) return format.format(Math.round(seconds / (30.4 * 86_400)), 'month');
  return format.format(Math.round(seconds / (365.25 * 86_400)), 'year');
}
