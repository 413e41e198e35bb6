import { defined } from '@tsflow/core/defined';
import { formatDuration } from '@tsflow/core/duration';
import { InvalidInputError } from '@tsflow/core/errors';
import { type Command, Option } from 'commander';
import { type CommandContext, type LocalContext, perform, performHere } from '../command-context.ts';
import { answerOf } from '../door/api.ts';
import { CommandRefusedError, EXIT_CODES, type ExitCode } from '../exit-code.ts';
import { paintState } from '../output/colours.ts';
import { dagRecord, plannedRunRecord } from '../output/records.ts';
import { formatInstant, renderTable } from '../output/table.ts';
import { parseConf } from './conf-option.ts';
import { instantIn } from './date-option.ts';
import { countOption, everyPage } from './paging.ts';
import { dagOf } from './run-name.ts';

export function register(program: Command): void {
  const dags = program
    .command('dags')
    .description('list, show, test, trigger, reschedule, pause and unpause DAGs');
  dags
    .command('list')
    .description('every DAG with its schedule and its newest run')
    .option('--search <text>', 'only those whose id or description contains it')
    .option('--tag <tag>', 'only those with this tag')
    .option('--paused', 'only paused ones')
    .option('--active', 'only those that are not paused')
    .option('--stale', 'also those whose file is gone')
    .action(perform(list));
  dags.command('show <dag>').description('one DAG with its tasks and edges').action(perform(show));
  dags
    .command('next <dag>')
    .description('when it runs next')
    .option('-n, --limit <count>', 'how many', countOption, 5)
    .option('--from <date>', "from this logical date on, whatever was run already; read in the DAG's zone")
    .action(perform(next));
  dags
    .command('trigger <dag>')
    .description('start a run now')
    .option('--conf <json>', 'params of the run as a JSON object; "@file" reads a file, "-" standard input')
    .option('--logical-date <date>', "the run's logical date, read in the DAG's zone (default: now)")
    .option('--run-id <id>', 'its id (default: manual__<instant>_<random>)')
    .option('--note <text>', 'a note for the people who look at it')
    .option('--up-to <task>', 'end with this task or group: only it and what is before it run')
    .option(
      '--idempotency-key <key>',
      'a name for this request: the same key again starts nothing and answers with the first run',
    )
    .option('--unpause', 'unpause the DAG with it')
    .option('--wait', 'wait for its end; exit code 1 when it fails')
    .action(perform(trigger));
  dags
    .command('reschedule <dag>')
    .description('pass over the next runs of its schedule, or make the next one now')
    .option('--skip <count>', 'pass over this many of the next runs', countOption)
    .option(
      '--skip-to <date>',
      "make no run before this logical date, read in the DAG's zone; an earlier one than last takes that back",
    )
    .option('--run-now', 'make the next run now, ahead of its time')
    .option('--dry-run', 'only say what would be done')
    .action(perform(reschedule));
  dags
    .command('pause <dag>')
    .description('start nothing more of it; what runs goes on')
    .action(perform(pause(true)));
  dags
    .command('unpause <dag>')
    .description('let it run again')
    .action(perform(pause(false)));
  dags
    .command('test <dag> [logicalDate]')
    .description('run the whole DAG in this process, with a database in memory: nothing is recorded')
    .option('--conf <json>', 'params of the run as a JSON object')
    .option('--logical-date <date>', "the run's logical date, read in the DAG's zone (default: now)")
    .addOption(new Option('--quiet', 'leave the log lines of tasks out'))
    .action(performHere('files', test));
}

async function list(
  context: CommandContext,
  options: { search?: string; tag?: string; paused?: boolean; active?: boolean; stale?: boolean },
): Promise<undefined> {
  const paused = options.paused === true ? true : options.active === true ? false : undefined;
  const { api } = await context.door();
  const { out } = context;
  const { search, tag } = options;
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : (`${value}` as const));
  const query = defined({ search, tag, paused: flag(paused), stale: flag(options.stale) });
  const found = await everyPage(100_000, (page) =>
    answerOf(api.GET('/dags', { params: { query: { ...page, ...query } } })),
  );
  const { items: errors } = await answerOf(api.GET('/import-errors'));
  out.result(found.map(dagRecord), () =>
    found.length === 0
      ? 'There are no DAGs. A running standalone or dag-processor reads the dags folder; `tsflow check` loads it once.'
      : renderTable(found, [
          { title: 'dag', value: (dag) => dag.dagId },
          { title: 'schedule', value: (dag) => dag.schedule },
          { title: 'paused', value: (dag) => (dag.isPaused ? 'paused' : '') },
          { title: 'next run', value: (dag) => (dag.isPaused ? '' : formatInstant(dag.nextRun?.runAfter)) },
          { title: 'last run', value: (dag) => lastState(dag.lastRuns.at(-1)?.state) },
          { title: 'tags', value: (dag) => dag.tags.join(', ') },
          { title: 'file', value: (dag) => dag.file },
        ]),
  );
  if (errors.length > 0) {
    const files = errors.map((error) => error.file).join(', ');
    out.note(
      `warning: ${errors.length === 1 ? '1 file does' : `${errors.length} files do`} not load: ${files}`,
    );
  }
  return undefined;

  function lastState(state: string | undefined): string {
    return state === undefined ? '' : paintState(out.paint, state);
  }
}

