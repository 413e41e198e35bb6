import { ConflictError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { firstAbove } from './sorted.ts';
import type { TickHorizon } from './tick-horizon.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';

/** What is known of a custom timetable that nobody asked yet. */
const NOTHING: TickHorizon = {
  from: Number.POSITIVE_INFINITY,
  until: Number.NEGATIVE_INFINITY,
  runs: [],
};

/**
 * A custom timetable where its code is not: it ticks from the horizon that the parse child handed over. Behind the horizon it has no next run
 * until a longer one comes, and it never makes one up.
 */
export class HorizonTimetable implements Timetable {
  readonly type = 'custom';
  readonly name: string;
  readonly periodic: boolean;
  readonly horizon: TickHorizon;
  readonly #description: string;
  readonly #slots: readonly number[];

  constructor(
    definition: { readonly name: string; readonly description: string; readonly periodic: boolean },
    horizon: TickHorizon | null,
  ) {
    this.name = definition.name;
    this.periodic = definition.periodic;
    this.#description = definition.description;
    this.horizon = horizon ?? NOTHING;
    this.#slots = this.horizon.runs.map(({ logicalDate }) => logicalDate.getTime());
  }

  nextRun(last: Date | null, { earliest, latest, catchup, now }: TimeRestriction): RunInfo | null {
    const { runs, from } = this.horizon;
    const floor = Math.max(
      last?.getTime() ?? Number.NEGATIVE_INFINITY,
      earliest === null ? Number.NEGATIVE_INFINITY : earliest.getTime() - 1,
    );
    const ceiling = latest?.getTime() ?? Number.POSITIVE_INFINITY;
    const isOpen = floor === Number.NEGATIVE_INFINITY;
    // Between the mark and the horizon may lie runs that nobody knows yet: none of them may be lost.
    if (catchup && !isOpen && floor + 1 < from) return null;
    const index = isOpen ? runs.findIndex(({ runAfter }) => runAfter > now) : firstAbove(this.#slots, floor);
    const first = runs[index];
    if (first === undefined || first.logicalDate.getTime() > ceiling) return null;
    if (catchup || first.runAfter > now) return first;
    return this.#newestDue(now, ceiling) ?? first;
  }

  manualInterval(runAfter: Date): DataInterval {
    const complete = this.#newestDue(runAfter, Number.POSITIVE_INFINITY);
    return complete?.dataInterval ?? { start: runAfter, end: runAfter };
  }

  /** Throws {@link ConflictError} for a range that is not known whole: leaving runs out would be worse. */
  *runsBetween(start: Date, end: Date): Generator<RunInfo> {
    if (!coversRange(this, start.getTime(), end.getTime())) {
      throw new ConflictError(
        `The runs of ${this.describe()} are known ${knownStretch(this.horizon)}. ` +
          'The dag processor works out those of another range when a backfill asks for it: is one running?',
      );
    }
    for (let index = firstAbove(this.#slots, start.getTime() - 1); ; index++) {
      const run = this.horizon.runs[index];
      if (run === undefined || run.logicalDate > end) return;
      yield run;
    }
  }

  describe(): string {
    return this.#description;
  }

  toJson(): JsonObject {
    return {
      type: this.type,
      name: this.name,
      description: this.#description,
      periodic: this.periodic,
    };
  }

  #newestDue(now: Date, ceiling: number): RunInfo | null {
    const { runs } = this.horizon;
    for (let index = firstAbove(this.#slots, ceiling) - 1; index >= 0; index--) {
      if (runs[index]!.runAfter <= now) return runs[index]!;
    }
    return null;
  }
}

/** Whether every run of the range, both ends included, is known. Of a timetable that the scheduler computes itself it always is. */
export function coversRange({ horizon }: Pick<Timetable, 'horizon'>, from: number, until: number): boolean {
  if (horizon === undefined) return true;
  return from >= horizon.from && (horizon.until === null || until <= horizon.until);
}

function knownStretch({ from, until }: TickHorizon): string {
  if (!Number.isFinite(from)) return 'for no time yet';
  const end = until === null ? 'on, to its last' : `to ${new Date(until).toISOString()}`;
  return `from ${new Date(from).toISOString()} ${end}`;
}
