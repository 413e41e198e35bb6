import type { TaskContext } from '../dag/context.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Templated } from '../dag/template.ts';
import type { Wait } from '../dag/wait.ts';
import { parseInstant } from '../timetables/index.ts';
import { WaitOperator } from './wait-operator.ts';
import { refused, WAIT_FIELDS, type WaitOptions } from './wait-options.ts';

interface UntilFields {
  readonly until: Date | string;
}

/** Options of a {@link WaitUntil}. */
export interface WaitUntilOptions extends OperatorOptions, WaitOptions {
  /**
   * An instant, or a function of the context, a template or an output that gives one. Text without an offset is read in the DAG's
   * zone: `'2026-01-31T06:00'`.
   */
  readonly until: Templated<Date | string>;
}

/** Waits until an instant. One that has passed is passed at once. */
export class WaitUntil extends WaitOperator<UntilFields, WaitUntilOptions> {
  static override readonly fields = { ...WAIT_FIELDS, until: 'template' } as const;

  constructor(options: WaitUntilOptions) {
    super(options);
    const { until } = this.fields;
    if (until === undefined || (until instanceof Date && Number.isNaN(until.getTime())))
      throw refused(this.taskId, 'until expects an instant: a Date, a text, or a function that gives one.');
  }

  protected fixedWait(): Wait | null {
    const { until } = this.fields;
    return until instanceof Date ? { kind: 'instant', at: until.toISOString() } : null;
  }

  protected waitOf({ timezone }: TaskContext, { until }: UntilFields): Wait {
    const at = until instanceof Date ? until : parseInstant(String(until), timezone, 'until');
    return { kind: 'instant', at: at.toISOString() };
  }
}
