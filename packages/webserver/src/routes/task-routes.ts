import { attemptRow, getTaskInstance, listAttempts, listXcoms } from '@tsflow/core/queries';
import { whyTask } from '@tsflow/core/store';
import { listJson, listOf } from '../schemas/page.ts';
import { attemptPath, mapQuery, taskPath } from '../schemas/path.ts';
import {
  attemptJson,
  readinessSchema,
  taskInstanceDetailsSchema,
  taskInstanceJson,
  xcomJson,
  xcomSchema,
} from '../schemas/task-instance.ts';
import { json, type Route, route } from './route.ts';

export const taskRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/tasks/{taskId}',
    summary: 'A task instance with its attempts',
    access: 'Viewer',
    params: taskPath,
    query: mapQuery,
    answer: { status: 200, description: 'The task instance.', schema: taskInstanceDetailsSchema },
    async handle({ params, query }, { store }) {
      const which = { ...params, ...query };
      const [instance, attempts] = [await getTaskInstance(store, which), await listAttempts(store, which)];
      return json(taskInstanceDetailsSchema, {
        ...taskInstanceJson(instance),
        attempts: attempts.map(attemptJson),
      });
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/tasks/{taskId}/xcom',
    summary: 'What the newest attempt of a task pushed',
    access: 'Viewer',
    params: taskPath,
    query: mapQuery,
    answer: { status: 200, description: 'By key.', schema: listOf(xcomSchema) },
    async handle({ params, query }, { store }) {
      const xcoms = await listXcoms(store, { ...params, ...query });
      return json(listOf(xcomSchema), listJson(xcoms, xcomJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/xcom',
    summary: 'What one attempt of a task pushed: older ones stay readable',
    access: 'Viewer',
    params: attemptPath,
    answer: { status: 200, description: 'By key.', schema: listOf(xcomSchema) },
    async handle({ params }, { store }) {
      const { mapPath } = await attemptRow(store, params);
      const xcoms = await listXcoms(store, { ...params, mapPath });
      return json(listOf(xcomSchema), listJson(xcoms, xcomJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/tasks/{taskId}/why',
    summary: 'Why a task is not running: the checks of the scheduler with live values',
    access: 'Viewer',
    params: taskPath,
    query: mapQuery,
    answer: { status: 200, description: 'In order.', schema: listOf(readinessSchema) },
    async handle({ params, query }, { store }) {
      const { dagId, runId, taskId } = params;
      const checks = await whyTask(store, dagId, runId, taskId, query.mapPath ?? '');
      return json(
        listOf(readinessSchema),
        listJson(checks, (check) => ({ ...check })),
      );
    },
  }),
];
