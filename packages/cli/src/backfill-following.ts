import type { CommandContext } from './command-context.ts';
import { answerOf, type Schemas } from './door/api.ts';
import type { Door, SchedulerAtHand } from './door/door.ts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import { Progress, type ProgressReport } from './output/progress.ts';
import { formatCount } from './output/table.ts';

type Backfill = Schemas['Backfill'];

/** Shows a backfill until it has ended and tells what became of it; Ctrl-C leaves it to itself and says so. */
export async function followBackfill(
  context: CommandContext,
  door: Door,
  scheduler: SchedulerAtHand,
  key: number,
): Promise<ExitCode> {
  const { out } = context;
  const progress = new Progress(out.streams.stderr, () => performance.now());
  const interrupt = onInterrupt();
  try {
    let row = await backfillOf(door, key);
    while (row.endDate === null && !interrupt.came) {
      progress.update(backfillProgress(row));
      await Promise.race([interrupt.orAfter(door.pollMs), scheduler.failed]);
      row = await backfillOf(door, key);
    }
    progress.update(backfillProgress(row));
    progress.stop();
    out.result(backfillRecord(row), () => backfillSummary(row));
    if (row.endDate === null) {
      out.note(leaving(scheduler, row));
      return EXIT_CODES.pending;
    }
    return row.state === 'success' ? EXIT_CODES.ok : EXIT_CODES.failed;
  } finally {
    interrupt.dispose();
    progress.stop();
  }
}

/** One backfill with its progress. */
export function backfillOf({ api }: Door, key: number): Promise<Backfill> {
  return answerOf(api.GET('/backfills/{key}', { params: { path: { key } } }));
}

/** `1,461 runs: 1,459 succeeded, 2 failed`; runs that were there before and left alone: `3 exist (untouched)`. */
export function backfillSummary(row: Backfill): string {
  const parts = [
    ...(row.succeeded > 0 || row.created + row.cleared > 0
      ? [`${formatCount(row.succeeded)} succeeded`]
      : []),
    ...(row.failed > 0 ? [`${formatCount(row.failed)} failed`] : []),
    ...(row.existing > 0 ? [`${formatCount(row.existing)} exist (untouched)`] : []),
    ...(row.inFlight > 0 ? [`${formatCount(row.inFlight)} were under way (untouched)`] : []),
    ...(row.state === 'cancelled' ? ['cancelled'] : []),
  ];
  return `${formatCount(row.total)} ${row.total === 1 ? 'run' : 'runs'}: ${parts.join(', ') || 'nothing to do'}`;
}

function backfillProgress(row: Backfill): ProgressReport {
  const parts = [
    `${formatCount(row.succeeded)} succeeded`,
    ...(row.failed > 0 ? [`${formatCount(row.failed)} failed`] : []),
    ...(row.existing + row.inFlight > 0 ? [`${formatCount(row.existing + row.inFlight)} exist`] : []),
    ...(row.running > 0 ? [`${formatCount(row.running)} under way`] : []),
    ...(row.state === 'paused' ? ['paused'] : []),
  ];
  return {
    done: row.succeeded + row.failed + row.existing + row.inFlight,
    total: row.total,
    detail: parts.join(', '),
  };
}

/** What `--json` prints of a backfill. */
export function backfillRecord(row: Backfill) {
  return {
    backfillKey: row.key,
    dagId: row.dagId,
    state: row.state,
    fromDate: row.fromDate,
    toDate: row.toDate,
    options: row.options,
    actor: row.actor,
    createdAt: row.createdAt,
    endDate: row.endDate,
    total: row.total,
    created: row.created,
    existing: row.existing,
    inFlight: row.inFlight,
    cleared: row.cleared,
    succeeded: row.succeeded,
    failed: row.failed,
  };
}

function leaving(scheduler: SchedulerAtHand, row: Backfill): string {
  const again = 'The same command again joins it.';
  if (scheduler.is === 'running') return `Left alone: backfill ${row.key} goes on in the scheduler. ${again}`;
  return [
    `Stopping this command's own scheduler: running tasks may end (Ctrl-C once more: now).`,
    `Backfill ${row.key} goes on when a scheduler runs. ${again}`,
  ].join('\n');
}

/** Listens for Ctrl-C while it is in use; a second one ends the process the usual way. */
function onInterrupt() {
  let wake = (): void => undefined;
  const state = { came: false };
  const listener = () => {
    state.came = true;
    wake();
  };
  process.once('SIGINT', listener);
  process.once('SIGTERM', listener);
  return {
    get came() {
      return state.came;
    },
    orAfter: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    dispose() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
