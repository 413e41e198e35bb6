import type { AdoptableAttempt, LostAttempt } from '../executor.ts';

/**
 * What happens to a running task when the scheduler is killed. Its runner goes on and keeps the outcome (`runner/runner.ts`,
 * `task-api/spool.ts`). The next scheduler on this machine asks for what was handed out (`loop/leases/dag-intake.ts`), finds the living runners
 * (`RunnerPool.findPredecessors`), and each attempt is one of four: a runner is in the middle of it and it is taken over; it is
 * on its way in; its outcome is in the spool; or it is lost, which is said here.
 */
export function lossOf(
  { attemptId, grantNumber, runnerId }: AdoptableAttempt,
  gone: ReadonlyMap<string, { readonly sameBoot: boolean }>,
): { readonly attempt: LostAttempt; readonly sameBoot: boolean } {
  const sameBoot = runnerId === null || (gone.get(runnerId)?.sameBoot ?? true);
  const reason = sameBoot ? 'the runner process is gone' : 'the machine was restarted';
  return { attempt: { attemptId, grantNumber, started: runnerId !== null, reason }, sameBoot };
}
