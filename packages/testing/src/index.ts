export { type DagTest, RunStuckError } from './dag-test.ts';
export type { ConfOf, DagTestOptions, RunOptions } from './dag-test-options.ts';
export { ManualClock } from './manual-clock.ts';
export { runDag, startDag } from './run-dag.ts';
export type { AttemptReport, RunReport } from './run-report.ts';
export { type FakeCall, fails, failsForGood, returns, skips, type TaskFake, takes } from './task-fake.ts';
