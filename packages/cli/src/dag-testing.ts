import { NotFoundError, type SerializedError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { attemptLogPlace, readAttemptLog } from '@tsflow/core/logs';
import { getDag, getRun, listTaskInstances, type RunSummary, type TaskInstance } from '@tsflow/core/queries';
import { instanceName, isRunFinished } from '@tsflow/core/state';
import { type AttemptTable, askDag, type Store } from '@tsflow/core/store';
import type { LocalContext } from './command-context.ts';
import { instantIn } from './commands/date-option.ts';
import { type DagTestRun, prepareTestRun } from './compose/dag-test-run.ts';
import { existingProjectStore } from './compose/project.ts';
import { type ApiClient, answerOf } from './door/api.ts';
import { databaseApi } from './door/database-door.ts';
import { CommandRefusedError, EXIT_CODES, type ExitCode } from './exit-code.ts';
import { paintState } from './output/colours.ts';
import { readable } from './output/log-line.ts';
import { runRecord, taskInstanceRecord } from './output/records.ts';
import { renderTable } from './output/table.ts';

const POLL_MS = 25;

/**
 * Runs a whole DAG in this process: its tasks one after the other where a debugger stops in them, retries without their delay, the
 * lines of their logs on stderr. The project's Variables are read, nothing is recorded.
 */
export async function testDag(
  context: LocalContext,
  dagId: string,
  options: { readonly conf: JsonObject; readonly logicalDate: string | null; readonly quiet: boolean },
): Promise<ExitCode> {
  const config = await context.config();
  await using project = await existingProjectStore(config);
  await using place = await prepareTestRun(config, project.store);
  const dag = await loadedDag(place.store, dagId);
  await place.start(dag, dag.version);

  const logicalDate =
    options.logicalDate === null
      ? {}
      : { logicalDate: instantIn(dag.timezone, options.logicalDate, '--logical-date') };
  const answer = await askDag(place.store, {
    dagId,
    intent: { kind: 'trigger', payload: { conf: options.conf, unpause: true, ...logicalDate } },
    actor: context.actor,
  });
  if (answer.state !== 'applied') {
    const { error } = answer.result as unknown as { error: SerializedError };
    throw new CommandRefusedError(error.message);
  }
  const { runId } = answer.result as { runId: string };
  const run = await followRun(context, place, { dagId, runId }, options.quiet);
  await report(context, databaseApi({ store: place.store, config, actor: context.actor }), { dagId, runId });
  return run.state === 'success' ? EXIT_CODES.ok : EXIT_CODES.failed;
}

/** The DAG as its file has it now. Throws in words, with what is wrong with files that do not load. */
async function loadedDag(store: Store, dagId: string) {
  const errors = await store.catalog.importErrors();
  const details = await getDag(store, { dagId }).catch((thrown) => {
    if (!(thrown instanceof NotFoundError)) throw thrown;
    const broken = errors.map(
      ({ file, line, message }) => `\n${file}${line === null ? '' : `:${line}`}: ${message}`,
    );
    const hint = broken.length === 0 ? 'See `tsflow check`.' : `These files do not load:${broken.join('')}`;
    throw new NotFoundError('DAG', dagId, hint);
  });
  return { ...details.serialized!, version: details.version! };
}

async function followRun(
  context: LocalContext,
  place: DagTestRun,
  name: { dagId: string; runId: string },
  quiet: boolean,
): Promise<RunSummary> {
  const offsets = new Map<number, number>();
  for (;;) {
    const run = await getRun(place.store, name);
    if (!quiet) await printNewLines(context, place, run.key, offsets);
    if (isRunFinished(run.state)) return run;
    skipRetryDelay(context, place, await listTaskInstances(place.store, name));
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), place.failed]);
  }
}

/** When nothing is left but tasks that wait for another try, there is nothing to wait for in a test. */
function skipRetryDelay(context: LocalContext, place: DagTestRun, instances: readonly TaskInstance[]): void {
  const isBusy = instances.some(({ state }) => BUSY.has(state));
  const waiting = instances.filter(({ state, nextAt }) => state === 'up_for_retry' && nextAt !== null);
  if (isBusy || waiting.length === 0) return;
  for (const { taskId, tryNumber } of waiting) {
    context.out.note(`${taskId}: try ${tryNumber} failed; the next one starts now, without the delay.`);
  }
  place.skipTo(Math.min(...waiting.map(({ nextAt }) => nextAt!)));
}

const BUSY: ReadonlySet<string> = new Set([
  'scheduled',
  'queued',
  'running',
  'restarting',
  'up_for_reschedule',
  'deferred',
]);

async function printNewLines(
  context: LocalContext,
  place: DagTestRun,
  runKey: number,
  offsets: Map<number, number>,
): Promise<void> {
  for (const attempt of await attemptsOf(place.store, runKey)) {
    const lines = attemptLogPlace(attempt);
    if (lines === null) continue;
    const offset = offsets.get(attempt.attemptId) ?? 0;
    const page = await readAttemptLog(place.logs, lines, { offset });
    offsets.set(attempt.attemptId, page.nextOffset);
    for (const line of page.lines) context.out.note(`${attempt.taskId}  ${readable(line)}`);
  }
}

function attemptsOf(store: Store, runKey: number): Promise<AttemptTable[]> {
  return store.db
    .selectFrom('attempt')
    .selectAll()
    .where('runKey', '=', runKey)
    .orderBy('attemptId')
    .execute();
}

async function report(
  { out }: LocalContext,
  api: ApiClient,
  path: { dagId: string; runId: string },
): Promise<void> {
  const run = await answerOf(api.GET('/dags/{dagId}/runs/{runId}', { params: { path } }));
  const { items: instances } = await answerOf(
    api.GET('/dags/{dagId}/runs/{runId}/tasks', { params: { path } }),
  );
  out.result({ ...runRecord(run), tasks: instances.map(taskInstanceRecord) }, () => {
    const table = renderTable(instances, [
      {
        title: 'task',
        value: ({ taskId, mapPath, renderedMapIndex }) => instanceName(taskId, mapPath, renderedMapIndex),
      },
      { title: 'state', value: ({ state }) => paintState(out.paint, state) },
      { title: 'tries', value: ({ tryNumber }) => tryNumber, align: 'right' },
      { title: 'why', value: ({ reason }) => reason },
    ]);
    const why = run.reason === null ? '' : `: ${run.reason}`;
    return `${table}\n\n${run.dagId}: ${paintState(out.paint, run.state)}${why}`;
  });
}
