import { defined } from '@tsflow/core/defined';
import { formatDuration } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import { type Command, Option } from 'commander';
import { backfillOf, backfillRecord, backfillSummary, followBackfill } from '../backfill-following.ts';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import { CommandRefusedError, type ExitCode } from '../exit-code.ts';
import { paintState } from '../output/colours.ts';
import { formatCount, formatInstant, renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { instantIn, rangeEndIn } from './date-option.ts';
import { type Limit, limitOption } from './limit-option.ts';
import { countOption, everyPage } from './paging.ts';
import { dagOf } from './run-name.ts';

interface BackfillOptions {
  readonly start: string;
  readonly end: string;
  readonly reprocess: 'none' | 'failed' | 'completed';
  readonly maxActiveRuns?: Limit;
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
  const run = backfills
    .command('run <dag>', { isDefault: true })
    .description('run a DAG for every logical date of a range, both ends included')
    .requiredOption('--start <date>', "first logical date, read in the DAG's zone")
    .requiredOption('--end <date>', "last logical date, read in the DAG's zone; a date means that whole day")
    .addOption(
      new Option('--reprocess <which>', 'runs that exist and run again')
        .choices(['none', 'failed', 'completed'])
        .default('none'),
    )
    .option(
      '--max-active-runs <limit>',
      "most runs at once: a number, variable:NAME=4, or a daily plan as JSON, the latter two followed while it goes on\n(default: the DAG's maxActiveRuns)",
      (text: string) => limitOption(text, '--max-active-runs'),
    )
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
  // Whoever leaves the name out looks here for what it takes.
  backfills.addHelpText('after', () => optionsOf(run));
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

function optionsOf(command: Command): string {
  const help = command.createHelp();
  const rows = help
    .visibleOptions(command)
    .map((option) => [help.optionTerm(option), help.optionDescription(option)] as const);
  const width = Math.max(...rows.map(([term]) => term.length));
  const lines = rows.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`);
  return ['', 'Options of a backfill:', ...lines].join('\n');
}

async function list(
  context: CommandContext,
  dagId: string | undefined,
  { limit }: { limit: number },
): Promise<undefined> {
  const door = await context.door();
  if (dagId !== undefined) await dagOf(door, dagId);
  const found = await everyPage(limit, (page) =>
    answerOf(door.api.GET('/backfills', { params: { query: { ...page, ...defined({ dagId }) } } })),
  );
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

async function show(context: CommandContext, text: string): Promise<undefined> {
  const row = await backfillOf(await context.door(), keyOf(text));
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
  return async (context: CommandContext, text: string): Promise<undefined> => {
    const key = keyOf(text);
    const { api } = await context.door();
    const { dagId, state } = await answerOf(
      api.POST('/backfills/{key}/{action}', { params: { path: { key, action } } }),
    );
    context.out.result({ backfillKey: key, dagId, state }, () => `Backfill ${key} of ${dagId} is ${state}.`);
    return undefined;
  };
}

function keyOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidInputError(`backfill: expected its number, got "${text}". See \`tsflow backfill list\`.`);
}

async function backfill(
  context: CommandContext,
  dagId: string,
  options: BackfillOptions,
): Promise<ExitCode | undefined> {
  const door = await context.door();
  const isWaitedFor = options.dryRun !== true && options.detach !== true;
  await using scheduler = isWaitedFor ? await door.schedulerFor(dagId) : null;
  const dag = await dagOf(door, dagId);
  const body = await bodyOf(dag, options);
  const ask = (dryRun: boolean) =>
    answerOf(
      door.api.POST('/dags/{dagId}/backfills', {
        params: { path: { dagId } },
        body: { ...body, ...(dryRun ? { dryRun } : {}) },
      }),
    );
  if (options.dryRun === true) {
    const plan = await ask(true);
    if (!('estimateMs' in plan)) throw new Error('A dry run was answered with a backfill.');
    printPlan(context, dagId, plan);
    return undefined;
  }
  const isPaused = dag.isPaused && options.unpause !== true;
  if (scheduler?.is === 'own' && isPaused) {
    throw new CommandRefusedError(`${dagId} is paused, so none of its runs would start: add --unpause.`);
  }
  const accepted = await ask(false);
  if ('estimateMs' in accepted) throw new Error('A backfill was answered with the plan of a dry run.');
  if (isPaused) {
    context.out.note(
      `${dagId} is paused: its runs wait until it is unpaused (tsflow dags unpause ${dagId}, or --unpause).`,
    );
  }
  const { key: backfillKey, state, total } = accepted;
  if (scheduler === null) {
    context.out.result(
      { dagId, backfillKey, state, total, isPaused },
      () => `Backfill ${backfillKey} of ${dagId}: ${formatCount(total)} runs, ${state}.`,
    );
    return undefined;
  }
  // Awaited here: a scheduler of our own must stay until it has ended.
  return await followBackfill(context, door, scheduler, backfillKey);
}

type Body = Omit<Schemas['NewBackfill'], 'dryRun'>;

async function bodyOf({ timezone }: Schemas['DagDetails'], options: BackfillOptions): Promise<Body> {
  const range = {
    start: instantIn(timezone, options.start, '--start'),
    end: rangeEndIn(timezone, options.end, '--end'),
  };
  if (range.end < range.start) {
    throw new InvalidInputError(`--end (${options.end}) lies before --start (${options.start}).`);
  }
  const { reprocess, maxActiveRuns, unpause } = options;
  return {
    ...range,
    reprocess,
    reverse: options.reverse === true,
    conf: await parseConf(options.conf),
    ...chosenTasks(options),
    ...defined({ maxActiveRuns, unpause }),
  };
}

function chosenTasks({
  tasks,
  upstream,
  downstream,
}: BackfillOptions): Pick<Body, 'taskIds' | 'upstream' | 'downstream'> {
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

function printPlan(context: CommandContext, dagId: string, plan: Schemas['BackfillPreview']): void {
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
}
