import { isOperator, isTaskGroup } from '../dag/brand.ts';
import type { TaskContext } from '../dag/context.ts';
import { DagDefinitionError } from '../dag/definition-error.ts';
import { type EdgeEnds, wire } from '../dag/edges.ts';
import { checkCall, type TaskCall } from '../dag/function-operator.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { TaskOptions } from '../dag/task.ts';
import type { InputValues, TaskInputs } from '../dag/template.ts';

/** What a branch may return: the id of a task or group, several, or none. */
export type BranchChoice<Id extends string = string> = Id | readonly Id[] | null | undefined;

interface BranchFields {
  readonly call: TaskCall<BranchChoice>;
  readonly inputs?: TaskInputs;
}

/** Options of a {@link BranchOperator}. */
export interface BranchOptions extends OperatorOptions {
  /** Returns the ids of the tasks or groups to go on with; null or an empty list skips all direct downstream. */
  readonly call: TaskCall<BranchChoice>;
  /** Values for `call`; outputs among them are edges. */
  readonly inputs?: TaskInputs | undefined;
}

/**
 * Chooses which of its direct downstream tasks go on; the others are skipped, unless they can also be reached through a chosen one.
 * An id that the DAG does not have fails the task for good. {@link branch} checks the ids at compile time.
 */
export class BranchOperator extends Operator<string | readonly string[] | null, BranchFields, BranchOptions> {
  static override readonly fields = { call: 'value', inputs: 'input' } as const;
  override readonly decides = 'branch' as const;

  constructor(options: BranchOptions) {
    checkCall(options);
    super(options);
  }

  async execute(
    context: TaskContext,
    { call, inputs = {} }: BranchFields,
  ): Promise<string | readonly string[] | null> {
    return (await call(context, inputs)) ?? null;
  }
}

/** What can be chosen, by the name under which the function chooses it. */
export type BranchTargets = { readonly [name: string]: EdgeEnds };

/**
 * A branch whose choices are checked at compile time: the function returns names of `targets`, and each of them is wired after the
 * branch.
 *
 * ```ts
 * branch('mode', (_context, { mode }) => mode, { all: loadAll, incremental: loadDay }, { mode: params.mode });
 * ```
 */
export function branch<Targets extends BranchTargets, Inputs extends TaskInputs = Record<never, never>>(
  taskId: string,
  choose: (
    context: TaskContext,
    inputs: InputValues<NoInfer<Inputs>>,
  ) => BranchChoice<keyof Targets & string> | Promise<BranchChoice<keyof Targets & string>>,
  targets: Targets,
  inputs?: Inputs,
  options: TaskOptions = {},
): BranchOperator {
  const ids = new Map(
    Object.entries(targets).map(([name, ends]) => [name, [ends].flat().map((end) => idOf(taskId, end))]),
  );
  if (ids.size === 0)
    throw new DagDefinitionError('invalid_option', `Branch "${taskId}" has nothing to choose from.`);
  const chosenNames: TaskCall<BranchChoice> = choose;
  const operator = new BranchOperator({
    ...options,
    taskId,
    inputs: inputs ?? {},
    call: async (context, values) => {
      const chosen = await chosenNames(context, values);
      // A name that is none of the targets goes on as it is: the decision refuses it in words.
      return [chosen ?? []].flat().flatMap((name) => ids.get(name) ?? [name]);
    },
  });
  wire([operator], Object.values(targets).flat(), operator.site);
  return operator;
}

function idOf(branchId: string, end: Exclude<EdgeEnds, readonly unknown[]>): string {
  if (isOperator(end)) return end.taskId;
  if (isTaskGroup(end)) return end.groupId;
  throw new DagDefinitionError(
    'invalid_option',
    `Branch "${branchId}" chooses among tasks and groups by name, { all: loadAll, day: loadDay }, got ${JSON.stringify(end)}.`,
  );
}
