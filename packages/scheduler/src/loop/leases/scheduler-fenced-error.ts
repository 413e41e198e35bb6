import { TsflowError } from '@tsflow/core/errors';

/** Thrown when another scheduler took this one's place: it must stop without another write. */
export class SchedulerFencedError extends TsflowError {
  constructor(schedulerId: string) {
    super(
      'scheduler_fenced',
      `Scheduler ${schedulerId} was replaced while it did not beat; it stops. Its tasks go on.`,
    );
  }
}
