import type { RunWait } from '@tsflow/core/dag';
import type { Script } from './scripted-executor.ts';

/** How an attempt of a {@link Script} ends. */
export type ScriptedOutcome = NonNullable<ReturnType<Script>>;

export const done = { kind: 'success', xcoms: {} } satisfies ScriptedOutcome;

/** For good, whatever retries are left. */
export const failed = {
  kind: 'failed',
  error: { name: 'Error', message: 'no' },
  retryable: false,
} satisfies ScriptedOutcome;

/** Asks for a run of `child`, as TriggerDagRun does: waits for its end, unless `changes` say otherwise. */
export const asksForRun = (changes: Partial<RunWait> = {}): ScriptedOutcome => ({
  kind: 'defer',
  savedState: null,
  deferral: {
    on: {
      kind: 'run',
      dagId: 'child',
      how: 'trigger',
      conf: {},
      logicalDate: null,
      runId: null,
      waitForCompletion: true,
      allowedStates: ['success'],
      failedStates: ['failed'],
      ...changes,
    },
    timeoutAt: null,
    onTimeout: 'fail',
    after: 'end',
  },
});
