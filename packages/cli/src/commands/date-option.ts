import { parseInstant, parseRangeEnd } from '@tsflow/core/timetables';

/** An option's date as an ISO instant, read in the DAG's zone. */
export function instantIn(timezone: string, text: string, option: string): string {
  return parseInstant(text, timezone, option).toISOString();
}

/** The inclusive end of a range: a date means that whole day. */
export function rangeEndIn(timezone: string, text: string, option: string): string {
  return parseRangeEnd(text, timezone, option).toISOString();
}
