import { listDeadlines, listMissedDeadlines, listOpenDeadlines, reportDeadlines } from '@tsflow/core/queries';
import {
  deadlineJson,
  deadlineReportQuery,
  deadlineReportSchema,
  deadlineSchema,
  missedDeadlineJson,
  missedDeadlineSchema,
  missedDeadlinesQuery,
  openDeadlinesQuery,
} from '../schemas/deadline.ts';
import { listJson, listOf, pageJson, pageOf } from '../schemas/page.ts';
import { runPath } from '../schemas/path.ts';
import { json, type Route, route } from './route.ts';

export const deadlineRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/deadlines',
    summary: 'Deadlines of the runs that are queued or run: those to come, and what became of the others',
    access: 'Viewer',
    query: openDeadlinesQuery,
    answer: { status: 200, description: 'Earliest first.', schema: listOf(deadlineSchema) },
    async handle({ query }, { store, clock }) {
      const deadlines = await listOpenDeadlines(store, { ...query, now: clock.now() });
      return json(listOf(deadlineSchema), listJson(deadlines, deadlineJson));
    },
  }),
  route({
    method: 'get',
    path: '/deadlines/missed',
    summary: 'Deadlines that were missed',
    access: 'Viewer',
    query: missedDeadlinesQuery,
    answer: {
      status: 200,
      description: 'A page, those of the newest runs first.',
      schema: pageOf(missedDeadlineSchema),
    },
    async handle({ query }, { store }) {
      const page = await listMissedDeadlines(store, query);
      return json(pageOf(missedDeadlineSchema), pageJson(page, missedDeadlineJson));
    },
  }),
  route({
    method: 'get',
    path: '/deadlines/report',
    summary: 'Which deadlines were met and missed over a stretch of time, and by how much',
    access: 'Viewer',
    query: deadlineReportQuery,
    answer: {
      status: 200,
      description: 'A row for each DAG, deadline and period.',
      schema: listOf(deadlineReportSchema),
    },
    async handle({ query }, { store, clock }) {
      const rows = await reportDeadlines(store, query, clock.now());
      return json(
        listOf(deadlineReportSchema),
        listJson(rows, (row) => ({ ...row })),
      );
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
];
