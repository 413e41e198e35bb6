import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Wait } from '../dag/wait.ts';
import { errorMessage } from '../errors.ts';
import { zonedDay } from '../timetables/index.ts';
import { WaitOperator } from './wait-operator.ts';
import { refused, WAIT_FIELDS, type WaitOptions } from './wait-options.ts';

interface TimeFields {
  readonly time: string;
  readonly timezone?: string;
}

/** Options of a {@link TimeSensor}. */
export interface TimeSensorOptions extends OperatorOptions, WaitOptions {
  /** `HH:MM` or `HH:MM:SS` on the day on which the run becomes due. One that has passed is passed at once. */
  readonly time: string;
  /** IANA name. Default: the DAG's. */
  readonly timezone?: string | undefined;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

/**
 * Holds what comes after it until a time of day: `new TimeSensor({ taskId: 'until_six', time: '06:00' })`. Rerun what comes before it
 * later in the day, and it is passed at once.
 */
export class TimeSensor extends WaitOperator<TimeFields, TimeSensorOptions> {
  static override readonly fields = { ...WAIT_FIELDS, time: 'value', timezone: 'value' } as const;

  constructor(options: TimeSensorOptions) {
    super(options);
    const { time, timezone } = this.fields as Partial<TimeFields>;
    if (typeof time !== 'string' || !TIME.test(time))
      throw refused(this.taskId, `time expects "HH:MM" or "HH:MM:SS", got ${JSON.stringify(time)}.`);
    if (timezone === undefined) return;
    try {
      zonedDay(0, timezone);
    } catch (error) {
      throw refused(this.taskId, `timezone: ${errorMessage(error)}`, error);
    }
  }

  protected fixedWait(): Wait {
    return this.waitOf();
  }

  protected waitOf(): Wait {
    const { time, timezone = null } = this.fields as unknown as TimeFields;
    return { kind: 'time', time, timezone };
  }
}
