import { type AssetCondition, describeCondition } from '../assets/index.ts';
import type { JsonObject } from '../json.ts';
import type { TickHorizon } from './tick-horizon.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';

/**
 * Runs when assets were updated, and (with `time`) at the ticks of another timetable too. Which events make a run is decided where
 * they arrive; here are only its ticks.
 */
export class AssetTimetable implements Timetable {
  readonly type = 'asset';
  readonly assets: AssetCondition;
  readonly time: Timetable | null;
  readonly horizon?: TickHorizon;

  constructor(assets: AssetCondition, time: Timetable | null = null) {
    this.assets = assets;
    this.time = time;
    if (time?.horizon !== undefined) this.horizon = time.horizon;
  }

  get periodic(): boolean {
    return this.time?.periodic ?? false;
  }

  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
    return this.time?.nextRun(last, restriction) ?? null;
  }

  manualInterval(runAfter: Date): DataInterval {
    return this.time?.manualInterval(runAfter) ?? { start: runAfter, end: runAfter };
  }

  runsBetween(start: Date, end: Date): Iterable<RunInfo> {
    return this.time?.runsBetween(start, end) ?? [];
  }

  describe(): string {
    const isSeveral = 'all' in this.assets && this.assets.all.length > 1;
    const condition = `when ${describeCondition(this.assets)} ${isSeveral ? 'are' : 'is'} updated`;
    return this.time === null ? condition : `${condition}, or ${this.time.describe()}`;
  }

  toJson(): JsonObject {
    return {
      type: this.type,
      assets: this.assets,
      time: this.time?.toJson() ?? null,
    };
  }
}
