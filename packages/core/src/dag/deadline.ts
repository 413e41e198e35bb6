import type { Callback } from '../notifiers/index.ts';
import type { Deadline } from './dag-options.ts';
import { DagDefinitionError, suggestion } from './definition-error.ts';
import { callbacksOf, type OptionChecks } from './operator-options.ts';

/** A deadline after its checks. Exactly one of `by` and `withinMs` is not null. */
export interface DeadlineSettings {
  readonly name: string;
  /** Null: the run. */
  readonly taskId: string | null;
  /** `HH:MM` on the clock of the DAG's zone. */
  readonly by: string | null;
  readonly withinMs: number | null;
  readonly onMiss: readonly Callback[];
}

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Checks the deadlines of a DAG with the tasks `taskIds`. */
export function deadlineSettings(
  deadlines: readonly Deadline[],
  taskIds: ReadonlySet<string>,
  check: OptionChecks,
): readonly DeadlineSettings[] {
  const names = new Set<string>();
  return deadlines.map((deadline) => {
    const name = check.text('deadlines[].name', deadline.name);
    if (names.has(name)) throw check.refuse('deadlines', 'names that differ', name);
    names.add(name);
    if ((deadline.by === undefined) === (deadline.within === undefined)) {
      throw check.refuse(`deadline "${name}"`, 'either by: "10:00" or within: "2h"', deadline);
    }
    if (deadline.by !== undefined && !CLOCK.test(deadline.by)) {
      throw check.refuse(`deadline "${name}": by`, 'a time such as "10:00"', deadline.by);
    }
    if (deadline.task !== undefined && !taskIds.has(deadline.task)) {
      throw new DagDefinitionError(
        'invalid_option',
        `Deadline "${name}" is about the task "${deadline.task}", which does not exist.${suggestion(deadline.task, taskIds)}`,
      );
    }
    return {
      name,
      taskId: deadline.task ?? null,
      by: deadline.by ?? null,
      withinMs: check.duration(`deadline "${name}": within`, deadline.within) ?? null,
      onMiss: callbacksOf(['onMiss'], deadline, check).onMiss ?? [],
    };
  });
}
