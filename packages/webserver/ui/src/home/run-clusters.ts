import type { RunBar } from '../api/contract.ts';
import { beginOf } from './timeline-rows.ts';

/** A run on the axis, in pixels. */
export interface PlacedRun {
  readonly run: RunBar;
  readonly left: number;
  readonly right: number;
}

/** Runs that would be drawn over one another: how many there are at each place, by state. */
export interface RunCluster {
  readonly left: number;
  readonly right: number;
  readonly runs: readonly RunBar[];
  readonly counts: Readonly<Partial<Record<RunBar['state'], number>>>;
  /** From left to right, {@link COLUMN_PIXELS} wide each. */
  readonly columns: readonly Readonly<Partial<Record<RunBar['state'], number>>>[];
  /** Most runs of one column. */
  readonly peak: number;
}

export const COLUMN_PIXELS = 4;

/** The least width of a mark: a run of seconds in a window of days has to be seen, and a failure first. */
const LEAST_PIXELS: Record<RunBar['state'], number> = { failed: 12, running: 9, queued: 6, success: 5 };

/**
 * The runs of a DAG as marks, and as clusters where marks would overlap: a backfill of a thousand runs within a minute is one cluster
 * with a few columns, and costs what those cost.
 */
export function runClusters(
  runs: readonly RunBar[],
  span: { readonly from: number; readonly to: number },
  width: number,
  now: number,
): readonly (PlacedRun | RunCluster)[] {
  const scale = width / (span.to - span.from);
  const placed: PlacedRun[] = [];
  for (const run of runs) {
    const begin = beginOf(run);
    const end = run.endDate === null ? Math.max(begin, now) : Date.parse(run.endDate);
    if (end < span.from || begin > span.to) continue;
    const left = Math.max(0, (begin - span.from) * scale);
    const right = Math.max(left + LEAST_PIXELS[run.state], (Math.min(end, span.to) - span.from) * scale);
    placed.push({ run, left, right });
  }
  placed.sort((a, b) => a.left - b.left);
  const drawn: (PlacedRun | RunCluster)[] = [];
  let open: PlacedRun[] = [];
  let right = Number.NEGATIVE_INFINITY;
  const close = () => {
    if (open.length === 1) drawn.push(open[0]!);
    else if (open.length > 1) drawn.push(cluster(open));
    open = [];
  };
  for (const each of placed) {
    if (each.left > right) close();
    open.push(each);
    right = open.length === 1 ? each.right : Math.max(right, each.right);
  }
  close();
  return drawn;
}

function cluster(placed: readonly PlacedRun[]): RunCluster {
  const left = placed[0]!.left;
  const right = placed.reduce((most, each) => Math.max(most, each.right), left);
  const columns = Array.from(
    { length: Math.max(1, Math.ceil((right - left) / COLUMN_PIXELS)) },
    (): Partial<Record<RunBar['state'], number>> => ({}),
  );
  const counts: Partial<Record<RunBar['state'], number>> = {};
  for (const { run, left: begin, right: end } of placed) {
    counts[run.state] = (counts[run.state] ?? 0) + 1;
    const first = Math.floor((begin - left) / COLUMN_PIXELS);
    const last = Math.max(first, Math.ceil((end - left) / COLUMN_PIXELS) - 1);
    for (let at = first; at <= last && at < columns.length; at += 1)
      columns[at]![run.state] = (columns[at]![run.state] ?? 0) + 1;
  }
  const peak = Math.max(
    ...columns.map((column) => Object.values(column).reduce((sum, count) => sum + count, 0)),
  );
  return { left, right, runs: placed.map(({ run }) => run), counts, columns, peak };
}
