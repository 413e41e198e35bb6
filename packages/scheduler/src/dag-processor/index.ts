export { type CheckOptions, checkDags } from './check/check-dags.ts';
export type { CheckProblem, CheckReport } from './check/check-report.ts';
export { DagProcessor, type DagProcessorEvent, type DagProcessorOptions } from './dag-processor.ts';
export type { ImportFailure } from './import-failure.ts';
export type { ParseLimits } from './parse-process.ts';
