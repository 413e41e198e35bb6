export { AttemptLog, type AttemptLogOptions } from './attempt-log.ts';
export { LOG_LEVELS, type LogLevel, type LogLine, type LogSource } from './log-line.ts';
export {
  followAttemptLog,
  type LogPage,
  type LogPageOptions,
  type LogPlace,
  readAttemptLog,
} from './log-reader.ts';
export { LogSegment, LogSegments } from './log-segment.ts';
export { MASK, SecretMasker } from './secret-masker.ts';
