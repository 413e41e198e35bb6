export { SchedulerFencedError } from './leases/scheduler-fenced-error.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
