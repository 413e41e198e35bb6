import type { CommandContext } from './command-context.ts';
import { answerOf, type Schemas } from './door/api.ts';
import type { Door } from './door/door.ts';
import { readable } from './output/log-line.ts';

type Callback = Schemas['Callback'];

interface RunPath {
  readonly dagId: string;
  readonly runId: string;
}

/** Callbacks of a run and its tasks, oldest first. */
export async function callbacksOf({ api }: Door, path: RunPath): Promise<readonly Callback[]> {
  const { items } = await answerOf(api.GET('/dags/{dagId}/runs/{runId}/callbacks', { params: { path } }));
  return items;
}

/** Prints what callbacks of one attempt wrote, behind its own log: where one looks for why nobody was told. */
export async function printCallbackLogs(
  context: CommandContext,
  door: Door,
  run: RunPath,
  attemptId: string,
): Promise<void> {
  const callbacks = await callbacksOf(door, run);
  for (const callback of callbacks.filter((one) => one.attemptId === attemptId)) {
    await printCallbackLog(context, door, run, callback);
  }
}

export async function printCallbackLog(
  context: CommandContext,
  { api }: Door,
  run: RunPath,
  { callbackId }: Pick<Callback, 'callbackId'>,
): Promise<void> {
  for (let offset = 0; ; ) {
    const page = await answerOf(
      api.GET('/dags/{dagId}/runs/{runId}/callbacks/{callbackId}/log', {
        params: { path: { ...run, callbackId: Number(callbackId) }, query: { offset } },
      }),
    );
    for (const line of page.lines) {
      context.out.print(context.out.json ? JSON.stringify({ ...line, callbackId }) : readable(line));
    }
    if (page.done || page.nextOffset === offset) return;
    offset = page.nextOffset;
  }
}
