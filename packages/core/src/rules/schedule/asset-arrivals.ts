import { type AssetCondition, assetsIn, conditionHolds } from '../../assets/index.ts';
import type { AssetArrival, AssetRun } from './asset-runs.ts';

/** Events of one partition, or of none. */
interface Group {
  readonly partition: string | null;
  readonly events: Map<number, AssetArrival>;
  readonly assets: Set<string>;
}

/**
 * The events that wait in a DAG that is scheduled on assets. They make one run for each partition in which the condition holds, with every
 * event of that partition; events without one are a group of their own. An event costs its own partition, however many others wait.
 */
export class AssetArrivals {
  #condition: AssetCondition | null = null;
  #named: ReadonlySet<string> = new Set();
  readonly #groups = new Map<string | null, Group>();
  /** Those in which the condition holds. */
  readonly #complete = new Set<Group>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** Takes an event in. False: it is here already. */
  add(arrival: AssetArrival): boolean {
    const { partition, eventId, asset } = arrival;
    let group = this.#groups.get(partition);
    if (group === undefined) {
      group = { partition, events: new Map(), assets: new Set() };
      this.#groups.set(partition, group);
    }
    if (group.events.has(eventId)) return false;
    group.events.set(eventId, arrival);
    // A second event of an asset makes no condition hold that did not.
    if (!group.assets.has(asset)) {
      group.assets.add(asset);
      this.#look(group);
    }
    return true;
  }

  /**
   * From now on this condition makes the runs (null: the DAG is scheduled on no assets any more). Returns the events that are let go, since
   * it does not name their asset. Costs what waits when it is another condition than before, and nothing else.
   */
  adopt(condition: AssetCondition | null): readonly AssetArrival[] {
    if (condition === this.#condition && condition !== null) return [];
    this.#condition = condition;
    this.#named = new Set(condition === null ? [] : assetsIn(condition));
    const dropped: AssetArrival[] = [];
    for (const group of [...this.#groups.values()]) {
      for (const event of group.events.values()) if (!this.#named.has(event.asset)) dropped.push(event);
      for (const asset of group.assets) if (!this.#named.has(asset)) group.assets.delete(asset);
    }
    this.take(dropped);
    for (const group of this.#groups.values()) this.#look(group);
    return dropped;
  }

  /** The runs that can be made now, in the order in which their groups began. Costs what they list. */
  runs(): readonly AssetRun[] {
    return [...this.#complete]
      .map(({ partition, events }) => {
        return { partition, events: [...events.values()].sort((a, b) => a.eventId - b.eventId) };
      })
      .sort((a, b) => a.events[0]!.eventId - b.events[0]!.eventId);
  }

  /** Takes out events that wait no longer: all of a partition, or those of assets that nobody names. */
  take(events: readonly AssetArrival[]): void {
    for (const { partition, eventId } of events) {
      const group = this.#groups.get(partition);
      if (group?.events.delete(eventId) !== true || group.events.size > 0) continue;
      this.#groups.delete(partition);
      this.#complete.delete(group);
    }
  }

  #look(group: Group): void {
    if (this.#condition !== null && conditionHolds(this.#condition, group.assets)) this.#complete.add(group);
    else this.#complete.delete(group);
  }
}
