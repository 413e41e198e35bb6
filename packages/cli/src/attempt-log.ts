import { NotFoundError } from '@tsflow/core/errors';
import { attemptLogPlace, followAttemptLog, type LogLine, readAttemptLog } from '@tsflow/core/logs';
import { type Attempt, getTaskInstance, listAttempts, type TaskInstanceArgs } from '@tsflow/core/queries';
import { isFinished } from '@tsflow/core/state';
import type { AttemptTable, Store } from '@tsflow/core/store';
import { printCallbackLogs } from './callback-log.ts';
import type { CommandContext } from './command-context.ts';
import { logsFolder } from './compose/folders.ts';
import { PendingError } from './exit-code.ts';
import { readable } from './output/log-line.ts';

const POLL_MS = 100;

interface LogRequest extends TaskInstanceArgs {
  /** Absent: the newest. */
  readonly try?: number;
  readonly follow: boolean;
}

/** Prints the log of one try: what there is, or with `follow` until the try has ended. */
export async function printLog(context: CommandContext, store: Store, request: LogRequest): Promise<void> {
  const folder = logsFolder(await context.config());
  const attempt = await findAttempt(store, request);
  const place = () => placeOf(store, attempt.attemptId);
  const print = (line: LogLine) =>
    context.out.print(context.out.json ? JSON.stringify(line) : readable(line));
  if (request.follow) {
    if ((await place()).segment === '') return;
    for await (const page of followAttemptLog(folder, place, { pollMs: POLL_MS })) page.lines.forEach(print);
    return printCallbackLogs(context, store, attempt.attemptId);
  }
  let offset = 0;
  for (;;) {
    const now = await place();
    if (now.segment === '') return;
    const page = await readAttemptLog(folder, now, { offset });
    page.lines.forEach(print);
    if (page.done || page.nextOffset === offset) break;
    offset = page.nextOffset;
  }
  await printCallbackLogs(context, store, attempt.attemptId);
}

/** The try that was asked for. One that has not begun is waited for when following, until its task has ended otherwise. */
async function findAttempt(store: Store, request: LogRequest): Promise<Attempt> {
  for (;;) {
    const attempts = await listAttempts(store, request);
    const found = attempts.findLast(
      ({ tryNumber }) => request.try === undefined || tryNumber === request.try,
    );
    const hasBegun = found !== undefined && (await hasLog(store, found.attemptId));
    if (found !== undefined && (hasBegun || found.endDate !== null)) return found;
    const instance = await getTaskInstance(store, request);
    const what = request.try === undefined ? 'has not run' : `has no try ${request.try}`;
    if (isFinished(instance.state)) {
      throw new NotFoundError('log of task', request.taskId, `It ${what}; its state is ${instance.state}.`);
    }
    if (!request.follow) {
      throw new PendingError(
        `${request.taskId} ${what} yet: it is ${instance.state}. Add --follow to wait for it.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function hasLog(store: Store, attemptId: number): Promise<boolean> {
  return (await store.turns.attempt(attemptId))?.logSegment != null;
}

/** Where the lines are; an attempt that ended without any has an empty segment name. */
async function placeOf(store: Store, attemptId: number) {
  const row = await store.turns.attempt(attemptId);
  const place = (row === null ? null : attemptLogPlace(row)) ?? {
    segment: '',
    start: 0,
    end: null,
    attemptId,
  };
  return { ...place, isOver: row === null || isOver(row) };
}

function isOver(row: AttemptTable): boolean {
  return row.endDate !== null;
}
