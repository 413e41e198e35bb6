import {
  CronTriggerTimetable,
  type CustomTimetable,
  DAG,
  type RunInfo,
  type TimeRestriction,
} from '@tsflow/core';

/** What compiles of custom timetables, and what must not. */

const nothing = () => {};

class Mornings implements CustomTimetable {
  readonly #cron = new CronTriggerTimetable('0 9 * * *');
  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
    return this.#cron.nextRun(last, restriction);
  }
  describe(): string {
    return 'mornings';
  }
}

class Weekdays extends CronTriggerTimetable {
  override nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
    return super.nextRun(last, { ...restriction, catchup: true });
  }
}

export const mornings = new DAG({ dagId: 'mornings', schedule: new Mornings() }, nothing);
export const weekdays = new DAG({ dagId: 'weekdays', schedule: new Weekdays('0 9 * * mon-fri') }, nothing);
export const literal = new DAG(
  { dagId: 'literal', schedule: { nextRun: (last) => last, describe: () => 'never again' } },
  nothing,
);

export const asynchronous = new DAG(
  {
    dagId: 'asynchronous',
    // @ts-expect-error it may not be async: the file is read synchronously
    schedule: { nextRun: async () => new Date(), describe: () => 'late' },
  },
  nothing,
);

// @ts-expect-error it has to say what it is
export const nameless = new DAG({ dagId: 'nameless', schedule: { nextRun: () => new Date() } }, nothing);

class Text implements CustomTimetable {
  // @ts-expect-error a text is no instant
  nextRun(): string {
    return '2026-01-01';
  }
  describe = () => 'text';
}
export const text = new Text();
