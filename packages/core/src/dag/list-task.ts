import { FunctionOperator } from './function-operator.ts';
import { type ListNode, listExpression, needsTask } from './list-expression.ts';
import type { MapArgument } from './map-argument.ts';
import type { AnyOperator } from './operator.ts';
import type { AnyTaskGroup } from './task-group.ts';
import type { OwnedTaskOutput } from './task-output.ts';

/**
 * When code of the author or a param decides how long a list is, a task of its own makes the list: `<task>__<input>`, in front of what is
 * mapped over it. It has logs, tries and a state as any other, and the scheduler runs no user code. See ADR 005.
 */
export function makeListTask(mapped: AnyOperator | AnyTaskGroup, name: string, argument: MapArgument): void {
  if (!needsTask(argument.node)) return;
  const task = new FunctionOperator<readonly unknown[]>({
    ...('settings' in mapped ? listTaskOptions(mapped) : {}),
    taskId: `${ownId(mapped)}__${name}`,
    call: (_context, { list }: { list: readonly unknown[] }) => list,
    inputs: { list: listExpression(argument.node) },
  });
  const output = task.output as OwnedTaskOutput<unknown>;
  argument.node = { kind: 'output', output } satisfies ListNode;
}

/** It is tried as often as the task itself, in the same pool. */
function listTaskOptions({ settings }: AnyOperator) {
  return {
    retries: settings.retries,
    retryDelay: settings.retryDelayMs / 1000,
    pool: settings.pool,
    queue: settings.queue,
    ...(settings.owner === null ? {} : { owner: settings.owner }),
  };
}

/** Without the groups around it, which the scope puts in front again. */
function ownId(mapped: AnyOperator | AnyTaskGroup): string {
  const [id, around] = 'settings' in mapped ? [mapped.taskId, mapped.group] : [mapped.groupId, mapped.parent];
  return around === null ? id : id.slice(around.groupId.length + 1);
}
