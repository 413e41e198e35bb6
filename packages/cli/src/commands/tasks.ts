import { InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import { TASK_STATES, type TaskState } from '@tsflow/core/state';
import { type Command, Option } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';
import { paintState } from '../output/colours.ts';
import { attemptRecord, taskInstanceRecord } from '../output/records.ts';
import { formatInstant, renderTable } from '../output/table.ts';
import { MAP_PATH } from './map-path-option.ts';
import { countOption } from './paging.ts';
import { findRun, serializedDag } from './run-name.ts';
import { registerTaskRecovery } from './task-recovery.ts';

export function register(program: Command): void {
  const tasks = program
    .command('tasks')
    .description('list, clear, run, kill and explain task instances, and read their logs')
    .addHelpText('after', '\n<run> is the id of a run, or "latest" for the newest run of the DAG.');
  tasks
    .command('list <dag> [run]')
    .description('the task instances of a run; without a run, the tasks of the DAG')
    .addOption(new Option('--state <state>', 'only those in this state').choices(TASK_STATES))
    .option(...MAP_PATH)
    .action(perform(list));
  tasks
    .command('state <dag> <run> <task>')
    .description('the state of one task instance, and its tries')
    .option(...MAP_PATH, '')
    .action(perform(state));
  tasks
    .command('why <dag> <run> <task>')
    .description('why a task is not running: every check that the scheduler makes, with its answer')
    .option(...MAP_PATH, '')
    .action(perform(why));
  tasks
    .command('logs <dag> <run> <task>')
    .description('the log of its newest try')
    .option('-f, --follow', 'go on until the try has ended')
    .option('--try <number>', 'of this try', countOption)
    .option(...MAP_PATH, '')
    .action(perform(logs));
  tasks
    .command('xcom <dag> <run> <task>')
    .description('what its newest try pushed')
    .option('--try <number>', 'what this try pushed', countOption)
    .option(...MAP_PATH, '')
    .action(perform(xcom));
  tasks
    .command('rendered <dag> <run> <task>')
    .description('the fields and params that its newest try ran with')
    .option('--try <number>', 'of this try', countOption)
    .option(...MAP_PATH, '')
    .action(perform(rendered));
  registerTaskRecovery(tasks);
}

async function list(
  context: CommandContext,
  dagId: string,
  run: string | undefined,
  options: { state?: TaskState; mapPath?: string },
): Promise<undefined> {
  const door = await context.door();
  const { out } = context;
  if (run === undefined) {
    if (options.state !== undefined)
      throw new InvalidInputError('--state: tasks have states within a run: name one.');
    const dag = await serializedDag(door, dagId);
    const records = dag.tasks.map(({ taskId, operator, groupId, upstream, triggerRule }) => ({
      dagId,
      taskId,
      operator,
      groupId,
      upstream,
      triggerRule,
    }));
    out.table(
      records,
      [
        { title: 'task', value: (task) => task.taskId },
        { title: 'operator', value: (task) => task.operator },
        { title: 'after', value: (task) => task.upstream.join(', ') },
      ],
      `${dagId} has no tasks.`,
    );
    return undefined;
  }
  const path = { dagId, runId: await findRun(door, dagId, run) };
  const { items } = await answerOf(door.api.GET('/dags/{dagId}/runs/{runId}/tasks', { params: { path } }));
  const { state: wanted, mapPath } = options;
  const instances = items.filter(
    (instance) =>
      (wanted === undefined || instance.state === wanted) &&
      (mapPath === undefined || instance.mapPath === mapPath),
  );
  out.result(instances.map(taskInstanceRecord), () =>
    instances.length === 0
      ? 'There are no such task instances.'
      : renderTable(instances, [
          { title: 'task', value: (instance) => instance.taskId },
          { title: 'map', value: (instance) => instance.mapPath },
          ...(instances.some(({ renderedMapIndex }) => renderedMapIndex !== null)
            ? [{ title: 'name', value: ({ renderedMapIndex }: TaskInstance) => renderedMapIndex }]
            : []),
          { title: 'state', value: (instance) => paintState(out.paint, instance.state) },
          { title: 'try', value: (instance) => instance.tryNumber, align: 'right' },
          { title: 'started', value: (instance) => formatInstant(instance.startDate) },
          { title: 'ended', value: (instance) => formatInstant(instance.endDate) },
          { title: 'why', value: (instance) => instance.reason },
        ]),
  );
  return undefined;
}

async function state(
  context: CommandContext,
  dagId: string,
  run: string,
  taskId: string,
  { mapPath }: { mapPath: string },
): Promise<undefined> {
  const door = await context.door();
  const name = { dagId, runId: await findRun(door, dagId, run), taskId, mapPath };
  const instance = await instanceOf(door, name);
  const { attempts } = instance;
  const { out } = context;
  out.result({ ...taskInstanceRecord(instance), attempts: attempts.map(attemptRecord) }, () => {
    const head =
      paintState(out.paint, instance.state) + (instance.reason === null ? '' : `: ${instance.reason}`);
    if (attempts.length === 0) return head;
    const tries = renderTable(attempts, [
      { title: 'try', value: (attempt) => attempt.tryNumber, align: 'right' },
      { title: 'state', value: (attempt) => paintState(out.paint, attempt.state) },
      { title: 'started', value: (attempt) => formatInstant(attempt.startDate) },
      { title: 'ended', value: (attempt) => formatInstant(attempt.endDate) },
      ...(attempts.some(({ groupTries }) => groupTries !== null)
        ? [{ title: 'group', value: ({ groupTries }: Attempt) => groupTriesText(groupTries) }]
        : []),
      { title: 'error', value: (attempt) => attempt.error?.message },
    ]);
    return `${head}\n\n${tries}`;
  });
  return undefined;
}

type Attempt = Schemas['Attempt'];
type TaskInstance = Schemas['TaskInstance'];

/** `etl 2`: the second try of the group etl. */
function groupTriesText(tries: Attempt['groupTries']): string {
  return Object.entries(tries ?? {})
    .map(([groupId, number]) => `${groupId} ${number}`)
    .join(', ');
}

async function why(
  context: CommandContext,
  dagId: string,
  run: string,
  taskId: string,
  { mapPath }: { mapPath: string },
): Promise<undefined> {
  const door = await context.door();
  const path = { dagId, runId: await findRun(door, dagId, run), taskId };
  const { items: checks } = await answerOf(
    door.api.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/why', { params: { path, query: { mapPath } } }),
  );
  const { out } = context;
  out.table(
    checks,
    [
      {
        title: '',
        value: (check) => (check.passed ? out.paint('green', 'ok') : out.paint('yellow', 'waits')),
      },
      { title: 'check', value: (check) => check.name },
      { title: 'reason', value: (check) => check.reason },
    ],
    'Nothing holds it back.',
  );
  return undefined;
}

async function logs(
  context: CommandContext,
  dagId: string,
  run: string,
  taskId: string,
  { mapPath, ...options }: { follow?: boolean; try?: number; mapPath: string },
): Promise<undefined> {
  const door = await context.door();
  const runId = await findRun(door, dagId, run);
  const { printLog } = await import('../attempt-log.ts');
  await printLog(context, door, {
    dagId,
    runId,
    taskId,
    mapPath,
    ...options,
    follow: options.follow === true,
  });
  return undefined;
}

interface TryOptions {
  readonly try?: number;
  readonly mapPath: string;
}

interface InstanceName {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
}

function instanceOf(
  { api }: Door,
  { mapPath, ...path }: InstanceName,
): Promise<Schemas['TaskInstanceDetails']> {
  return answerOf(
    api.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}', { params: { path, query: { mapPath } } }),
  );
}

