import { TsflowError } from '../errors.ts';

/**
 * Thrown while a DAG loads, when its schedule cannot be understood or can never come due. `schedule` is what the author wrote;
 * the message names the part that is wrong, says what was expected and, where it can, what was probably meant.
 */
export class InvalidScheduleError extends TsflowError {
  readonly schedule: string;

  constructor(schedule: string, problem: string) {
    super('invalid_schedule', `Schedule ${JSON.stringify(schedule)}: ${problem}`);
    this.schedule = schedule;
  }
}
