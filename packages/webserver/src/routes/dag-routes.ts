import { defined } from '@tsflow/core/defined';
import { dagGrid, getDag, getDagVersion, listDags, listDagVersions, nextRuns } from '@tsflow/core/queries';
import { reschedulePreview } from '@tsflow/core/store';
import { parseInstant } from '@tsflow/core/timetables';
import { z } from 'zod';
import {
  dagDetailsJson,
  dagDetailsSchema,
  dagJson,
  dagPatch,
  dagSchema,
  dagsQuery,
  dagVersionDetailsJson,
  dagVersionDetailsSchema,
  dagVersionJson,
  dagVersionSchema,
  gridJson,
  gridQuery,
  gridSchema,
  plannedRunJson,
  plannedRunsSchema,
  rescheduleBody,
  rescheduledSchema,
} from '../schemas/dag.ts';
import { iso } from '../schemas/instant.ts';
import { listJson, pageJson, pageOf, pageQuery } from '../schemas/page.ts';
import { dagPath, versionPath } from '../schemas/path.ts';
import { ask, waitsForScheduler } from './ask.ts';
import { json, type Route, route } from './route.ts';

const nextQuery = z.strictObject({
  n: z.coerce.number().int().min(1).max(500).optional().describe('Default 20.'),
  from: z
    .string()
    .max(40)
    .optional()
    .describe(
      "First logical date, whatever was run already. Without an offset it is read in the DAG's zone.",
    ),
});

export const dagRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/dags',
    summary: 'Lists DAGs with their newest runs',
    access: 'Viewer',
    query: dagsQuery,
    answer: { status: 200, description: 'A page.', schema: pageOf(dagSchema) },
    async handle({ query }, { store, clock }) {
      const page = await listDags(store, { ...query, now: clock.now() });
      return json(pageOf(dagSchema), { ...pageJson(page, dagJson), total: page.total });
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}',
    summary: 'A DAG with its definition',
    access: 'Viewer',
    params: dagPath,
    answer: { status: 200, description: 'The DAG.', schema: dagDetailsSchema },
    async handle({ params }, { store, clock }) {
      return json(dagDetailsSchema, dagDetailsJson(await getDag(store, { ...params, now: clock.now() })));
    },
  }),
  route({
    method: 'patch',
    path: '/dags/{dagId}',
    summary: 'Pauses or unpauses a DAG',
    access: 'Operator',
    params: dagPath,
    body: dagPatch,
    answer: { status: 200, description: 'The DAG.', schema: dagSchema },
    otherAnswers: [waitsForScheduler],
    handle({ params, body, caller }, services) {
      const intent = { kind: 'pause', payload: { isPaused: body.isPaused } } as const;
      return ask(services, { ...params, intent, caller }, async () =>
        json(dagSchema, dagJson(await getDag(services.store, { ...params, now: services.clock.now() }))),
      );
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/reschedule',
    summary: 'Passes over the next runs of a schedule, or makes the next one now',
    access: 'Operator',
    params: dagPath,
    body: rescheduleBody,
    answer: { status: 200, description: 'What was, or would be, done.', schema: rescheduledSchema },
    otherAnswers: [waitsForScheduler],
    async handle({ params, body, caller }, services) {
      const { dryRun, skipTo, ...rest } = body;
      const { timezone } = await getDag(services.store, params);
      const payload = {
        ...defined(rest),
        ...(skipTo === undefined ? {} : { skipTo: parseInstant(skipTo, timezone, 'skipTo').toISOString() }),
      };
      if (dryRun === true) {
        const plan = await reschedulePreview(services.store, params.dagId, payload, services.clock.now());
        return json(rescheduledSchema, { ...plan, skipped: [...plan.skipped], runId: null });
      }
      return ask(services, { ...params, intent: { kind: 'reschedule', payload }, caller }, (result) =>
        json(rescheduledSchema, { ...result, skipped: [...result.skipped] }),
      );
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/versions',
    summary: 'Lists the versions of a DAG',
    access: 'Viewer',
    params: dagPath,
    query: pageQuery,
    answer: { status: 200, description: 'A page, newest first.', schema: pageOf(dagVersionSchema) },
    async handle({ params, query }, { store }) {
      const page = await listDagVersions(store, { ...params, ...query });
      return json(pageOf(dagVersionSchema), pageJson(page, dagVersionJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/versions/{version}',
    summary: 'A version of a DAG with its definition and the text of its files',
    access: 'Viewer',
    params: versionPath,
    answer: { status: 200, description: 'The version.', schema: dagVersionDetailsSchema },
    async handle({ params }, { store }) {
      return json(dagVersionDetailsSchema, dagVersionDetailsJson(await getDagVersion(store, params)));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/grid',
    summary: 'Tasks by runs: the newest runs of a DAG with the state of each task',
    access: 'Viewer',
    params: dagPath,
    query: gridQuery,
    answer: { status: 200, description: 'The grid.', schema: gridSchema },
    async handle({ params, query }, { store }) {
      return json(gridSchema, gridJson(await dagGrid(store, { ...params, ...query })));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/next',
    summary: 'The next runs that the schedule plans',
    access: 'Viewer',
    params: dagPath,
    query: nextQuery,
    answer: { status: 200, description: 'In order.', schema: plannedRunsSchema },
    async handle({ params, query }, { store, clock }) {
      const { timezone } = await getDag(store, params);
      const from =
        query.from === undefined ? undefined : parseInstant(query.from, timezone, 'from').getTime();
      const { runs, knownUntil } = await nextRuns(store, {
        ...params,
        count: query.n,
        from,
        now: clock.now(),
      });
      return json(plannedRunsSchema, {
        ...listJson(runs, plannedRunJson),
        knownUntil: knownUntil === null ? null : iso(knownUntil),
      });
    },
  }),
];
