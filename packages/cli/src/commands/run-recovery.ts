import { defined } from '@tsflow/core/defined';
import { InvalidInputError } from '@tsflow/core/errors';
import { RUN_STATES } from '@tsflow/core/state';
import { parseInstant, parseRangeEnd } from '@tsflow/core/timetables';
import { type Command, Option } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';
import { EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { paintState } from '../output/colours.ts';
import { renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { everyPage } from './paging.ts';
import { dagOf, findRun } from './run-name.ts';

/** Runs that one command clears at most: more is done in pieces. */
const MAX_RUNS = 10_000;

type SelectedTask = Schemas['SelectedTasks']['tasks'][number];

interface WhichRuns {
  readonly state?: (typeof RUN_STATES)[number];
  readonly from?: string;
  readonly to?: string;
}

interface ClearOptions extends WhichRuns {
  readonly onlyFailed?: boolean;
  readonly sameVersion?: boolean;
  readonly conf?: string;
  readonly dryRun?: boolean;
}

/** `tsflow runs clear`, `mark` and `note`: recovery of whole runs, one or all that failed in a stretch of time. */
export function registerRecovery(runs: Command): void {
  runs
    .command('clear <dag> [runs...]')
    .description('run whole runs again: those named, or all that --state, --from and --to choose')
    .addOption(new Option('--state <state>', 'runs in this state').choices(RUN_STATES))
    .option('--from <date>', "logical dates from here, read in the DAG's zone")
    .option('--to <date>', 'logical dates up to here, inclusive')
    .option('--only-failed', 'of each, only the tasks that failed or did not run because of that')
    .option('--same-version', 'on the version that each run has; else on the newest')
    .option('--conf <json>', 'with these params from now on')
    .option('--dry-run', 'only say what would be cleared')
    .action(perform(clear));
  runs
    .command('mark <dag> <run>')
    .description('set the state of a run by hand; what is active is ended first')
    .addOption(
      new Option('--state <state>', 'the state').choices(['success', 'failed']).makeOptionMandatory(),
    )
    .action(perform(mark));
  runs
    .command('note <dag> <run> <text>')
    .description('leave a note at a run for the people who look at it; "" takes it away')
    .action(perform(note));
}

async function clear(
  context: CommandContext,
  dagId: string,
  named: readonly string[],
  options: ClearOptions,
): Promise<ExitCode | undefined> {
  const door = await context.door();
  const runIds = await chosenRuns(door, dagId, named, options);
  const { onlyFailed, sameVersion, dryRun } = options;
  const conf = options.conf === undefined ? undefined : await parseConf(options.conf);
  const tasks: SelectedTask[] = [];
  for (const runId of runIds) {
    const cleared = await answerOf(
      door.api.POST('/dags/{dagId}/runs/{runId}/clear', {
        params: { path: { dagId, runId } },
        body: defined({ onlyFailed, sameVersion, conf, dryRun }),
      }),
    );
    tasks.push(...cleared.tasks);
  }
  if (dryRun === true) {
    context.out.result({ dryRun: true, dagId, runs: runIds, tasks }, () =>
      inWords(context, runIds, tasks, 'would run again'),
    );
    return undefined;
  }
  context.out.result({ dagId, runs: runIds, tasks }, () => inWords(context, runIds, tasks, 'cleared'));
  return tasks.length === 0 ? EXIT_CODES.failed : undefined;
}

async function mark(
  context: CommandContext,
  dagId: string,
  named: string,
  { state }: { state: 'success' | 'failed' },
): Promise<undefined> {
  const door = await context.door();
  const runId = await findRun(door, dagId, named);
  const run = await answerOf(
    door.api.PATCH('/dags/{dagId}/runs/{runId}', { params: { path: { dagId, runId } }, body: { state } }),
  );
  context.out.result({ dagId, runId, state: run.state }, () => `${runId} of ${dagId} is marked ${state}.`);
  return undefined;
}

async function note(context: CommandContext, dagId: string, named: string, text: string): Promise<undefined> {
  const door = await context.door();
  const runId = await findRun(door, dagId, named);
  await answerOf(
    door.api.PATCH('/dags/{dagId}/runs/{runId}', {
      params: { path: { dagId, runId } },
      body: { note: text },
    }),
  );
  context.out.result({ dagId, runId, note: text }, () =>
    text === '' ? `${runId} of ${dagId} has no note.` : `${runId} of ${dagId} has the note.`,
  );
  return undefined;
}

/** Oldest logical date first, so that what depends on its past finds it done. */
async function chosenRuns(
  door: Door,
  dagId: string,
  named: readonly string[],
  { state, from, to }: WhichRuns,
): Promise<readonly string[]> {
  const chooses = state !== undefined || from !== undefined || to !== undefined;
  if (named.length > 0 === chooses) {
    throw new InvalidInputError('Name runs, or choose them by --state, --from and --to.');
  }
  if (named.length > 0) return Promise.all(named.map((run) => findRun(door, dagId, run)));
  const { timezone } = await dagOf(door, dagId);
  const query = defined({
    state,
    from: from === undefined ? undefined : parseInstant(from, timezone, '--from').toISOString(),
    to: to === undefined ? undefined : parseRangeEnd(to, timezone, '--to').toISOString(),
  });
  const found = await everyPage(MAX_RUNS, (page) =>
    answerOf(
      door.api.GET('/dags/{dagId}/runs', { params: { path: { dagId }, query: { ...page, ...query } } }),
    ),
  );
  return found.map(({ runId }) => runId).reverse();
}

function inWords(
  context: CommandContext,
  runIds: readonly string[],
  tasks: readonly SelectedTask[],
  done: string,
): string {
  if (tasks.length === 0) return `No task instance of ${runIds.length} runs ${done}.`;
  const table = renderTable(tasks, [
    { title: 'run', value: (task) => task.runId },
    { title: 'task', value: (task) => task.taskId },
    { title: 'was', value: (task) => paintState(context.out.paint, task.state) },
  ]);
  return `${tasks.length} task ${tasks.length === 1 ? 'instance' : 'instances'} of ${runIds.length} ${runIds.length === 1 ? 'run' : 'runs'} ${done}:\n${table}`;
}
