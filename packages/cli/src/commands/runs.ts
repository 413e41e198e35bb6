import { defined } from '@tsflow/core/defined';
import { formatDuration } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import { instanceName, RUN_STATES, RUN_TYPES } from '@tsflow/core/state';
import { parseInstant, parseRangeEnd } from '@tsflow/core/timetables';
import { type Command, Option } from 'commander';
import { callbacksOf, printCallbackLog } from '../callback-log.ts';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import { paintState } from '../output/colours.ts';
import { elapsedMs, runRecord, taskInstanceRecord } from '../output/records.ts';
import { formatInstant, renderTable } from '../output/table.ts';
import { countOption, everyPage } from './paging.ts';
import { findRun } from './run-name.ts';
import { registerRecovery } from './run-recovery.ts';

interface ListOptions {
  readonly state?: (typeof RUN_STATES)[number];
  readonly type?: (typeof RUN_TYPES)[number];
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

export function register(program: Command): void {
  const runs = program.command('runs').description('list, show, clear and mark runs');
  runs
    .command('list [dag]')
    .description('runs, newest logical date first')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(RUN_STATES))
    .addOption(new Option('--type <type>', 'only runs of this type').choices(RUN_TYPES))
    .option('--from <date>', 'logical dates from here (UTC unless it says otherwise)')
    .option('--to <date>', 'logical dates up to here, inclusive')
    .option('-n, --limit <count>', 'how many', countOption, 25)
    .action(perform(list));
  runs
    .command('show <dag> <run>')
    .description('one run with its tasks; "latest" is the newest run of the DAG')
    .action(perform(show));
  runs
    .command('callbacks <dag> <run>')
    .description('who was told of what, and what became of it; "latest" is the newest run of the DAG')
    .option('--log', 'print what the callbacks wrote instead')
    .action(perform(callbacks));
  registerRecovery(runs);
}

async function list(
  context: CommandContext,
  dagId: string | undefined,
  options: ListOptions,
): Promise<undefined> {
  const from =
    options.from === undefined ? undefined : parseInstant(options.from, 'UTC', '--from').toISOString();
  const to = options.to === undefined ? undefined : parseRangeEnd(options.to, 'UTC', '--to').toISOString();
  if (from !== undefined && to !== undefined && to < from) {
    throw new InvalidInputError(`--to (${options.to}) lies before --from (${options.from}).`);
  }
  const { api } = await context.door();
  const { out } = context;
  const query = defined({ state: options.state, runType: options.type, from, to });
  const found = await everyPage(options.limit, (page) =>
    dagId === undefined
      ? answerOf(api.GET('/runs', { params: { query: { ...page, ...query } } }))
      : answerOf(
          api.GET('/dags/{dagId}/runs', { params: { path: { dagId }, query: { ...page, ...query } } }),
        ),
  );
  out.result(found.map(runRecord), () =>
    found.length === 0
      ? 'There are no such runs.'
      : renderTable(found, [
          { title: 'dag', value: (run) => run.dagId },
          { title: 'run', value: (run) => run.runId },
          { title: 'state', value: (run) => paintState(out.paint, run.state) },
          { title: 'logical date', value: (run) => formatInstant(run.logicalDate) },
          { title: 'started', value: (run) => formatInstant(run.startDate) },
          { title: 'took', value: (run) => took(run) },
          { title: 'why', value: (run) => run.reason },
        ]),
  );
  return undefined;
}

async function show(context: CommandContext, dagId: string, named: string): Promise<undefined> {
  const door = await context.door();
  const path = { dagId, runId: await findRun(door, dagId, named) };
  const run = await answerOf(door.api.GET('/dags/{dagId}/runs/{runId}', { params: { path } }));
  const [{ items: instances }, { items: deadlines }] = await Promise.all([
    answerOf(door.api.GET('/dags/{dagId}/runs/{runId}/tasks', { params: { path } })),
    answerOf(door.api.GET('/dags/{dagId}/runs/{runId}/deadlines', { params: { path } })),
  ]);
  const { out } = context;
  const record = {
    ...runRecord(run),
    tasks: instances.map(taskInstanceRecord),
    deadlines,
  };
  out.result(record, () =>
    [
      ...facts(run).map(([name, value]) => `${name.padEnd(14)}${value}`),
      '',
      instances.length === 0
        ? 'Its tasks are made when it starts.'
        : renderTable(instances, [
            {
              title: 'task',
              value: ({ taskId, mapPath, renderedMapIndex }) =>
                instanceName(taskId, mapPath, renderedMapIndex),
            },
            { title: 'state', value: ({ state }) => paintState(out.paint, state) },
            { title: 'try', value: ({ tryNumber }) => tryNumber, align: 'right' },
            { title: 'started', value: ({ startDate }) => formatInstant(startDate) },
            { title: 'took', value: (instance) => took(instance) },
            { title: 'why', value: ({ reason }) => reason },
          ]),
    ].join('\n'),
  );
  return undefined;

  function facts(of: Schemas['Run']): [string, string][] {
    const all: [string, string | null][] = [
      ['dag', of.dagId],
      ['run', of.runId],
      ['state', paintState(out.paint, of.state) + (of.reason === null ? '' : `: ${of.reason}`)],
      ['logical date', formatInstant(of.logicalDate)],
      ['data interval', `${formatInstant(of.dataInterval.start)} to ${formatInstant(of.dataInterval.end)}`],
      ['version', of.versionNumber === null ? of.version.slice(0, 12) : `v${of.versionNumber}`],
      ['started', formatInstant(of.startDate) || null],
      ['ended', formatInstant(of.endDate) || null],
      ['took', took(of) || null],
      ['triggered by', of.triggeredBy],
      ['only', of.taskIds === null ? null : of.taskIds.join(', ')],
      ['conf', Object.keys(of.conf).length === 0 ? null : JSON.stringify(of.conf)],
      ['note', of.note],
      ...deadlines.map(({ name, state, dueAt }): [string, string] => {
        return ['deadline', `${name}: ${state}, due ${formatInstant(dueAt)}`];
      }),
    ];
    return all.filter((fact): fact is [string, string] => fact[1] !== null);
  }
}

async function callbacks(
  context: CommandContext,
  dagId: string,
  named: string,
  options: { log?: boolean },
): Promise<undefined> {
  const door = await context.door();
  const run = { dagId, runId: await findRun(door, dagId, named) };
  const found = await callbacksOf(door, run);
  if (options.log === true) {
    for (const callback of found) await printCallbackLog(context, door, run, callback);
    return undefined;
  }
  context.out.table(
    found,
    [
      { title: 'id', value: (callback) => callback.callbackId, align: 'right' },
      { title: 'event', value: (callback) => callback.event },
      { title: 'of', value: (callback) => callback.deadline ?? callback.taskId ?? '(the run)' },
      { title: 'try', value: (callback) => callback.tryNumber || '', align: 'right' },
      { title: 'state', value: (callback) => callback.state },
      { title: 'when', value: (callback) => formatInstant(callback.createdAt) },
      { title: 'why', value: (callback) => callback.error?.message ?? null },
    ],
    'This run called nobody.',
  );
  return undefined;
}

function took(of: { readonly startDate: string | null; readonly endDate: string | null }): string {
  const ms = elapsedMs(of, Date.now());
  return ms === null ? '' : formatDuration(ms);
}
