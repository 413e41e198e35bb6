import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskDeferred, TaskFailed, TaskRescheduled, TaskSkipped } from '../dag/task-signal.ts';
import type { TemplatedFields } from '../dag/template.ts';
import { POKE_TRIGGER } from '../dag/trigger.ts';
import type { OnTimeout } from '../dag/wait.ts';
import { type Duration, formatDuration } from '../duration.ts';
import { optionMs, refused, WAIT_FIELDS, type WaitOptions, waitSettings } from './wait-options.ts';

/** Options that every {@link Sensor} takes. */
export interface SensorOptions extends WaitOptions {
  /** From one look to the next. A number is seconds. Default 1 minute. */
  readonly pokeInterval?: Duration | undefined;
  /** Doubles the interval with each look, up to `maxPokeInterval`. Default false. */
  readonly exponentialBackoff?: boolean | undefined;
  /** Default 1 hour, or `pokeInterval` when that is longer. */
  readonly maxPokeInterval?: Duration | undefined;
  /**
   * Where it waits between two looks. `reschedule`: nowhere; each look is a call of the task that takes a slot. `poke`: in its process,
   * holding its slot. `defer`: with many others in one process, without a slot; `poke` must await and never block there. Default
   * `reschedule` from an interval of a minute, `poke` below: starting a process more often costs more than holding a slot.
   */
  readonly mode?: SensorMode | undefined;
}

/** Where a sensor waits between two looks: see `mode` of {@link SensorOptions}. */
export type SensorMode = 'reschedule' | 'poke' | 'defer';

/** What a look gave: false or nothing, not yet; true, it is there; anything else, it is there and this is the task's output. */
export type Poked<Output> = Output | boolean | null | undefined;

export const SENSOR_FIELDS = {
  ...WAIT_FIELDS,
  pokeInterval: 'value',
  exponentialBackoff: 'value',
  maxPokeInterval: 'value',
  mode: 'value',
} as const;

const MODES = ['reschedule', 'poke', 'defer'] as const satisfies readonly SensorMode[];
const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_MAX_INTERVAL_MS = 3_600_000;
/** From here on a call costs less than the slot that it would hold. */
const RESCHEDULE_FROM_MS = 60_000;

interface SensorSettings {
  readonly intervalMs: number;
  readonly backoff: boolean;
  readonly maxIntervalMs: number;
  readonly mode: SensorMode;
  readonly timeoutMs: number;
  readonly onTimeout: OnTimeout;
}

/**
 * Waits until `poke` says that something is there. Its `timeout` counts from the first look over all of them, also over retries and lost
 * runners, and gives up for good.
 *
 * ```ts
 * class RowsThere extends Sensor<number, { table: string }> {
 *   static override readonly fields = { ...Sensor.fields, table: 'template' } as const;
 *   poke(context: TaskContext, { table }: { table: string }) {
 *     return countRows(table); // a number is the output, 0 as well: give null for "not yet"
 *   }
 * }
 * ```
 */
export abstract class Sensor<
  Output = never,
  Fields extends object = object,
  Options extends OperatorOptions & SensorOptions = OperatorOptions & SensorOptions & TemplatedFields<Fields>,
> extends Operator<Output | undefined, Fields & SensorOptions, Options> {
  static override readonly fields: typeof SENSOR_FIELDS = SENSOR_FIELDS;
  /** Of a class whose looks never block: where it waits unless told otherwise. */
  protected readonly defaultMode: SensorMode | null = null;
  readonly #given: SensorOptions;

  constructor(options: Options) {
    super(options);
    this.#given = this.fields as SensorOptions;
    // Refused where the author wrote it.
    this.#settings();
  }

  /** Looks once. Throwing fails the try; the wait goes on with the next one. */
  abstract poke(context: TaskContext, fields: Fields): Poked<Output> | Promise<Poked<Output>>;

  async execute(context: TaskContext, fields: Fields & SensorOptions): Promise<Output | undefined> {
    const { mode, timeoutMs, onTimeout } = this.#settings();
    if (mode !== 'defer') return this.#lookUntilDeadline(context, fields, mode);
    const found = await this.poke(context, fields);
    if (isThere(found)) return outputOf(found);
    const timeout = new Date(context.begunAt.getTime() + timeoutMs);
    throw new TaskDeferred({ kind: 'trigger', type: POKE_TRIGGER, args: {} }, { timeout, onTimeout });
  }

  /** Looks again and again: what the trigger of a deferred sensor does. Ends with the output, or never. */
  async pokeUntilThere(context: TaskContext, fields: Fields & SensorOptions): Promise<Output | undefined> {
    for (let looks = 0; ; looks++) {
      await context.sleep(this.#pauseMs(looks) / 1000);
      const found = await this.poke(context, fields);
      if (isThere(found)) return outputOf(found);
    }
  }

  async #lookUntilDeadline(
    context: TaskContext,
    fields: Fields & SensorOptions,
    mode: 'reschedule' | 'poke',
  ): Promise<Output | undefined> {
    const { timeoutMs } = this.#settings();
    const deadline = context.begunAt.getTime() + timeoutMs;
    for (let looks = context.calls; ; looks++) {
      const found = await this.poke(context, fields);
      if (isThere(found)) return outputOf(found);
      const now = Date.now();
      if (now >= deadline) return this.#giveUp(context);
      const next = Math.min(now + this.#pauseMs(looks), deadline);
      if (mode === 'reschedule') throw new TaskRescheduled(new Date(next));
      await context.sleep((next - now) / 1000);
    }
  }

  #giveUp(context: TaskContext): undefined {
    const { timeoutMs, onTimeout } = this.#settings();
    const reason = `What it waits for did not come within ${formatDuration(timeoutMs)}.`;
    if (onTimeout === 'skip') throw new TaskSkipped(reason);
    if (onTimeout === 'fail') throw new TaskFailed(reason);
    context.xcom.push('timed_out', true);
    context.log.warn(`${reason} It goes on all the same.`);
    return undefined;
  }

  /** After the look with this number, from 0. */
  #pauseMs(looks: number): number {
    const { intervalMs, backoff, maxIntervalMs } = this.#settings();
    return backoff ? Math.min(intervalMs * 2 ** Math.min(looks, 40), maxIntervalMs) : intervalMs;
  }

  #settings(): SensorSettings {
    const { taskId } = this;
    const { pokeInterval, maxPokeInterval, exponentialBackoff = false, mode } = this.#given;
    if (mode !== undefined && !MODES.includes(mode))
      throw refused(taskId, `mode expects one of ${MODES.join(', ')}, got ${JSON.stringify(mode)}.`);
    const intervalMs = optionMs(taskId, 'pokeInterval', pokeInterval) ?? DEFAULT_INTERVAL_MS;
    if (intervalMs === 0) throw refused(taskId, 'pokeInterval expects more than 0.');
    const maxIntervalMs =
      optionMs(taskId, 'maxPokeInterval', maxPokeInterval) ?? Math.max(DEFAULT_MAX_INTERVAL_MS, intervalMs);
    const byInterval = intervalMs >= RESCHEDULE_FROM_MS ? 'reschedule' : 'poke';
    return {
      intervalMs,
      maxIntervalMs,
      backoff: exponentialBackoff,
      mode: mode ?? this.defaultMode ?? byInterval,
      ...waitSettings(taskId, this.#given),
    };
  }
}

function isThere<Output>(found: Poked<Output>): found is Output | true {
  return found !== false && found !== null && found !== undefined;
}

function outputOf<Output>(found: Output | true): Output | undefined {
  return found === true ? undefined : (found as Output);
}
