import { defined } from '@tsflow/core/defined';
import { formatDuration } from '@tsflow/core/duration';
import { type Command, Option } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import { formatInstant } from '../output/table.ts';
import { instantIn, rangeEndIn } from './date-option.ts';

export function register(program: Command): void {
  const deadlines = program
    .command('deadlines')
    .description('deadlines to come, and which were met and missed');
  deadlines
    .command('list')
    .description('the deadlines of runs that are queued or run')
    .option('--dag-id <dag>', 'of this DAG alone')
    .action(perform(list));
  deadlines
    .command('report')
    .description('how often each deadline was met and missed over a stretch of time, and by how much')
    .requiredOption('--start <date>', 'deadlines that were due from here, read in UTC')
    .option('--end <date>', 'until here; a date means that whole day (default: now)')
    .option('--dag-id <dag>', 'of this DAG alone')
    .addOption(
      new Option('--by <period>', "a row for each, in the DAG's zone").choices([
        'day',
        'week',
        'month',
        'all',
      ]),
    )
    .option('--csv', 'as comma-separated values')
    .action(perform(report));
}

async function list(context: CommandContext, { dagId }: { readonly dagId?: string }): Promise<undefined> {
  const { api } = await context.door();
  const { items } = await answerOf(api.GET('/deadlines', { params: { query: defined({ dagId }) } }));
  context.out.table(
    items,
    [
      { title: 'due', value: ({ dueAt }) => formatInstant(dueAt) },
      { title: 'DAG', value: (deadline) => deadline.dagId },
      { title: 'run', value: ({ runId }) => runId },
      { title: 'deadline', value: ({ name }) => name },
      { title: 'of', value: ({ taskId }) => taskId ?? '(the run)' },
      { title: 'state', value: ({ state }) => state },
    ],
    'No run that is queued or runs has a deadline.',
  );
  return undefined;
}

interface ReportOptions {
  readonly start: string;
  readonly end?: string;
  readonly dagId?: string;
  readonly by?: 'day' | 'week' | 'month' | 'all';
  readonly csv?: boolean;
}

type Row = Schemas['DeadlineReport'];

async function report(
  context: CommandContext,
  { start, end, dagId, by, csv }: ReportOptions,
): Promise<undefined> {
  const from = instantIn('UTC', start, '--start');
  // The last instant of a day belongs to it.
  const until =
    end === undefined ? undefined : new Date(Date.parse(rangeEndIn('UTC', end, '--end')) + 1).toISOString();
  const { api } = await context.door();
  const query = { from, ...defined({ until, dagId, by }) };
  const { items } = await answerOf(api.GET('/deadlines/report', { params: { query } }));
  if (csv === true) {
    context.out.print([COLUMNS, ...items.map(values)].map((row) => row.join(',')).join('\n'));
    return undefined;
  }
  context.out.table(
    items,
    [
      { title: 'DAG', value: (row) => row.dagId },
      { title: 'deadline', value: ({ name }) => name },
      { title: 'from', value: ({ period }) => period ?? '' },
      { title: 'met', value: ({ met }) => met, align: 'right' },
      { title: 'missed', value: ({ missed }) => missed, align: 'right' },
      { title: 'never done', value: ({ neverDone }) => neverDone || '', align: 'right' },
      { title: 'kept', value: ({ metShare }) => `${(metShare * 100).toFixed(1)} %`, align: 'right' },
      { title: 'half by', value: ({ p50Ms }) => late(p50Ms), align: 'right' },
      { title: '90 % by', value: ({ p90Ms }) => late(p90Ms), align: 'right' },
      { title: 'all by', value: ({ maxMs }) => late(maxMs), align: 'right' },
    ],
    'No deadline was due in that time.',
  );
  return undefined;
}

const COLUMNS = [
  'dagId',
  'name',
  'taskId',
  'period',
  'met',
  'missed',
  'neverDone',
  'metShare',
  'p50Ms',
  'p90Ms',
  'maxMs',
] as const satisfies readonly (keyof Row)[];

const values = (row: Row): readonly string[] =>
  COLUMNS.map((column) => {
    const text = String(row[column] ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });

/** Before the deadline or after it. */
const late = (ms: number | null): string =>
  ms === null ? '' : ms <= 0 ? `${formatDuration(-ms)} before` : `${formatDuration(ms)} after`;
