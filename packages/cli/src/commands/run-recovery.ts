import { InvalidInputError } from '@tsflow/core/errors';
import type { ClearedTask, ClearPayload } from '@tsflow/core/intents';
import { listRuns } from '@tsflow/core/queries';
import { RUN_STATES } from '@tsflow/core/state';
import { clearPreview, type Store } from '@tsflow/core/store';
import { parseInstant, parseRangeEnd } from '@tsflow/core/timetables';
import { type Command, Option } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { openDoor } from '../door.ts';
import { EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { paintState } from '../output/colours.ts';
import { renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { everyPage } from './paging.ts';
import { findRun, serializedDag } from './run-name.ts';

/** Runs that one command clears at most: more is done in pieces. */
const MAX_RUNS = 10_000;

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

/** `tsflow runs clear` and `tsflow runs mark`: recovery of whole runs, one or all that failed in a stretch of time. */
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
}

async function clear(
  context: CommandContext,
  dagId: string,
  named: readonly string[],
  options: ClearOptions,
): Promise<ExitCode | undefined> {
  const store = await context.store();
  const runIds = await chosenRuns(store, dagId, named, options);
  const conf = options.conf === undefined ? {} : { conf: await parseConf(options.conf) };
  const payloads = runIds.map((runId): ClearPayload => {
    const { onlyFailed, sameVersion } = options;
    return {
      runId,
      ...(onlyFailed === true ? { onlyFailed } : {}),
      ...(sameVersion === true ? { sameVersion } : {}),
      ...conf,
    };
  });
  const tasks: ClearedTask[] = [];
  if (options.dryRun === true) {
    for (const payload of payloads) tasks.push(...(await clearPreview(store, dagId, payload)).tasks);
    context.out.result({ dryRun: true, dagId, runs: runIds, tasks }, () =>
      inWords(context, runIds, tasks, 'would run again'),
    );
    return undefined;
  }
  await using door = await openDoor(context, { dagId, bringScheduler: false });
  for (const payload of payloads) tasks.push(...(await door.ask({ kind: 'clear', payload })).tasks);
  context.out.result({ dagId, runs: runIds, tasks }, () => inWords(context, runIds, tasks, 'cleared'));
  return tasks.length === 0 ? EXIT_CODES.failed : undefined;
}

async function mark(
  context: CommandContext,
  dagId: string,
  given: string,
  { state }: { state: 'success' | 'failed' },
): Promise<undefined> {
  const runId = await findRun(await context.store(), dagId, given);
  await using door = await openDoor(context, { dagId, bringScheduler: false });
  const result = await door.ask({ kind: 'mark_run', payload: { runId, state } });
  context.out.result({ dagId, ...result }, () => `${runId} of ${dagId} is marked ${state}.`);
  return undefined;
}

/** Oldest logical date first, so that what depends on its past finds it done. */
async function chosenRuns(
  store: Store,
  dagId: string,
  named: readonly string[],
  { state, from, to }: WhichRuns,
): Promise<readonly string[]> {
  const chooses = state !== undefined || from !== undefined || to !== undefined;
  if (named.length > 0 === chooses) {
    throw new InvalidInputError('Name runs, or choose them by --state, --from and --to.');
  }
  if (named.length > 0) return Promise.all(named.map((run) => findRun(store, dagId, run)));
  const { timezone } = await serializedDag(store, dagId);
  const filter = {
    dagId,
    state,
    from: from === undefined ? undefined : parseInstant(from, timezone, '--from').getTime(),
    to: to === undefined ? undefined : parseRangeEnd(to, timezone, '--to').getTime(),
  };
  const found = await everyPage(MAX_RUNS, (page) => listRuns(store, { ...page, ...filter }));
  return found.map(({ runId }) => runId).reverse();
}

function inWords(
  context: CommandContext,
  runIds: readonly string[],
  tasks: readonly ClearedTask[],
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