/** The newest attempt of a try, or of all of them. Throws {@link NotFoundError} when there is none. */
async function attemptOf(door: Door, name: InstanceName, { try: wanted }: TryOptions) {
  const { attempts } = await instanceOf(door, name);
  const found = attempts.filter(({ tryNumber }) => wanted === undefined || tryNumber === wanted).at(-1);
  if (found !== undefined) return found;
  throw new NotFoundError(
    `Try of ${name.taskId}`,
    wanted === undefined ? 'newest' : String(wanted),
    attempts.length === 0
      ? 'It has not begun.'
      : `It has ${attempts.map(({ tryNumber }) => tryNumber).join(', ')}.`,
  );
}

async function xcom(
  context: CommandContext,
  dagId: string,
  run: string,
  taskId: string,
  options: TryOptions,
): Promise<undefined> {
  const door = await context.door();
  const path = { dagId, runId: await findRun(door, dagId, run), taskId };
  const { attemptId } = await attemptOf(door, { ...path, mapPath: options.mapPath }, options);
  const { items } = await answerOf(
    door.api.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/xcom', {
      params: { path: { ...path, attemptId: Number(attemptId) } },
    }),
  );
  context.out.table(
    items,
    [
      { title: 'key', value: (value) => value.key },
      { title: 'value', value: (value) => JSON.stringify(value.value) },
    ],
    'It pushed nothing.',
  );
  return undefined;
}

async function rendered(
  context: CommandContext,
  dagId: string,
  run: string,
  taskId: string,
  options: TryOptions,
): Promise<undefined> {
  const door = await context.door();
  const name = { dagId, runId: await findRun(door, dagId, run), taskId, mapPath: options.mapPath };
  const attempt = await attemptOf(door, name, options);
  const { tryNumber, conf } = attempt;
  context.out.result({ tryNumber, rendered: attempt.rendered, conf }, () =>
    [
      ...Object.entries(attempt.rendered ?? {}).map(
        ([field, value]) => `${field} = ${JSON.stringify(value)}`,
      ),
      `params = ${JSON.stringify(conf)}`,
    ].join('\n'),
  );
  return undefined;
}
