import type { Asset, AssetEvent } from '../assets/index.ts';
import { isAsset } from '../assets/index.ts';
import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskDeferred } from '../dag/task-signal.ts';
import type { Templated } from '../dag/template.ts';
import type { AssetWait, OnTimeout } from '../dag/wait.ts';
import { refused, WAIT_FIELDS, type WaitOptions, waitSettings } from './wait-options.ts';

interface SensorFields {
  readonly partition?: string;
}

/** Options of an {@link AssetSensor}. */
export interface AssetSensorOptions extends OperatorOptions, WaitOptions {
  /** Whose events are waited for. */
  readonly asset: Asset;
  /** Only events about this part of the asset, such as `'{{ ds }}'`, whenever they were. Default: events about whatever part. */
  readonly partition?: Templated<string> | undefined;
  /**
   * Which events count: from when the run became `due` (default without a partition), from `runStart`, or `ever` (default with one).
   */
  readonly since?: AssetWait['since'] | undefined;
}

const SINCE: readonly AssetWait['since'][] = ['due', 'runStart', 'ever'];

/**
 * Waits, without a process and without a slot, for an event of an asset, which is its output: what is new in it when this DAG is not
 * scheduled on it, or in the middle of a run. Only a templated partition needs a process, once, to say what it is.
 */
export class AssetSensor extends Operator<
  Omit<AssetEvent, 'at'> & { at: string },
  SensorFields,
  AssetSensorOptions
> {
  static override readonly fields = {
    ...WAIT_FIELDS,
    asset: 'value',
    partition: 'template',
    since: 'value',
  } as const;

  constructor(options: AssetSensorOptions) {
    super(options);
    if (!isAsset(this.fields.asset))
      throw refused(this.taskId, 'asset expects an asset: new Asset("orders").');
    const { since } = this.#given;
    if (since !== undefined && !SINCE.includes(since))
      throw refused(this.taskId, `since expects one of ${SINCE.join(', ')}, got ${JSON.stringify(since)}.`);
    waitSettings(this.taskId, this.#given);
  }

  get #given(): AssetSensorOptions {
    return this.fields as unknown as AssetSensorOptions;
  }

  override get sensedAsset(): Asset {
    return this.#given.asset;
  }

  override get wait(): {
    readonly on: AssetWait;
    readonly timeoutMs: number | null;
    readonly onTimeout: OnTimeout;
  } | null {
    const { partition } = this.#given;
    if (partition !== undefined && (typeof partition !== 'string' || partition.includes('{'))) return null;
    return { on: this.#waitFor(partition), ...waitSettings(this.taskId, this.#given) };
  }

  execute(context: TaskContext, { partition }: SensorFields): never {
    const { timeoutMs, onTimeout } = waitSettings(this.taskId, this.#given);
    const timeout = new Date(context.begunAt.getTime() + timeoutMs);
    throw new TaskDeferred(this.#waitFor(partition), { timeout, onTimeout });
  }

  #waitFor(partition: string | undefined): AssetWait {
    const { asset, since = partition === undefined ? 'due' : 'ever' } = this.#given;
    return { kind: 'asset', asset: asset.name, partition: partition ?? null, since };
  }
}
