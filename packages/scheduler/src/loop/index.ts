export { Scheduler, SchedulerFencedError, type SchedulerOptions } from './scheduler.ts';
