import type { SerializedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Changes } from './changes.ts';
import { endAttempt } from './move-instance.ts';
import type { TaskOutcome } from './task-outcome.ts';
import type { InstanceWork } from './work.ts';

export interface AttemptEnd {
  readonly endedAtMs: number;
  readonly outcome: TaskOutcome;
  readonly rendered: JsonObject | null;
  readonly logEnd: number | null;
}

/** Ends the attempt; the instance is moved by the caller. */
export function closeAttempt(
  instance: InstanceWork,
  state: Changes['endedAttempts'][number]['state'],
  end: Omit<AttemptEnd, 'outcome'>,
  error: SerializedError | null,
  changes: Changes,
): void {
  const { endedAtMs, rendered, logEnd } = end;
  endAttempt(instance, { state, endDate: endedAtMs, error, rendered, logEnd }, changes);
}
