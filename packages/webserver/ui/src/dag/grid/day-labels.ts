import type { RunBar } from '../../api/contract.ts';

/** The day of a run as the head of the grid has it. */
export function dayText(iso: string, zone: string | undefined, language: string): string {
  return dayFormat(zone, language).format(Date.parse(iso));
}

/** Whether a run's column is labelled with its day: the first of a day, but not every one when each has its own. */
export function isNewDay(runs: readonly RunBar[], index: number, zone: string | undefined): boolean {
  const run = runs[index];
  if (!run?.logicalDate) return false;
  const before = runs[index - 1]?.logicalDate;
  // Runs of one day each would label every column; a label then and now is enough.
  if (!before) return true;
  const isNew = dayText(run.logicalDate, zone, 'en') !== dayText(before, zone, 'en');
  return (
    isNew &&
    (index % 4 === 0 ||
      dayText(runs[Math.max(0, index - 3)]?.logicalDate ?? before, zone, 'en') ===
        dayText(before, zone, 'en'))
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dayFormat(zone: string | undefined, language: string): Intl.DateTimeFormat {
  const key = `${zone} ${language}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language, {
      month: 'short',
      day: 'numeric',
      ...(zone ? { timeZone: zone } : {}),
    });
    formats.set(key, format);
  }
  return format;
}
