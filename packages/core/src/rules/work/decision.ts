import type { InstanceWork } from './work.ts';

/**
 * What is stored about an instance besides its state, in its `decision`: notes, each of one kind, with `;` between them.
 *
 *     ignores_dependencies;skipped_by:choose      a person had it run though a branch had skipped it
 *     skipped_by:choose,any                       so did a short-circuit
 */

const SKIPPED_BY = 'skipped_by:';
const SKIPS = 'skips:';
const IGNORES_DEPENDENCIES = 'ignores_dependencies';

/** It was skipped because the run ended before it could: "only failed" means it too, and a clear forgets it. */
export const ENDED_WITH_RUN = 'ended_with_run';

type Noted = Pick<InstanceWork, 'decision'>;

const notesOf = ({ decision }: Noted): readonly string[] => decision?.split(';') ?? [];

/** What it notes after the prefix; null: nothing. */
const noted = (instance: Noted, prefix: string): string | null =>
  notesOf(instance)
    .find((one) => one.startsWith(prefix))
    ?.slice(prefix.length) ?? null;

/** Replaces what it notes of one kind; null: forgets it. */
function note(instance: Noted, prefix: string, text: string | null): void {
  const notes = notesOf(instance).filter((one) => !one.startsWith(prefix));
  if (text !== null) notes.push(`${prefix}${text}`);
  instance.decision = notes.length === 0 ? null : notes.join(';');
}

/** A branch or short-circuit decided that the instance is skipped. It survives a clear of the instance alone. */
export function noteSkippedBy(instance: InstanceWork, deciderId: string): void {
  if (instance.decision === ENDED_WITH_RUN) instance.decision = null;
  note(instance, SKIPPED_BY, [...new Set([...decidersOf(instance), deciderId])].join(','));
}

/** These tasks do not say so any more: they decided otherwise since, or are to decide anew. */
export function forgetSkippedBy(instance: InstanceWork, isMeant: (deciderId: string) => boolean): void {
  const left = decidersOf(instance).filter((deciderId) => !isMeant(deciderId));
  note(instance, SKIPPED_BY, left.length === 0 ? null : left.join(','));
}

/** The tasks that decided to skip the instance. */
export const decidersOf = (instance: Noted): readonly string[] =>
  noted(instance, SKIPPED_BY)?.split(',') ?? [];

/**
 * What a task in a closed group decided to skip outside of it. Kept with the one that decided, so that it is forgotten with its try, and each
 * map index speaks for itself.
 */
export function noteSkips(decider: InstanceWork, taskIds: ReadonlySet<string>): void {
  note(decider, SKIPS, taskIds.size === 0 ? null : [...taskIds].join(','));
}

/** The tasks outside of a closed group around it that an instance decided to skip. */
export const skippedOutside = (decider: InstanceWork): readonly string[] =>
  decider.state === 'success' ? (noted(decider, SKIPS)?.split(',') ?? []) : [];

/** Whether an instance decided to skip a task outside of a closed group around it. */
export const skips = (decider: InstanceWork, taskId: string): boolean =>
  skippedOutside(decider).includes(taskId);

/** The group of an instance begins again: only what was decided outside of it stays. */
export function forgetDecisions(instance: InstanceWork, isOutside: (deciderId: string) => boolean): void {
  const deciders = decidersOf(instance);
  instance.decision = null;
  for (const decider of deciders) if (isOutside(decider)) noteSkippedBy(instance, decider);
}

/** The task that ends a loop found that it goes on. Kept with the instance, so that another scheduler knows where the loop is. */
const UNTIL = 'until:';
const NOT_YET = 'not_yet';

/** What the task that ends a loop found. */
export function noteUntil(instance: InstanceWork, isMet: boolean): void {
  note(instance, UNTIL, isMet ? null : NOT_YET);
}

/** Whether the task that ends a loop found that it goes on; false: it is done, or a person said so. */
export const saidNotYet = (instance: InstanceWork): boolean =>
  instance.state === 'success' && noted(instance, UNTIL) === NOT_YET;

/** A person decides about the instance: what it found itself, or the end of its run did, counts no more. What a branch decided stays. */
export function overrule(instance: InstanceWork): void {
  if (instance.decision === ENDED_WITH_RUN) instance.decision = null;
  note(instance, UNTIL, null);
  takeBackSkips(instance);
}

/** It runs again, or a person decided about it: what it had decided counts no more. */
export const takeBackSkips = (decider: InstanceWork): void => note(decider, SKIPS, null);

/** Whether a person asked for it to run whatever stands before it; holds until it is scheduled. */
export const ignoresDependencies = (instance: Noted): boolean =>
  noted(instance, IGNORES_DEPENDENCIES) !== null;

/** It runs whatever stands before it, once. What a branch decided about it is kept for the time after. */
export const ignoreDependencies = (instance: InstanceWork): void => note(instance, IGNORES_DEPENDENCIES, '');

/** It waits for what stands before it again, as ever. */
export const heedDependencies = (instance: InstanceWork): void => note(instance, IGNORES_DEPENDENCIES, null);

/** Notes that the run's end takes the instance with it. What a branch decided about it stays. */
export function noteEndedWithRun(instance: InstanceWork): void {
  heedDependencies(instance);
  instance.decision ??= ENDED_WITH_RUN;
}
