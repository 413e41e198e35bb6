import { type AssetEvent, type EmittedAssetEvent, isAsset } from '@tsflow/core/assets';
import type { AnyOperator, AssetPort, TaskContext } from '@tsflow/core/dag';
import { didYouMean, InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { renderValue } from '@tsflow/core/templating';
import type { AttemptPorts } from './task-context.ts';
import { xcomValue } from './xcom-value.ts';

/** As the scheduler tells it, in JSON. */
type ToldEvent = Omit<AssetEvent, 'at'> & { readonly at: string };

/** The assets of one attempt; what it emits is kept in `emitted` until it succeeds. */
export function assetPort(
  ports: AttemptPorts,
  emitted: EmittedAssetEvent[],
  outlets: readonly string[],
): AssetPort {
  let posted = 0;
  return {
    async triggeredBy() {
      const events = (await ports.ask({ verb: 'asset_events' })) as unknown as ToldEvent[];
      return events.map((event) => ({ ...event, at: new Date(event.at) }));
    },
    emit(outlet, { extra = {}, partition } = {}) {
      const asset = isAsset(outlet) ? outlet.name : String(outlet);
      if (!outlets.includes(asset)) throw notAnOutlet(asset, outlets);
      emitted.push(checkedEvent(asset, extra, partition ?? null));
    },
    async post(of, { extra = {}, partition } = {}) {
      const name = isAsset(of) ? of.name : String(of);
      const event = checkedEvent(name, extra, partition ?? null);
      const answer = await ports.ask({ verb: 'post_asset_event', ...event, call: posted++ });
      return { eventId: (answer as { eventId: number }).eventId };
    },
  };
}

/**
 * What a task that did its work says about its outlets: what it emitted, and for the others what their author wrote down, rendered now. Throws
 * what rendering throws, and `InvalidInputError`.
 */
export async function outletEvents(
  { settings }: AnyOperator,
  context: TaskContext,
  emitted: readonly EmittedAssetEvent[],
): Promise<readonly EmittedAssetEvent[]> {
  const silent = settings.outlets.filter(({ asset }) => !emitted.some((event) => event.asset === asset.name));
  const events = [...emitted];
  for (const { asset, partition, extra } of silent) {
    const field = `outlets.${asset.name}`;
    const part = partition === null ? null : await renderValue(partition, `${field}.partition`, context);
    events.push(checkedEvent(asset.name, await renderValue(extra, `${field}.extra`, context), part));
  }
  return events;
}

const MAX_PARTITION = 250;

function checkedEvent(asset: string, extra: unknown, partition: unknown): EmittedAssetEvent {
  const json = xcomValue(`extra of ${asset}`, extra);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InvalidInputError(`Asset "${asset}": extra expects a JSON object.`);
  }
  if (
    partition !== null &&
    (typeof partition !== 'string' || partition === '' || partition.length > MAX_PARTITION)
  ) {
    throw new InvalidInputError(
      `Asset "${asset}": partition expects a text of 1 to ${MAX_PARTITION} characters, got ${JSON.stringify(partition)}.`,
    );
  }
  return { asset, extra: json as JsonObject, partition };
}

function notAnOutlet(asset: string, outlets: readonly string[]): InvalidInputError {
  const meant = didYouMean(asset, outlets);
  const hint = meant === undefined ? 'Name it among the outlets of the task.' : `Did you mean "${meant}"?`;
  return new InvalidInputError(`"${asset}" is not an outlet of this task. ${hint}`);
}
