import { defined } from '@tsflow/core/defined';
import { didYouMean, InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import { instanceName } from '@tsflow/core/state';
import { type Command, Option } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';
import { EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { paintState } from '../output/colours.ts';
import { renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { MAP_PATH } from './map-path-option.ts';
import { findRun, serializedDag } from './run-name.ts';

type SelectedTask = Schemas['SelectedTasks']['tasks'][number];

interface SelectionOptions {
  readonly mapPath?: string;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly onlyFailed?: boolean;
  readonly from?: string;
  readonly upTo?: string;
  readonly past?: boolean;
  readonly future?: boolean;
}

/** Adds to `tsflow tasks` what changes task instances: run again, run alone, mark, prioritize, kill. */
export function registerTaskRecovery(tasks: Command): void {
  selecting(tasks.command('clear <dag> <run> [tasks...]'))
    .description('run tasks again, all of the run without names; on the newest version of the DAG')
    .option('--same-version', 'on the version that the run has')
    .option('--conf <json>', 'with these params from now on')
    .option('--dry-run', 'only say what would be cleared')
    .action(perform(clear));
  tasks
    .command('run <dag> <run> <task>')
    .description(
      'run this task alone, now: what stands before it, the previous run and a retry delay are ignored, limits are not',
    )
    .option(...MAP_PATH)
    .option('--same-version', 'on the version that the run has')
    .option('--conf <json>', 'with these params of the run from now on')
    .option('--dry-run', 'only say what would run')
    .action(perform(runAlone));
  selecting(tasks.command('mark <dag> <run> [tasks...]'))
    .description('set the state by hand')
    .addOption(
      new Option('--state <state>', 'the state')
        .choices(['success', 'failed', 'skipped'])
        .makeOptionMandatory(),
    )
    .option('--dry-run', 'only say what would be marked')
    .action(perform(mark));
  tasks
    .command('prioritize <dag> <run> [tasks...]')
    .description('change the order of what waits for a slot: all of the run without names')
    .addOption(
      new Option('--weight <number>', 'the weight that counts from now on; higher goes first').argParser(
        wholeNumber,
      ),
    )
    .option('--reset', 'back to the weight that the DAG gives')
    .action(perform(prioritize));
  tasks
    .command('kill <dag> <run> [tasks...]')
    .description('end what is running, process trees and all; without names the whole run, which then fails')
    .option(...MAP_PATH)
    .action(perform(kill));
}

function selecting(command: Command): Command {
  return command
    .option(...MAP_PATH)
    .option('--upstream', 'also the tasks before them')
    .option('--downstream', 'also the tasks after them')
    .option('--from <task>', 'nothing that is not this task, or after it')
    .option('--up-to <task>', 'nothing that is not this task, or before it')
    .option('--only-failed', 'only those that failed, or did not run because of that')
    .option('--past', 'the same tasks in earlier runs too, 500 at most')
    .option('--future', 'the same tasks in later runs too, 500 at most');
}

async function clear(
  context: CommandContext,
  dagId: string,
  run: string,
  taskIds: readonly string[],
  options: SelectionOptions & { sameVersion?: boolean; conf?: string; dryRun?: boolean },
): Promise<ExitCode | undefined> {
  const door = await context.door();
  const { runId, ...chosen } = await selection(door, dagId, run, taskIds, options);
  const { sameVersion, dryRun } = options;
  const conf = options.conf === undefined ? undefined : await parseConf(options.conf);
  const result = await answerOf(
    door.api.POST('/dags/{dagId}/runs/{runId}/clear', {
      params: { path: { dagId, runId } },
      body: { ...chosen, ...defined({ sameVersion, conf, dryRun }) },
    }),
  );
  if (dryRun === true) {
    context.out.result({ dryRun: true, ...result }, () =>
      changes(context, result.tasks, versionsInWords(result.tasks)),
    );
    return undefined;
  }
  context.out.result(result, () => changes(context, result.tasks, 'cleared'));
  // Doing nothing is an answer too, but not the one that was asked for.
  return result.tasks.length === 0 ? EXIT_CODES.failed : undefined;
}

async function runAlone(
  context: CommandContext,
  dagId: string,
  run: string,
  taskId: string,
  { mapPath, sameVersion, dryRun, ...options }: RunAloneOptions,
): Promise<undefined> {
  const door = await context.door();
  const runId = await findRun(door, dagId, run);
  await assertTasks(door, { dagId, runId }, [taskId]);
  const conf = options.conf === undefined ? undefined : await parseConf(options.conf);
  const result = await answerOf(
    door.api.POST('/dags/{dagId}/runs/{runId}/tasks/{taskId}/run', {
      params: { path: { dagId, runId, taskId } },
      body: defined({ mapPath, sameVersion, conf, dryRun }),
    }),
  );
  if (dryRun === true)
    context.out.result({ dryRun: true, ...result }, () =>
      changes(context, result.tasks, versionsInWords(result.tasks)),
    );
  else context.out.result(result, () => changes(context, result.tasks, 'set running'));
  return undefined;
}

interface RunAloneOptions {
  readonly mapPath?: string;
  readonly sameVersion?: boolean;
  readonly conf?: string;
  readonly dryRun?: boolean;
}

async function mark(
  context: CommandContext,
  dagId: string,
  run: string,
  taskIds: readonly string[],
  options: SelectionOptions & { state: 'success' | 'failed' | 'skipped'; dryRun?: boolean },
): Promise<ExitCode | undefined> {
  const door = await context.door();
  const { runId, ...chosen } = await selection(door, dagId, run, taskIds, options);
  const { state, dryRun } = options;
  const result = await answerOf(
    door.api.POST('/dags/{dagId}/runs/{runId}/mark', {
      params: { path: { dagId, runId } },
      body: { ...chosen, state, ...defined({ dryRun }) },
    }),
  );
  if (dryRun === true) {
    context.out.result({ dryRun: true, ...result }, () =>
      changes(context, result.tasks, `would be marked ${state}`),
    );
    return undefined;
  }
  context.out.result(result, () =>
    result.tasks.length === 0
      ? `They are ${state} already.`
      : changes(context, result.tasks, `marked ${state}`),
  );
  return undefined;
}

function wholeNumber(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new InvalidInputError(`--weight: expected a whole number, got "${text}".`);
}

async function prioritize(
  context: CommandContext,
  dagId: string,
  run: string,
  taskIds: readonly string[],
  options: { weight?: number; reset?: boolean },
): Promise<ExitCode | undefined> {
  if ((options.weight === undefined) === (options.reset !== true))
    throw new InvalidInputError('Give either --weight or --reset.');
  const door = await context.door();
  const { runId, taskIds: chosen } = await selection(door, dagId, run, taskIds, {});
  const result = namesOf(
    runId,
    await answerOf(
      door.api.POST('/dags/{dagId}/runs/{runId}/priority', {
        params: { path: { dagId, runId } },
        body: { priorityWeight: options.weight ?? null, ...defined({ taskIds: chosen }) },
      }),
    ),
  );
  context.out.result(result, () =>
    result.tasks.length === 0
      ? 'Nothing of that waits, or it has that weight already.'
      : `${options.weight === undefined ? 'Back at their own weight' : `Weight ${options.weight}`}: ${result.tasks.join(', ')}`,
  );
  return result.tasks.length === 0 ? EXIT_CODES.failed : undefined;
}

async function kill(
  context: CommandContext,
  dagId: string,
  run: string,
  taskIds: readonly string[],
  options: SelectionOptions,
): Promise<ExitCode | undefined> {
  const door = await context.door();
  const { runId, taskIds: chosen, mapPath } = await selection(door, dagId, run, taskIds, options);
  const result = namesOf(
    runId,
    await answerOf(
      door.api.POST('/dags/{dagId}/runs/{runId}/kill', {
        params: { path: { dagId, runId } },
        body: defined({ taskIds: chosen, mapPath }),
      }),
    ),
  );
  context.out.result(result, () =>
    result.tasks.length > 0
      ? `Being ended: ${result.tasks.join(', ')}`
      : chosen === undefined
        ? `${runId} is failed; nothing of it was active.`
        : 'Nothing of that was active.',
  );
  return chosen !== undefined && result.tasks.length === 0 ? EXIT_CODES.failed : undefined;
}

/** The names of the tasks that an answer is about. */
function namesOf(runId: string, { tasks }: Schemas['SelectedTasks']) {
  return { runId, tasks: [...new Set(tasks.map(({ taskId }) => taskId))] };
}

/** What was meant, by names that exist. */
async function selection(
  door: Door,
  dagId: string,
  run: string,
  taskIds: readonly string[],
  options: SelectionOptions,
): Promise<{ runId: string } & Omit<Schemas['Clear'], 'sameVersion' | 'conf' | 'dryRun'>> {
  const runId = await findRun(door, dagId, run);
  if (taskIds.length > 0) await assertTasks(door, { dagId, runId }, taskIds);
  const { mapPath, upstream, downstream, from, upTo, onlyFailed, past, future } = options;
  if (mapPath !== undefined && taskIds.length === 0)
    throw new InvalidInputError('--map-path: name the mapped task that has this index.');
  const chosen = taskIds.length === 0 ? undefined : [...taskIds];
  const within = { upstream, downstream, from, upTo, onlyFailed, past, future };
  return { runId, ...defined({ taskIds: chosen, mapPath, ...within }) };
}

async function assertTasks(
  door: Door,
  path: { dagId: string; runId: string },
  taskIds: readonly string[],
): Promise<void> {
  const [{ tasks }, { items }] = await Promise.all([
    serializedDag(door, path.dagId),
    answerOf(door.api.GET('/dags/{dagId}/runs/{runId}/tasks', { params: { path } })),
  ]);
  const known = new Set([...tasks, ...items].map(({ taskId }) => taskId));
  for (const taskId of taskIds) {
    if (known.has(taskId)) continue;
    const meant = didYouMean(taskId, known);
    const hint =
      meant === undefined ? `See \`tsflow tasks list ${path.dagId}\`.` : `Did you mean "${meant}"?`;
    throw new NotFoundError(`Task of ${path.dagId}`, taskId, hint);
  }
}

/** `would run again, on version v3`; runs may keep versions of their own. */
function versionsInWords(tasks: readonly SelectedTask[]): string {
  const numbers = [...new Set(tasks.flatMap(({ versionNumber: of }) => of ?? []))].sort((a, b) => a - b);
  const versions = numbers.map((number) => `v${number}`).join(', ');
  return numbers.length === 0 ? 'would run again' : `would run again, on version ${versions}`;
}

function changes(context: CommandContext, tasks: readonly SelectedTask[], done: string): string {
  if (tasks.length === 0) return `No task instance ${done}.`;
  const table = renderTable(tasks, [
    { title: 'run', value: (task) => task.runId },
    {
      title: 'task',
      value: ({ taskId, mapPath, renderedMapIndex }) => instanceName(taskId, mapPath, renderedMapIndex),
    },
    { title: 'was', value: (task) => paintState(context.out.paint, task.state) },
  ]);
  return `${tasks.length} task ${tasks.length === 1 ? 'instance' : 'instances'} ${done}:\n${table}`;
}
