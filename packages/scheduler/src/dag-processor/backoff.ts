/** First wait before a file that failed is tried again unedited (Airflow tries it again every 30 s, for ever). */
const FIRST_MS = 5_000;
const LONGEST_MS = 5 * 60_000;

/** How long to leave a file alone that failed `failures` times in a row: 5 s, doubling to 5 min. An edit ends the wait. */
export function backoffMs(failures: number): number {
  return failures <= 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
