import type { AssetWait, ExternalRuns, ExternalWait, RunWait, Wait } from '../../dag/wait.ts';
import { formatDuration } from '../../duration.ts';
import { parseInstant, parseRangeEnd, zonedDay } from '../../timetables/index.ts';
import type { RunWork } from '../work/work.ts';

const DAY_MS = 86_400_000;

/** When the run becomes due: at its tick, or (made by hand) at its logical date. */
export function runDueAt({ logicalDate, dataIntervalEnd }: RunWork): number {
  return Math.max(logicalDate, dataIntervalEnd);
}

/** The instant at which a wait is over, in milliseconds; null: an event ends it. */
export function waitDueAt(wait: Wait, run: RunWork): number | null {
  switch (wait.kind) {
    case 'instant':
      return Date.parse(wait.at);
    case 'time': {
      const zone = wait.timezone ?? run.graph.dag.timezone;
      return parseInstant(`${zonedDay(runDueAt(run), zone)}T${wait.time}`, zone).getTime();
    }
    case 'delta':
      return (wait.from === 'runStart' ? (run.startDate ?? run.queuedAt) : run.dataIntervalEnd) + wait.ms;
    case 'external':
    case 'run':
    case 'asset':
      return null;
  }
}

/** The same wait without reference to the run that waits: what the holder of the other DAG needs to know. */
export function resolvedExternal(wait: ExternalWait, run: RunWork): ExternalWait {
  return { ...wait, which: resolvedRuns(wait.which, run) };
}

function resolvedRuns(which: ExternalRuns, run: RunWork): ExternalRuns {
  if (which.match === 'logicalDate') return { match: 'dates', dates: [iso(run.logicalDate - which.deltaMs)] };
  if (which.match !== 'day') return which;
  const { timezone } = run.graph.dag;
  // Noon, so that neither a short nor a long day leads into a neighbour.
  const noon = parseInstant(`${zonedDay(runDueAt(run), timezone)}T12:00`, timezone).getTime();
  const day = zonedDay(noon - Math.round(which.deltaMs / DAY_MS) * DAY_MS, timezone);
  return {
    match: 'between',
    from: parseInstant(day, timezone).getTime(),
    to: parseRangeEnd(day, timezone).getTime(),
  };
}

/** The instant from which on events count for a wait; null: whenever they were. */
export function assetWaitSince({ since }: AssetWait, run: RunWork): number | null {
  if (since === 'ever') return null;
  return since === 'runStart' ? (run.startDate ?? run.queuedAt) : runDueAt(run);
}

/** Whether an event is one that a wait is for. */
export function endsAssetWait(
  wait: AssetWait,
  run: RunWork,
  event: { readonly asset: string; readonly partition: string | null; readonly at: number },
): boolean {
  if (event.asset !== wait.asset || (wait.partition !== null && event.partition !== wait.partition))
    return false;
  return event.at >= (assetWaitSince(wait, run) ?? event.at);
}

/** What is waited for, for people. */
export function describeWait(wait: Wait, run: RunWork): string {
  const dueAt = waitDueAt(wait, run);
  switch (wait.kind) {
    case 'instant':
    case 'time':
      return `waits until ${iso(dueAt!)}`;
    case 'delta':
      return `waits until ${iso(dueAt!)}, ${formatDuration(wait.ms)} after ${wait.from === 'runStart' ? 'the run started' : 'its data interval ended'}`;
    case 'external': {
      const tasks = wait.taskIds === null ? 'the run' : wait.taskIds.join(', ');
      return `waits for ${tasks} of ${wait.dagId}, ${describeRuns(resolvedRuns(wait.which, run))}, to be ${wait.allowedStates.join(' or ')}`;
    }
    case 'run':
      return describeRunWait(wait);
    case 'asset': {
      const since = assetWaitSince(wait, run);
      const part = wait.partition === null ? '' : ` about ${wait.partition}`;
      return `waits for an event of ${wait.asset}${part}${since === null ? '' : ` since ${iso(since)}`}`;
    }
  }
}

function describeRunWait({
  dagId,
  how,
  runId,
  logicalDate,
  waitForCompletion,
  allowedStates,
}: RunWait): string {
  const which = how === 'ensure' ? `the run of ${dagId} at ${logicalDate}` : `run ${runId} of ${dagId}`;
  return `waits for ${which} to be ${waitForCompletion ? allowedStates.join(' or ') : 'there'}`;
}

function describeRuns(which: ExternalRuns): string {
  if (which.match === 'run') return which.runId;
  if (which.match === 'between') return `${iso(which.from)} to ${iso(which.to)}`;
  return which.match === 'dates' ? which.dates.join(', ') : which.match;
}

const iso = (instant: number): string => new Date(instant).toISOString();
