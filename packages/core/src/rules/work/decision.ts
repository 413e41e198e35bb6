import type { InstanceWork } from './work.ts';

/** What is stored about an instance besides its state, in its `decision`. */

const SKIPPED_BY = 'skipped_by:';
const IGNORES_DEPENDENCIES = 'ignores_dependencies';

/** It was skipped because the run ended before it could: "only failed" means it too, and a clear forgets it. */
export const ENDED_WITH_RUN = 'ended_with_run';

/** A branch or short-circuit decided that the instance is skipped. It survives a clear of the instance alone. */
export const skippedBy = (deciderId: string): string => `${SKIPPED_BY}${deciderId}`;

/** The task that decided to skip the instance; null: none did. */
export function deciderOf({ decision }: Pick<InstanceWork, 'decision'>): string | null {
  return decision?.startsWith(SKIPPED_BY) === true ? decision.slice(SKIPPED_BY.length) : null;
}

/** The task that ends a loop found that it goes on. Kept with the instance, so that another scheduler knows where the loop is. */
const NOT_YET = 'until:not_yet';

/** What the task that ends a loop found. */
export function noteUntil(instance: InstanceWork, isMet: boolean): void {
  instance.decision = isMet ? null : NOT_YET;
}

/** Whether the task that ends a loop found that it goes on; false: it is done, or a person said so. */
export const saidNotYet = ({ state, decision }: InstanceWork): boolean =>
  state === 'success' && decision === NOT_YET;

/** A person decides about the instance: what it found itself, or the end of its run did, counts no more. What a branch decided stays. */
export function overrule(instance: InstanceWork): void {
  if (instance.decision === ENDED_WITH_RUN || instance.decision === NOT_YET) instance.decision = null;
}

/** Whether a person asked for it to run whatever stands before it; holds until it is scheduled. */
export function ignoresDependencies({ decision }: Pick<InstanceWork, 'decision'>): boolean {
  return decision?.startsWith(IGNORES_DEPENDENCIES) === true;
}

/** It runs whatever stands before it, once. What a branch decided about it is kept for the time after. */
export function ignoreDependencies(instance: InstanceWork): void {
  if (ignoresDependencies(instance)) return;
  const rest = instance.decision === null ? '' : `;${instance.decision}`;
  instance.decision = `${IGNORES_DEPENDENCIES}${rest}`;
}

/** It waits for what stands before it again, as ever. */
export function heedDependencies(instance: InstanceWork): void {
  if (!ignoresDependencies(instance)) return;
  const rest = instance.decision!.slice(IGNORES_DEPENDENCIES.length + 1);
  instance.decision = rest === '' ? null : rest;
}

/** Notes that the run's end takes the instance with it. What a branch decided about it stays. */
export function noteEndedWithRun(instance: InstanceWork): void {
  heedDependencies(instance);
  instance.decision ??= ENDED_WITH_RUN;
}
