import { readAttemptLog } from '@tsflow/core/logs';
import { callbackRow, listCallbacks, listDeadlines } from '@tsflow/core/queries';
import { callbackJson, callbackPath, callbackSchema } from '../schemas/callback.ts';
import { deadlineJson, deadlineSchema } from '../schemas/deadline.ts';
import { logPageJson, logPageSchema, logQuery } from '../schemas/log.ts';
import { listJson, listOf } from '../schemas/page.ts';
import { runPath } from '../schemas/path.ts';
import { defined } from './defined.ts';
import { json, type Route, route } from './route.ts';

export const callbackRoutes: readonly Route[] = [
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
    path: '/dags/{dagId}/runs/{runId}/deadlines',
    summary: 'Deadlines of a run, and which of them were missed',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'Earliest first.', schema: listOf(deadlineSchema) },
    async handle({ params }, { store, clock }) {
      const deadlines = await listDeadlines(store, params, clock.now());
      return json(listOf(deadlineSchema), listJson(deadlines, deadlineJson));
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
