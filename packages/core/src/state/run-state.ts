export const RUN_STATES = ['queued', 'running', 'success', 'failed'] as const;

export type RunState = (typeof RUN_STATES)[number];

/** Why a run exists: its schedule, a person, a backfill, or asset events. */
export const RUN_TYPES = ['scheduled', 'manual', 'backfill', 'asset_triggered'] as const;

/** What made a run: its schedule, a person (or a task), a backfill, events of assets. */
export type RunType = (typeof RUN_TYPES)[number];

export function isRunFinished(state: RunState): state is 'success' | 'failed' {
  return state === 'success' || state === 'failed';
}
