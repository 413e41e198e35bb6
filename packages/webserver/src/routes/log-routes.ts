import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { defined } from '@tsflow/core/defined';
import {
  attemptLogPlace,
  followAttemptLog,
  type LogLine,
  type LogPlace,
  readAttemptLog,
} from '@tsflow/core/logs';
import { attemptRow } from '@tsflow/core/queries';
import type { AttemptTable } from '@tsflow/core/store';
import { EventStream } from '../live/event-stream.ts';
import {
  logHitsJson,
  logHitsSchema,
  logPageJson,
  logPageSchema,
  logQuery,
  logSearchQuery,
  logStreamQuery,
  logWindowJson,
  logWindowQuery,
  logWindowSchema,
} from '../schemas/log.ts';
import { attemptPath } from '../schemas/path.ts';
import type { ApiServices } from '../web-services.ts';
import { httpRoute, json, type Route, route } from './route.ts';

/** Bytes that a download reads at once. */
const DOWNLOAD_BYTES = 1_048_576;

const path = '/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}';

export const logRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: `${path}/log`,
    summary: "A page of an attempt's log",
    access: 'Viewer',
    params: attemptPath,
    query: logQuery,
    answer: { status: 200, description: 'A page.', schema: logPageSchema },
    async handle({ params, query }, { store, logsDir }) {
      const attempt = await attemptRow(store, params);
      const place = attemptLogPlace(attempt);
      const options = defined(query);
      if (place === null) {
        return json(logPageSchema, { lines: [], nextOffset: query.offset ?? 0, done: isOver(attempt) });
      }
      const page = await readAttemptLog(logsDir, place, options);
      // A runner that was killed never said where its lines end: they end when there are no more.
      const isLast = isOver(attempt) && page.nextOffset === (query.offset ?? 0);
      return json(logPageSchema, logPageJson({ ...page, done: page.done || isLast }));
    },
  }),
  route({
    method: 'get',
    path: `${path}/log/lines`,
    summary: "Lines of an attempt's log by their number, wherever they are",
    access: 'Viewer',
    params: attemptPath,
    query: logWindowQuery,
    answer: { status: 200, description: 'A window of the log.', schema: logWindowSchema },
    async handle({ params, query }, { store, logs }) {
      const attempt = await attemptRow(store, params);
      const window = await logs.window(attemptLogPlace(attempt) ?? NOWHERE, defined(query));
      return json(logWindowSchema, logWindowJson(window, isOver(attempt)));
    },
  }),
  route({
    method: 'get',
    path: `${path}/log/search`,
    summary: "Searches the whole of an attempt's log",
    access: 'Viewer',
    params: attemptPath,
    query: logSearchQuery,
    answer: { status: 200, description: 'How many lines have it, and where.', schema: logHitsSchema },
    async handle({ params, query: { find, level }, signal }, { store, logs }) {
      const attempt = await attemptRow(store, params);
      const options = { ...defined({ level }), signal };
      return json(
        logHitsSchema,
        logHitsJson(await logs.search(attemptLogPlace(attempt) ?? NOWHERE, find, options)),
      );
    },
  }),
  httpRoute({
    method: 'get',
    path: `${path}/log.txt`,
    summary: "An attempt's log as a text file",
    access: 'Viewer',
    params: attemptPath,
    answer: { status: 200, description: 'The whole log.', mediaType: 'text/plain' },
    async handle({ params }, services) {
      const attempt = await attemptRow(services.store, params);
      return {
        async stream(_request, response) {
          // Never shown in place: what a task printed must not become a page.
          response.attachment(`${attempt.taskId}.${attempt.attemptId}.log`);
          response.set('Content-Type', 'text/plain; charset=utf-8');
          response.set('Content-Security-Policy', "default-src 'none'; sandbox");
          await pipeline(Readable.from(textOf(attempt, services)), response).catch(closedByReader);
        },
      };
    },
  }),
  httpRoute({
    method: 'get',
    path: `${path}/log/stream`,
    summary: "Follows an attempt's log: events `lines` (like a page), then `end`",
    access: 'Viewer',
    params: attemptPath,
    query: logStreamQuery,
    answer: { status: 200, description: 'Server-sent events.', mediaType: 'text/event-stream' },
    async handle({ params, query, signal }, services) {
      services.live.assertRoom();
      await attemptRow(services.store, params);
      return {
        async stream(request, response) {
          const stream = new EventStream(response);
          // `id` is the offset behind the lines: a browser that reconnects sends it back.
          const resumed = Number(request.get('Last-Event-ID') ?? Number.NaN);
          const offset = Number.isSafeInteger(resumed) && resumed >= 0 ? resumed : query.offset;
          const currentPlace = async () => {
            const attempt = await attemptRow(services.store, params);
            return { ...(attemptLogPlace(attempt) ?? NOWHERE), isOver: isOver(attempt) };
          };
          const keepAlive = services.live.keepAlive(stream, request);
          try {
            const options = { ...defined({ ...query, offset }), signal };
            for await (const page of followAttemptLog(services.logsDir, currentPlace, options)) {
              stream.send('lines', logPageJson(page), String(page.nextOffset));
              if (stream.isBehind) await Promise.race([once(response, 'drain'), once(response, 'close')]);
            }
            stream.send('end', {});
          } finally {
            keepAlive.stop();
            stream.close();
          }
        },
      };
    },
  }),
];

/** The place of an attempt that has not written a line: an empty range of a segment that does not exist. */
const NOWHERE: LogPlace = { segment: '1970-01-01/none-0.jsonl', start: 0, end: null };

function isOver(attempt: AttemptTable): boolean {
  return attempt.endDate !== null;
}

async function* textOf(
  attempt: AttemptTable,
  { logsDir }: Pick<ApiServices, 'logsDir'>,
): AsyncGenerator<string> {
  const place = attemptLogPlace(attempt);
  if (place === null) return;
  for (let offset = 0; ; ) {
    const page = await readAttemptLog(logsDir, place, { offset, limitBytes: DOWNLOAD_BYTES });
    if (page.lines.length > 0) yield page.lines.map(lineAsText).join('');
    if (page.done || page.nextOffset === offset) return;
    offset = page.nextOffset;
  }
}

function lineAsText({ at, level, source, message, fields }: LogLine): string {
  const facts = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
  return `${at} ${level.toUpperCase().padEnd(5)} ${source} ${message}${facts}\n`;
}

/** A reader who leaves early is no error of the server. */
function closedByReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}
