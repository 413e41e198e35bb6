import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Wait } from '../dag/wait.ts';
import type { Duration } from '../duration.ts';
import { WaitOperator } from './wait-operator.ts';
import { optionMs, refused, WAIT_FIELDS, type WaitOptions } from './wait-options.ts';

type From = 'dataIntervalEnd' | 'runStart';

interface DeltaFields {
  readonly delta: Duration;
  readonly from?: From;
}

/** Options of a {@link DeltaSensor}. */
export interface DeltaSensorOptions extends OperatorOptions, WaitOptions {
  /** How long after `from`. A number is seconds. */
  readonly delta: Duration;
  /** Default `dataIntervalEnd`. */
  readonly from?: From | undefined;
}

/** Waits until so long after the data interval ended, or after the run started. */
export class DeltaSensor extends WaitOperator<DeltaFields, DeltaSensorOptions> {
  static override readonly fields = { ...WAIT_FIELDS, delta: 'value', from: 'value' } as const;

  constructor(options: DeltaSensorOptions) {
    super(options);
    const { from } = this.fields as Partial<DeltaFields>;
    if (from !== undefined && from !== 'dataIntervalEnd' && from !== 'runStart')
      throw refused(
        this.taskId,
        `from expects one of dataIntervalEnd, runStart, got ${JSON.stringify(from)}.`,
      );
    this.waitOf();
  }

  protected fixedWait(): Wait {
    return this.waitOf();
  }

  protected waitOf(): Wait {
    const { delta, from = 'dataIntervalEnd' } = this.fields as Partial<DeltaFields>;
    const ms = optionMs(this.taskId, 'delta', delta);
    if (ms === undefined) throw refused(this.taskId, 'delta expects a duration such as "2h", or seconds.');
    return { kind: 'delta', ms, from };
  }
}
