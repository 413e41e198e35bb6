import {
  CronTriggerTimetable,
  type CustomTimetable,
  DAG,
  type RunInfo,
  type TimeRestriction,
  task,
} from '@tsflow/core';

/** Golden Week of 2026, from the list of the Cabinet Office. */
const HOLIDAYS = new Set(['2026-04-29', '2026-05-04', '2026-05-05', '2026-05-06']);

const tokyoDay = (instant: Date) => instant.toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });

/** Nine in the morning of each business day in Japan. */
export class JapaneseBusinessDays implements CustomTimetable {
  readonly #mornings = new CronTriggerTimetable('0 9 * * mon-fri', { timezone: 'Asia/Tokyo' });

  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | Date | null {
    let run = this.#mornings.nextRun(last, restriction);
    while (run !== null && HOLIDAYS.has(tokyoDay(run.logicalDate))) {
      run = this.#mornings.nextRun(run.logicalDate, restriction);
    }
    // An instant alone: its data interval begins at the business day before, however long ago that was.
    return run?.logicalDate ?? null;
  }

  describe(): string {
    return '09:00 on business days in Japan (Asia/Tokyo)';
  }
}

export default new DAG({ dagId: 'closing_prices', schedule: new JapaneseBusinessDays() }, () => {
  task('load', ({ dataInterval }) => `${tokyoDay(dataInterval.start)} to ${tokyoDay(dataInterval.end)}`);
});
