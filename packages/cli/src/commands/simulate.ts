import { writeFile } from 'node:fs/promises';
import { type Duration, durationMs, formatDuration } from '@tsflow/core/duration';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LocalContext, performHere } from '../command-context.ts';
import { simulateProject } from '../compose/simulated-project.ts';
import { EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { formatCount, formatInstant, renderTable } from '../output/table.ts';
import { type SimulationReport, simulationReport } from '../simulation-report.ts';
import { simulationTimeline } from '../simulation-timeline.ts';
import { countOption } from './paging.ts';

interface SimulateOptions {
  readonly start: string;
  readonly end: string;
  readonly duration: number;
  readonly parallelism?: number;
  readonly paused?: boolean;
  readonly runs?: boolean;
  readonly svg?: string;
}

export function register(program: Command): void {
  program
    .command('simulate [dags...]')
    .description(
      'play the schedules of the dags folder, or of some DAGs, under a virtual clock; runs nothing',
    )
    .requiredOption('--start <date>', 'first instant; a date is the start of that day, UTC')
    .requiredOption('--end <date>', 'last instant; a date means that whole day')
    .addOption(
      new Option('--duration <duration>', 'how long a task takes that has no history')
        .argParser(milliseconds)
        .default(60_000, '1m'),
    )
    .option('--parallelism <slots>', 'instead of the Variable parallelism', countOption)
    .option('--paused', 'also the DAGs that are paused')
    .option('--runs', 'name every run: when it is due, when it begins and ends, how long its tasks waited')
    .option('--svg <file>', 'draw the timeline of all DAGs, and the slots in use')
    .addHelpText(
      'after',
      '\nTasks take as long as the median of their newest successful runs, and succeed. Waits for times, for other DAGs\nand for their assets end as they would. Exit code 1: a deadline is missed.',
    )
    .action(performHere('installation', simulateCommand));
}

async function simulateCommand(
  context: LocalContext,
  dagIds: readonly string[],
  options: SimulateOptions,
): Promise<ExitCode> {
  const { svg, runs, duration, ...rest } = options;
  const simulated = await simulateProject(await context.config(), {
    ...rest,
    dagIds,
    defaultDurationMs: duration,
    parallelism: options.parallelism ?? null,
    paused: options.paused === true,
  });
  const report = simulationReport(simulated);
  if (svg !== undefined) {
    await writeFile(svg, simulationTimeline(simulated));
    context.out.note(`The timeline is in ${svg}.`);
  }
  context.out.result(report, () =>
    [inWords(context, report), ...(runs ? ['', runsTable(report)] : [])].join('\n'),
  );
  return report.deadlinesMissed.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failed;
}

const SHOWN = 20;

function inWords({ out }: LocalContext, report: SimulationReport): string {
  const leftOut =
    report.paused.length === 0
      ? []
      : [`${formatCount(report.paused.length)} DAGs are paused and left out; --paused plays them too.`];
  if (report.dags.length === 0) return ['No DAG with a schedule was simulated.', ...leftOut].join('\n');
  const table = renderTable(report.dags, [
    { title: 'DAG', value: ({ dagId }) => dagId },
    { title: 'runs', value: ({ runs }) => formatCount(runs), align: 'right' },
    {
      title: 'failed',
      value: ({ failed }) => (failed === 0 ? '' : formatCount(failed)),
      align: 'right',
    },
    {
      title: 'passed over',
      value: ({ passedOver }) => (passedOver === 0 ? '' : formatCount(passedOver)),
      align: 'right',
    },
    {
      title: 'run takes',
      value: ({ runs, medianRunMs }) => (runs === 0 ? '' : formatDuration(medianRunMs)),
      align: 'right',
    },
    {
      title: 'longest',
      value: ({ runs, longestRunMs }) => (runs === 0 ? '' : formatDuration(longestRunMs)),
      align: 'right',
    },
    {
      title: 'starts late by',
      value: ({ runs, latestStartMs }) => (runs === 0 ? '' : formatDuration(latestStartMs)),
      align: 'right',
    },
    {
      title: 'tasks waited',
      value: ({ runs, longestWaitMs }) => (runs === 0 ? '' : formatDuration(longestWaitMs)),
      align: 'right',
    },
    { title: 'guessed', value: ({ guessedTasks }) => (guessedTasks === 0 ? '' : `${guessedTasks} tasks`) },
  ]);
  const { slots } = report;
  const missed = report.deadlinesMissed.map(
    ({ dagId, runId, name, dueAt, lateByMs }) =>
      `  ${out.paint('red', 'missed')}  ${dagId} ${runId}: ${name}, due ${formatInstant(dueAt)}, late by ${formatDuration(lateByMs)}`,
  );
  const givenUp = report.givenUp.map(
    ({ dagId, runId, taskId, reason }) =>
      `  ${out.paint('red', 'given up')}  ${dagId}.${taskId} in ${runId}: it ${reason}`,
  );
  const more = missed.length > SHOWN ? [`  … and ${formatCount(missed.length - SHOWN)} more`] : [];
  return [
    table,
    '',
    `Slots   ${slots.strip}`,
    `        ${slots.peak} of ${slots.limit} at most, ${(slots.meanShare * 100).toFixed(0)} % on average; ${formatDuration(slots.fullMs)} with none left; ${formatCount(slots.mostWaiting)} tasks waiting at most`,
    ...report.pools.map(
      ({ name, peak, limit }) => `Pool    ${name}: ${peak} of ${limit < 0 ? 'any number of' : limit} at most`,
    ),
    '',
    missed.length === 0 ? 'No deadline is missed.' : `${formatCount(missed.length)} deadlines are missed:`,
    ...missed.slice(0, SHOWN),
    ...more,
    ...(givenUp.length === 0 ? [] : [`${formatCount(givenUp.length)} waits are given up:`]),
    ...givenUp.slice(0, SHOWN),
    ...leftOut,
  ].join('\n');
}

/** What fires when, in the order of the ticks. */
function runsTable({ runs }: SimulationReport): string {
  const inOrder = runs.toSorted(
    (one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt) || (one.dagId < other.dagId ? -1 : 1),
  );
  return renderTable(inOrder, [
    { title: 'due', value: ({ dueAt }) => formatInstant(dueAt) },
    { title: 'DAG', value: ({ dagId }) => dagId },
    { title: 'run', value: ({ runId }) => runId },
    { title: 'begins', value: ({ startDate }) => formatInstant(startDate) },
    { title: 'ends', value: ({ endDate }) => formatInstant(endDate) },
    { title: 'state', value: ({ state }) => state },
    {
      title: 'tasks waited',
      value: ({ waitedMs }) => (waitedMs === 0 ? '' : formatDuration(waitedMs)),
      align: 'right',
    },
  ]);
}

function milliseconds(text: string): number {
  try {
    return durationMs(text satisfies Duration, '--duration');
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
