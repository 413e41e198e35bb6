import { formatDuration } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import type { BackfillPayload } from '@tsflow/core/intents';
import { getDag } from '@tsflow/core/queries';
import { backfillPreview } from '@tsflow/core/store';
import { type Command, Option } from 'commander';
import { followBackfill } from '../backfill-following.ts';
import { type CommandContext, perform } from '../command-context.ts';
import { type Door, openDoor } from '../door.ts';
import { CommandRefusedError, EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { formatCount, formatInstant } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { instantIn, rangeEndIn } from './date-option.ts';
import { countOption } from './paging.ts';
import { serializedDag } from './run-name.ts';

interface BackfillOptions {
  readonly start: string;
  readonly end: string;
  readonly reprocess: 'none' | 'failed' | 'completed';
  readonly maxActiveRuns?: number;
  readonly reverse?: boolean;
  readonly conf?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly unpause?: boolean;
}

export function register(program: Command): void {
  program
    .command('backfill <dag>')
    .description('run a DAG for every logical date of a range, both ends included')
    .requiredOption('--start <date>', "first logical date, read in the DAG's zone")
    .requiredOption('--end <date>', "last logical date, read in the DAG's zone; a date means that whole day")
    .addOption(
      new Option('--reprocess <which>', 'runs that exist and run again')
        .choices(['none', 'failed', 'completed'])
        .default('none'),
    )
    .option('--max-active-runs <count>', "most runs at once (default: the DAG's maxActiveRuns)", countOption)
    .option('--reverse', 'newest date first')
    .option('--conf <json>', 'params of the runs as a JSON object; "@file" reads a file, "-" standard input')
    .option('--dry-run', 'only say what would be done, and how long it should take')
    .option('--detach', 'do not wait for its end')
    .option('--unpause', 'unpause the DAG with it')
    .addHelpText(
      'after',
      '\nWaits for the end and exits with 1 when a run failed. Ctrl-C leaves: a running scheduler goes on with it, and the\nsame command again joins it.',
    )
    .action(perform(backfill));
}

async function backfill(
  context: CommandContext,
  dagId: string,
  options: BackfillOptions,
): Promise<ExitCode | undefined> {
  if (options.dryRun === true) return dryRun(context, dagId, options);
  await using door = await openDoor(context, { dagId, bringScheduler: options.detach !== true });
  const payload = await payloadOf(door, dagId, options);
  if (
    door.scheduler === 'own' &&
    options.unpause !== true &&
    (await getDag(door.store, { dagId })).isPaused
  ) {
    throw new CommandRefusedError(`${dagId} is paused, so none of its runs would start: add --unpause.`);
  }
  const accepted = await door.ask({ kind: 'backfill', payload });
  if (accepted.isPaused) {
    context.out.note(
      `${dagId} is paused: its runs wait until it is unpaused (tsflow dags unpause ${dagId}, or --unpause).`,
    );
  }
  if (options.detach === true) {
    context.out.result(
      { dagId, ...accepted },
      () =>
        `Backfill ${accepted.backfillKey} of ${dagId}: ${formatCount(accepted.total)} runs, ${accepted.state}.`,
    );
    return undefined;
  }
  // Awaited here: the door must stay open until it has ended.
  return await followBackfill(context, door, accepted.backfillKey);
}

async function payloadOf(
  door: Pick<Door, 'store'>,
  dagId: string,
  options: BackfillOptions,
): Promise<BackfillPayload> {
  const dag = await serializedDag(door.store, dagId);
  const payload = {
    start: instantIn(dag.timezone, options.start, '--start'),
    end: rangeEndIn(dag.timezone, options.end, '--end'),
  };
  if (payload.end < payload.start) {
    throw new InvalidInputError(`--end (${options.end}) lies before --start (${options.start}).`);
  }
  return {
    ...payload,
    reprocess: options.reprocess,
    reverse: options.reverse === true,
    maxActiveRuns: options.maxActiveRuns ?? (await maxActiveRuns(door, dag)),
    conf: await parseConf(options.conf),
    ...(options.unpause === true ? { unpause: true } : {}),
  };
}

/** The DAG's own limit at this moment. A limit of 0 pauses the schedule; a backfill asked for by hand still has one run at a time. */
async function maxActiveRuns(
  { store }: Pick<Door, 'store'>,
  dag: Awaited<ReturnType<typeof serializedDag>>,
): Promise<number> {
  const { liveNumber } = await import('@tsflow/core/config');
  const variables = new Map((await store.variables.list()).map((row) => [row.key, JSON.parse(row.value)]));
  return Math.max(1, liveNumber(dag.maxActiveRuns, variables, Date.now()));
}

async function dryRun(context: CommandContext, dagId: string, options: BackfillOptions): Promise<ExitCode> {
  const store = await context.store();
  const payload = await payloadOf({ store }, dagId, options);
  const plan = await backfillPreview(store, dagId, payload);
  context.out.result({ dryRun: true, dagId, ...plan }, () => {
    if (plan.total === 0) return `${dagId} has no logical date in that range.`;
    const parts = [
      `${formatCount(plan.toCreate)} to create`,
      ...(plan.toClear > 0 ? [`${formatCount(plan.toClear)} to run again`] : []),
      ...(plan.existing > 0 ? [`${formatCount(plan.existing)} exist (untouched)`] : []),
      ...(plan.inFlight > 0 ? [`${formatCount(plan.inFlight)} under way (untouched)`] : []),
    ];
    const range = `from ${formatInstant(plan.first)} to ${formatInstant(plan.last)}`;
    const estimate =
      plan.estimateMs === null
        ? ''
        : `\nBy the newest runs it should take about ${formatDuration(plan.estimateMs)}.`;
    return `${formatCount(plan.total)} runs ${range}: ${parts.join(', ')}.${estimate}`;
  });
  return EXIT_CODES.ok;
}
