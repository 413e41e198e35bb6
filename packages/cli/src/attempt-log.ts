import { NotFoundError } from '@tsflow/core/errors';
import { isFinished } from '@tsflow/core/state';
import { printCallbackLogs } from './callback-log.ts';
import type { CommandContext } from './command-context.ts';
import { answerOf, type Schemas } from './door/api.ts';
import type { Door } from './door/door.ts';
import { PendingError } from './exit-code.ts';
import { readable } from './output/log-line.ts';

interface LogRequest {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
  /** Absent: the newest. */
  readonly try?: number;
  readonly follow: boolean;
}

/** Prints the log of one try: what there is, or with `follow` until the try has ended. */
export async function printLog(context: CommandContext, door: Door, request: LogRequest): Promise<void> {
  const { out } = context;
  const attemptId = await findAttempt(door, request);
  for (let offset = 0; ; ) {
    const page = await readLog(door, request, attemptId, offset);
    for (const line of page.lines) out.print(out.json ? JSON.stringify(line) : readable(line));
    const isAtEnd = page.nextOffset === offset;
    if (page.done || (isAtEnd && !request.follow)) break;
    offset = page.nextOffset;
    if (isAtEnd) await pause(door);
  }
  await printCallbackLogs(context, door, { dagId: request.dagId, runId: request.runId }, attemptId);
}

/** The try that was asked for. One that has not begun is waited for when following, until its task has ended otherwise. */
async function findAttempt(door: Door, request: LogRequest): Promise<string> {
  const { dagId, runId, taskId, mapPath } = request;
  for (;;) {
    const instance = await answerOf(
      door.api.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}', {
        params: { path: { dagId, runId, taskId }, query: { mapPath } },
      }),
    );
    const found = instance.attempts.findLast(
      ({ tryNumber }) => request.try === undefined || tryNumber === request.try,
    );
    if (found !== undefined && (await hasBegun(door, request, found))) return found.attemptId;
    const what = request.try === undefined ? 'has not run' : `has no try ${request.try}`;
    if (isFinished(instance.state)) {
      throw new NotFoundError('log of task', taskId, `It ${what}; its state is ${instance.state}.`);
    }
    if (!request.follow) {
      throw new PendingError(`${taskId} ${what} yet: it is ${instance.state}. Add --follow to wait for it.`);
    }
    await pause(door);
  }
}

async function hasBegun(door: Door, request: LogRequest, attempt: Schemas['Attempt']): Promise<boolean> {
  if (attempt.endDate !== null) return true;
  return (await readLog(door, request, attempt.attemptId, 0)).lines.length > 0;
}

function readLog({ api }: Door, { dagId, runId, taskId }: LogRequest, attemptId: string, offset: number) {
  return answerOf(
    api.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/log', {
      params: { path: { dagId, runId, taskId, attemptId: Number(attemptId) }, query: { offset } },
    }),
  );
}

function pause({ pollMs }: Door): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollMs));
}
