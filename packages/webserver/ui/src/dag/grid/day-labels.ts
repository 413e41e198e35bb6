import type { RunBar } from '../../api/contract.ts';

/** The day of a run as the head of the grid has it. */
export function dayText(iso: string, zone: string | undefined, language: string): string {
  return dayFormat(zone, language).format(Date.parse(iso));
}

/** Room that a label needs, in pixels. */
const LABEL_PIXELS = 46;

/** The columns that are labelled with their day: the first of a day, unless the label before would reach into it. */
export function dayLabels(
  runs: readonly RunBar[],
  zone: string | undefined,
  columnWidth: number,
): ReadonlySet<number> {
  const labelled = new Set<number>();
  let before: string | undefined;
  let last = Number.NEGATIVE_INFINITY;
  for (const [column, { logicalDate }] of runs.entries()) {
    const day = dayText(logicalDate, zone, 'en');
    if (day !== before && (column - last) * columnWidth >= LABEL_PIXELS) {
      labelled.add(column);
      last = column;
      before = day;
    }
  }
  return labelled;
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