async function show(context: CommandContext, dagId: string): Promise<undefined> {
  const dag = await dagOf(await context.door(), dagId);
  const { serialized } = dag;
  context.out.result({ ...dagRecord(dag), doc: dag.doc, serialized }, () => {
    const facts: [string, string | null][] = [
      ['dag', dag.dagId + (dag.isPaused ? ' (paused)' : '') + (dag.isStale ? ' (its file is gone)' : '')],
      ['description', dag.description],
      ['schedule', dag.schedule],
      ['next run', formatInstant(dag.nextRun?.runAfter) || null],
      ['file', dag.file],
      ['version', dag.versionNumber === null ? null : `v${dag.versionNumber}`],
      ['owner', dag.owner],
      ['tags', dag.tags.join(', ') || null],
      ['params', serialized?.paramsSchema == null ? null : JSON.stringify(serialized.paramsDefaults)],
    ];
    const lines = facts
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name.padEnd(13)}${value}`);
    if (serialized === null) return lines.join('\n');
    const tasks = renderTable(serialized.tasks, [
      { title: 'task', value: (task) => task.taskId },
      { title: 'operator', value: (task) => task.operator },
      { title: 'after', value: (task) => task.upstream.join(', ') },
      { title: 'rule', value: (task) => (task.triggerRule === 'all_success' ? '' : task.triggerRule) },
      {
        title: 'retries',
        value: (task) =>
          task.retries === 0 ? '' : `${task.retries} after ${formatDuration(task.retryDelayMs)}`,
      },
    ]);
    return [...lines, '', tasks].join('\n');
  });
  return undefined;
}

async function next(
  context: CommandContext,
  dagId: string,
  options: { limit: number; from?: string },
): Promise<undefined> {
  const door = await context.door();
  const { isPaused, schedule, timezone } = await dagOf(door, dagId);
  const from = options.from === undefined ? undefined : instantIn(timezone, options.from, '--from');
  const query = defined({ n: options.limit, from });
  const planned = await answerOf(door.api.GET('/dags/{dagId}/next', { params: { path: { dagId }, query } }));
  const items = planned.items.map(plannedRunRecord);
  context.out.table(
    items,
    [
      { title: 'runs at', value: (run) => formatInstant(run.runAfter) },
      { title: 'logical date', value: (run) => formatInstant(run.logicalDate) },
      {
        title: 'data interval',
        value: ({ dataInterval }) =>
          `${formatInstant(dataInterval.start)} to ${formatInstant(dataInterval.end)}`,
      },
    ],
    `${dagId} has no next run (${schedule}).`,
  );
  if (planned.knownUntil !== null)
    context.out.note(
      `The timetable is code of the DAG file: its runs are known until ${formatInstant(planned.knownUntil)}, and further as that comes nearer.`,
    );
  if (isPaused && items.length > 0)
    context.out.note(`${dagId} is paused: nothing runs until it is unpaused.`);
  return undefined;
}

async function reschedule(
  context: CommandContext,
  dagId: string,
  options: { skip?: number; skipTo?: string; runNow?: boolean; dryRun?: boolean },
): Promise<undefined> {
  const door = await context.door();
  const { timezone } = await dagOf(door, dagId);
  const payload = {
    ...(options.skip === undefined ? {} : { skip: options.skip }),
    ...(options.skipTo === undefined ? {} : { skipTo: instantIn(timezone, options.skipTo, '--skip-to') }),
    ...(options.runNow === true ? { runNow: true as const } : {}),
  };
  const { out } = context;
  const reschedule = (dryRun: boolean) =>
    answerOf(
      door.api.POST('/dags/{dagId}/reschedule', {
        params: { path: { dagId } },
        body: { ...payload, ...(dryRun ? { dryRun } : {}) },
      }),
    );
  if (options.dryRun === true) {
    const { skipped, runsNow = null, next: then } = await reschedule(true);
    out.result({ dryRun: true, dagId, skipped, runsNow, next: then }, () =>
      inWords(
        { skipped, next: then, made: runsNow === null ? null : `the run of ${runsNow} would be made` },
        'Would be passed over',
      ),
    );
    return undefined;
  }
  const done = await reschedule(false);
  out.result({ dagId, ...done }, () =>
    inWords({ ...done, made: done.runId === null ? null : `${done.runId} is made` }, 'Passed over'),
  );
  return undefined;

  function inWords(
    of: { skipped: readonly string[]; made: string | null; next: string | null },
    what: string,
  ): string {
    const shown = of.skipped.slice(0, 5).map((date) => formatInstant(Date.parse(date)));
    const more = of.skipped.length > shown.length ? `, … (${of.skipped.length})` : '';
    const passed = of.skipped.length === 0 ? 'No run is passed over' : `${what}: ${shown.join(', ')}${more}`;
    const then =
      of.next === null ? 'there is no run after it' : `next: ${formatInstant(Date.parse(of.next))}`;
    return `${of.made ?? passed}; ${then}.`;
  }
}

interface TriggerOptions {
  readonly conf?: string;
  readonly logicalDate?: string;
  readonly runId?: string;
  readonly note?: string;
  readonly upTo?: string;
  readonly idempotencyKey?: string;
  readonly unpause?: boolean;
  readonly wait?: boolean;
}

async function trigger(
  context: CommandContext,
  dagId: string,
  options: TriggerOptions,
): Promise<ExitCode | undefined> {
  const door = await context.door();
  await using scheduler = options.wait === true ? await door.schedulerFor(dagId) : null;
  const dag = await dagOf(door, dagId);
  const conf = await parseConf(options.conf);
  const isPaused = dag.isPaused && options.unpause !== true;
  if (scheduler !== null && isPaused) {
    throw new CommandRefusedError(`${dagId} is paused, so the run would wait for ever: add --unpause.`);
  }
  const { logicalDate, runId: wantedId, note, upTo, unpause } = options;
  const { runId, state } = await answerOf(
    door.api.POST('/dags/{dagId}/runs', {
      params: { path: { dagId } },
      body: defined({
        conf,
        logicalDate:
          logicalDate === undefined ? undefined : instantIn(dag.timezone, logicalDate, '--logical-date'),
        runId: wantedId,
        note,
        upTo,
        unpause,
      }),
      headers: defined({ 'Idempotency-Key': options.idempotencyKey }),
    }),
  );
  if (isPaused) {
    context.out.note(
      `${dagId} is paused: the run waits until it is unpaused (tsflow dags unpause ${dagId}).`,
    );
  }
  if (scheduler === null) {
    context.out.result({ dagId, runId, state, isPaused }, () => `${runId} of ${dagId} is ${state}.`);
    return undefined;
  }
  const { waitForRun } = await import('../run-waiting.ts');
  const run = await waitForRun(context, door, scheduler, { dagId, runId });
  return run.state === 'success' ? EXIT_CODES.ok : EXIT_CODES.failed;
}

function pause(isPaused: boolean) {
  return async (context: CommandContext, dagId: string): Promise<undefined> => {
    const { api } = await context.door();
    await answerOf(api.PATCH('/dags/{dagId}', { params: { path: { dagId } }, body: { isPaused } }));
    context.out.result({ dagId, isPaused }, () =>
      isPaused ? `${dagId} is paused. What runs goes on to its end.` : `${dagId} is not paused.`,
    );
    return undefined;
  };
}

async function test(
  context: LocalContext,
  dagId: string,
  date: string | undefined,
  options: { conf?: string; logicalDate?: string; quiet?: boolean },
): Promise<ExitCode> {
  if (date !== undefined && options.logicalDate !== undefined) {
    throw new InvalidInputError(`The logical date is given twice: ${date}, and --logical-date.`);
  }
  const { testDag } = await import('../dag-testing.ts');
  return testDag(context, dagId, {
    conf: await parseConf(options.conf),
    logicalDate: date ?? options.logicalDate ?? null,
    quiet: options.quiet === true,
  });
}
