import { defined } from '@tsflow/core/defined';
import { readAttemptLog } from '@tsflow/core/logs';
import { callbackRow, listAllCallbacks, listCallbacks } from '@tsflow/core/queries';
import { callbackJson, callbackPath, callbackSchema, callbacksQuery } from '../schemas/callback.ts';
import { logPageJson, logPageSchema, logQuery } from '../schemas/log.ts';
import { listJson, listOf, pageJson, pageOf } from '../schemas/page.ts';
import { runPath } from '../schemas/path.ts';
import { json, type Route, route } from './route.ts';

export const callbackRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/callbacks',
    summary: 'Callbacks of all runs, and what became of them',
    access: 'Viewer',
    query: callbacksQuery,
    answer: { status: 200, description: 'A page, newest first.', schema: pageOf(callbackSchema) },
    async handle({ query }, { store }) {
      return json(pageOf(callbackSchema), pageJson(await listAllCallbacks(store, query), callbackJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/callbacks',
    summary: 'Callbacks of a run and its tasks, and what became of them',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'Oldest first.', schema: listOf(callbackSchema) },
    async handle({ params }, { store }) {
      return json(listOf(callbackSchema), listJson(await listCallbacks(store, params), callbackJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/callbacks/{callbackId}/log',
    summary: "A page of a callback's log",
    access: 'Viewer',
    params: callbackPath,
    query: logQuery,
    answer: { status: 200, description: 'A page.', schema: logPageSchema },
    async handle({ params, query }, { store, logsDir }) {
      const { key, state, logSegment, logStart, logEnd } = await callbackRow(store, params);
      if (logSegment === null || logStart === null) {
        return json(logPageSchema, { lines: [], nextOffset: query.offset ?? 0, done: state !== 'pending' });
      }
      const place = { segment: logSegment, start: logStart, end: logEnd, attemptId: key };
      return json(logPageSchema, logPageJson(await readAttemptLog(logsDir, place, defined(query))));
    },
  }),
];
