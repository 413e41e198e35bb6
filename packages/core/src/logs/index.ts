export { AttemptLog, type AttemptLogOptions } from './attempt-log.ts';
export {
  type LogHits,
  LogIndexes,
  type LogWindow,
  type LogWindowOptions,
  type NumberedLogLine,
} from './log-index.ts';
export { LOG_LEVELS, type LogLevel, type LogLine, type LogSource } from './log-line.ts';
export {
  followAttemptLog,
  type LogPage,
  type LogPageOptions,
  readAttemptLog,
} from './log-reader.ts';
export { LogSegment, LogSegments } from './log-segment.ts';
export { attemptLogPlace, type LogPlace } from './log-sources.ts';
export { MASK, SecretMasker } from './secret-masker.ts';
