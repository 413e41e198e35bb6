import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';

/**
 * Skips its direct downstream unless the run is the newest of its schedule: from when it is due until the next one is. What catches
 * up, or is backfilled, then leaves out what only makes sense for today, such as a mail. Runs by hand are never skipped.
 */
export class LatestOnlyOperator extends Operator<
  boolean,
  { readonly ignoreDownstreamTriggerRules: boolean },
  OperatorOptions
> {
  static override readonly fields = { ignoreDownstreamTriggerRules: 'value' } as const;
  override readonly decides = 'short_circuit' as const;

  constructor(options: OperatorOptions) {
    const directDownstream = { ...options, ignoreDownstreamTriggerRules: false };
    super(directDownstream);
  }

  execute(context: TaskContext): boolean {
    const { runType, nextRunAt } = context;
    if (runType === 'manual') return true;
    const isNewest = nextRunAt === null || Date.now() < nextRunAt.getTime();
    context.log.info(
      isNewest ? 'The run is the newest.' : `A newer run was due at ${nextRunAt.toISOString()}.`,
    );
    return isNewest;
  }
}
