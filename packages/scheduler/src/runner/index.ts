export { Attempt, type AttemptEnd, type AttemptHost } from './attempt.ts';
export {
  AttemptCancelledError,
  ExecutionTimeoutError,
  successOutcome,
  thrownOutcome,
} from './attempt-outcome.ts';
export { AttemptContext, type AttemptPorts, type AttemptQuestion, mapIndexOf } from './task-context.ts';
export { DEFAULT_MAX_XCOM_BYTES, XComValueError, xcomValue } from './xcom-value.ts';
