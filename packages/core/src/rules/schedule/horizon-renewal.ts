import { type PackedHorizon, packedSlot } from '../../timetables/index.ts';

/** What decides whether the horizon of a custom timetable is too short. Instants are milliseconds since 1970 UTC. */
export interface HorizonAge {
  readonly knownFrom: number;
  readonly knownUntil: number | null;
  readonly renewAt: number | null;
  readonly computedAt: number;
  readonly catchup: boolean;
  /** The DAG's high-water mark. */
  readonly mark: number | null;
  /** Somebody asked for a range that nobody worked out yet. */
  readonly isWanted: boolean;
  /** The range of the backfill that is under way. */
  readonly backfill: { readonly from: number; readonly until: number } | null;
}

/** A horizon that was found too short although it was just worked out (a range that is too large, a clock that went back) is left alone this long. */
const PATIENCE_MS = 10 * 60_000;

/**
 * Whether the code of a custom timetable should be asked again: its schedule has come to the middle of what is known, or a range is needed
 * that is not known.
 */
export function isHorizonDue(age: HorizonAge, now: number): boolean {
  if (age.isWanted) return true;
  const { knownFrom, knownUntil, renewAt, mark, backfill } = age;
  const come = age.catchup ? (mark ?? Number.NEGATIVE_INFINITY) : now;
  if (renewAt !== null && come >= renewAt) return true;
  const isShort =
    (knownUntil !== null && now > knownUntil) ||
    (backfill !== null && backfill.from < knownFrom) ||
    (backfill !== null && knownUntil !== null && backfill.until > knownUntil);
  return isShort && now - age.computedAt > PATIENCE_MS;
}

/** When a horizon that was worked out at `now` is to be renewed: at the run in the middle of those that are still to come. */
export function horizonRenewAt(
  { until, runs }: Pick<PackedHorizon, 'until' | 'runs'>,
  come: number,
): number | null {
  if (until === null) return null;
  const ahead = runs.map(packedSlot).filter((slot) => slot > come);
  return ahead[ahead.length >> 1] ?? until;
}
