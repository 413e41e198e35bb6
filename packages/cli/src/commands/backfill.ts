import { formatDuration } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import type { BackfillPayload } from '@tsflow/core/intents';
import { getBackfill, getDag, listBackfills } from '@tsflow/core/queries';
import { backfillPreview } from '@tsflow/core/store';
import { type Command, Option } from 'commander';
import { backfillRecord, backfillSummary, followBackfill } from '../backfill-following.ts';
import { type CommandContext, perform } from '../command-context.ts';
import { type Door, openDoor } from '../door.ts';
import { CommandRefusedError, EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { paintState } from '../output/colours.ts';
import { formatCount, formatInstant, renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { instantIn, rangeEndIn } from './date-option.ts';
import { countOption, everyPage } from './paging.ts';
import { assertDag, serializedDag } from './run-name.ts';

interface BackfillOptions {
  readonly start: string;
  readonly end: string;
  readonly reprocess: 'none' | 'failed' | 'completed';
  readonly maxActiveRuns?: number;
  readonly reverse?: boolean;
  readonly conf?: string;
  readonly tasks?: string;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly unpause?: boolean;
}

export function register(program: Command): void {
  const backfills = program
    .command('backfill')
    .description('run a DAG for every logical date of a range, and look after that')
    .usage('<dag> --start <date> --end <date> [options]   or one of the commands');
  // The name may be left out: `tsflow backfill etl --start …`.
  backfills
    .command('run <dag>', { isDefault: true })
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
    .option('--tasks <ids>', 'only these tasks or groups, separated by commas')
    .option('--upstream', 'with --tasks: also the tasks before them')
    .option('--downstream', 'with --tasks: also the tasks after them')
    .option('--dry-run', 'only say what would be done, and how long it should take')
    .option('--detach', 'do not wait for its end')
    .option('--unpause', 'unpause the DAG with it')
    .addHelpText(
      'after',
      '\nWaits for the end and exits with 1 when a run failed. Ctrl-C leaves: a running scheduler goes on with it, and the\nsame command again joins it.',
    )
    .action(perform(backfill));
  backfills
    .command('list [dag]')
    .description('backfills, newest first')
    .option('-n, --limit <count>', 'how many', countOption, 25)
    .action(perform(list));
  backfills.command('show <key>').description('one backfill with its progress').action(perform(show));
  backfills
    .command('pause <key>')
    .description('start no more of its runs; what runs goes on')
    .action(perform(control('pause')));
  backfills
    .command('resume <key>')
    .description('let it go on')
    .action(perform(control('resume')));
  backfills
    .command('cancel <key>')
    .description('end what has not begun; what runs goes on to its end')
    .action(perform(control('cancel')));
}

async function list(
  context: CommandContext,
  dagId: string | undefined,
  { limit }: { limit: number },
): Promise<undefined> {
  const store = await context.store();
  if (dagId !== undefined) await assertDag(store, dagId);
  const found = await everyPage(limit, (page) => listBackfills(store, { ...page, dagId }));
  const { out } = context;
  out.result(found.map(backfillRecord), () =>
    found.length === 0
      ? 'There are no backfills.'
      : renderTable(found, [
          { title: 'key', value: (row) => row.key, align: 'right' },
          { title: 'dag', value: (row) => row.dagId },
          { title: 'state', value: (row) => paintState(out.paint, row.state) },
          { title: 'from', value: (row) => formatInstant(row.fromDate) },
          { title: 'to', value: (row) => formatInstant(row.toDate) },
          { title: 'progress', value: (row) => backfillSummary(row) },
          { title: 'by', value: (row) => row.actor },
        ]),
  );
  return undefined;
}

async function show(context: CommandContext, given: string): Promise<undefined> {
  const row = await getBackfill(await context.store(), { key: keyOf(given) });
  context.out.result(backfillRecord(row), () => {
    const facts: [string, string][] = [
      ['backfill', String(row.key)],
      ['dag', row.dagId],
      ['state', paintState(context.out.paint, row.state)],
      ['range', `${formatInstant(row.fromDate)} to ${formatInstant(row.toDate)}`],
      ['options', JSON.stringify(row.options)],
      ['progress', backfillSummary(row)],
      ['asked for', `${formatInstant(row.createdAt)} by ${row.actor}`],
      ...(row.endDate === null ? [] : [['ended', formatInstant(row.endDate)] as [string, string]]),
    ];
    return facts.map(([name, value]) => `${name.padEnd(11)}${value}`).join('\n');
  });
  return undefined;
}

function control(action: 'pause' | 'resume' | 'cancel') {
  return async (context: CommandContext, given: string): Promise<undefined> => {
    const key = keyOf(given);
    const { dagId } = await getBackfill(await context.store(), { key });
    await using door = await openDoor(context, { dagId, bringScheduler: false });
    const { state } = await door.ask({ kind: 'control_backfill', payload: { backfillKey: key, action } });
    context.out.result({ backfillKey: key, dagId, state }, () => `Backfill ${key} of ${dagId} is ${state}.`);
    return undefined;
  };
}

function keyOf(given: string): number {
  if (/^\d+$/.test(given)) return Number(given);
  throw new InvalidInputError(`backfill: expected its number, got "${given}". See \`tsflow backfill list\`.`);
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
    ...chosenTasks(options),
    ...(options.unpause === true ? { unpause: true } : {}),
  };
}

function chosenTasks({
  tasks,
  upstream,
  downstream,
}: BackfillOptions): Pick<BackfillPayload, 'taskIds' | 'upstream' | 'downstream'> {
  if (tasks === undefined) {
    if (upstream === true || downstream === true)
      throw new InvalidInputError('--upstream and --downstream say what is added to --tasks: name some.');
    return {};
  }
  const taskIds = tasks
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  if (taskIds.length === 0) throw new InvalidInputError('--tasks: expected ids separated by commas.');
  return {
    taskIds,
    ...(upstream === true ? { upstream } : {}),
    ...(downstream === true ? { downstream } : {}),
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
    const tasks = plan.taskIds === null ? '' : `\nTasks of each: ${plan.taskIds.join(', ')}.`;
    return `${formatCount(plan.total)} runs ${range}: ${parts.join(', ')}.${tasks}${estimate}`;
  });
  return EXIT_CODES.ok;
}
