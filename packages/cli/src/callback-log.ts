import { readAttemptLog } from '@tsflow/core/logs';
import type { CallbackTable, Store } from '@tsflow/core/store';
import type { CommandContext } from './command-context.ts';
import { logsFolder } from './compose/folders.ts';
import { readable } from './output/log-line.ts';

/** Prints what callbacks of one attempt wrote, behind its own log: where one looks for why nobody was told. */
export async function printCallbackLogs(
  context: CommandContext,
  store: Store,
  attemptId: number,
): Promise<void> {
  const callbacks = await store.db
    .selectFrom('callback')
    .selectAll()
    .where('runKey', 'in', (of) =>
      of.selectFrom('attempt').select('runKey').where('attemptId', '=', attemptId),
    )
    .where('attemptId', '=', attemptId)
    .orderBy('key')
    .execute();
  for (const callback of callbacks) await printCallbackLog(context, callback);
}

export async function printCallbackLog(context: CommandContext, callback: CallbackTable): Promise<void> {
  const { key, logSegment, logStart, logEnd } = callback;
  if (logSegment === null || logStart === null) return;
  const folder = logsFolder(await context.config());
  const place = { segment: logSegment, start: logStart, end: logEnd, attemptId: key };
  for (let offset = 0; ; ) {
    const page = await readAttemptLog(folder, place, { offset });
    for (const line of page.lines) {
      context.out.print(context.out.json ? JSON.stringify({ ...line, callbackId: key }) : readable(line));
    }
    if (page.done || page.nextOffset === offset) return;
    offset = page.nextOffset;
  }
}
