import type { Run, RunState } from '../api/contract.ts';

/** States of runs: those first that need somebody. */
export const RUN_STATES = ['failed', 'running', 'queued', 'success'] as const satisfies readonly RunState[];

/** What makes a run. */
export type RunType = Run['runType'];
export const RUN_TYPES = [
  'scheduled',
  'manual',
  'backfill',
  'asset_triggered',
] as const satisfies readonly RunType[];
