import { defined } from '@tsflow/core/defined';
import type { TouchedTask } from '@tsflow/core/intents';
import { getDag, getRun, listRunEvents, listRuns, listTaskInstances, runGantt } from '@tsflow/core/queries';
import { clearPreview, markPreview, runTaskPreview, whyRun } from '@tsflow/core/store';
import type { z } from 'zod';
import { eventJson, eventSchema } from '../schemas/event.ts';
import { listJson, listOf, pageJson, pageOf, pageQuery } from '../schemas/page.ts';
import { dagPath, runPath, taskPath } from '../schemas/path.ts';
import { runJson, runPatch, runSchema, runsOfDagQuery, runsQuery, triggerBody } from '../schemas/run.ts';
import {
  ganttSegmentJson,
  ganttSegmentSchema,
  readinessSchema,
  taskInstanceJson,
  taskInstanceSchema,
} from '../schemas/task-instance.ts';
import {
  clearBody,
  killBody,
  markBody,
  prioritizeBody,
  runTaskBody,
  selectedTasksSchema,
} from '../schemas/task-selection.ts';
import type { ApiServices } from '../web-services.ts';
import { ask, waitsForScheduler } from './ask.ts';
import { type Content, json, type Route, route } from './route.ts';

export const runRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/runs',
    summary: 'Lists runs of all DAGs, the newest first',
    access: 'Viewer',
    query: runsQuery,
    answer: { status: 200, description: 'A page.', schema: pageOf(runSchema) },
    async handle({ query }, { store }) {
      return json(pageOf(runSchema), pageJson(await listRuns(store, query), runJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs',
    summary: 'Lists runs of a DAG, the newest logical date first',
    access: 'Viewer',
    params: dagPath,
    query: runsOfDagQuery,
    answer: { status: 200, description: 'A page.', schema: pageOf(runSchema) },
    async handle({ params, query }, { store }) {
      const page = await listRuns(store, { ...query, ...params });
      // No runs of a DAG that is there, or no DAG?
      if (page.items.length === 0) await getDag(store, params);
      return json(pageOf(runSchema), pageJson(page, runJson));
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/runs',
    summary:
      'Triggers a run, of all tasks or up to one; a repeated Idempotency-Key is answered with the first one',
    takesIdempotencyKey: true,
    access: 'Operator',
    params: dagPath,
    body: triggerBody,
    answer: { status: 201, description: 'The run.', schema: runSchema },
    otherAnswers: [waitsForScheduler],
    handle({ params, body, caller, idempotencyKey }, services) {
      const intent = { kind: 'trigger', payload: defined({ ...body, conf: body.conf ?? {} }) } as const;
      const asked = { ...params, intent, caller, idempotencyKey };
      return ask(services, asked, (result) => runReply(services, params.dagId, result.runId, 201));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}',
    summary: 'A run',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'The run.', schema: runSchema },
    handle({ params }, services) {
      return runReply(services, params.dagId, params.runId);
    },
  }),
  route({
    method: 'patch',
    path: '/dags/{dagId}/runs/{runId}',
    summary: 'Marks a run as success or failed, or changes its note',
    access: 'Operator',
    params: runPath,
    body: runPatch,
    answer: { status: 200, description: 'The run.', schema: runSchema },
    otherAnswers: [waitsForScheduler],
    async handle({ params: { dagId, runId }, body, caller }, services) {
      let reply = await runReply(services, dagId, runId);
      if (body.note !== undefined) {
        const intent = { kind: 'note', payload: { runId, note: body.note } } as const;
        reply = await ask(services, { dagId, intent, caller }, () => runReply(services, dagId, runId));
      }
      if (body.state !== undefined) {
        const intent = { kind: 'mark_run', payload: { runId, state: body.state } } as const;
        reply = await ask(services, { dagId, intent, caller }, () => runReply(services, dagId, runId));
      }
      return reply;
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/tasks',
    summary: 'Every task instance of a run, in topological order',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'All of them.', schema: listOf(taskInstanceSchema) },
    async handle({ params }, { store }) {
      const instances = await listTaskInstances(store, params);
      return json(listOf(taskInstanceSchema), listJson(instances, taskInstanceJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/gantt',
    summary: 'Every attempt of a run with its times',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'Oldest first.', schema: listOf(ganttSegmentSchema) },
    async handle({ params }, { store }) {
      return json(listOf(ganttSegmentSchema), listJson(await runGantt(store, params), ganttSegmentJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/events',
    summary: 'What happened to a run',
    access: 'Viewer',
    params: runPath,
    query: pageQuery,
    answer: { status: 200, description: 'A page, newest first.', schema: pageOf(eventSchema) },
    async handle({ params, query }, { store }) {
      const page = await listRunEvents(store, { ...params, ...query });
      return json(pageOf(eventSchema), pageJson(page, eventJson));
    },
  }),
  route({
    method: 'get',
    path: '/dags/{dagId}/runs/{runId}/why',
    summary: 'Why a run has not begun: the checks of the scheduler with live values',
    access: 'Viewer',
    params: runPath,
    answer: { status: 200, description: 'In order.', schema: listOf(readinessSchema) },
    async handle({ params }, { store }) {
      const checks = await whyRun(store, params.dagId, params.runId);
      return json(
        listOf(readinessSchema),
        listJson(checks, (check) => ({ ...check })),
      );
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/runs/{runId}/clear',
    summary: 'Clears tasks, so that they run again; or says which it would clear',
    access: 'Operator',
    params: runPath,
    body: clearBody,
    answer: { status: 200, description: 'What was, or would be, cleared.', schema: selectedTasksSchema },
    otherAnswers: [waitsForScheduler],
    async handle({ params: { dagId, runId }, body, caller }, services) {
      const { dryRun, ...selection } = body;
      const payload = { runId, ...defined(selection) };
      if (dryRun === true) {
        const plan = await clearPreview(services.store, dagId, payload);
        return json(selectedTasksSchema, { ...plan, tasks: [...plan.tasks] });
      }
      return ask(services, { dagId, intent: { kind: 'clear', payload }, caller }, async (result) => {
        const { versionNumber } = await getRun(services.store, { dagId, runId });
        return json(selectedTasksSchema, { ...result, versionNumber, tasks: [...result.tasks] });
      });
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/runs/{runId}/tasks/{taskId}/run',
    summary: 'Runs one task alone, ignoring its dependencies; or says which instances it would run',
    access: 'Operator',
    params: taskPath,
    body: runTaskBody,
    answer: { status: 200, description: 'What runs, or would run.', schema: selectedTasksSchema },
    otherAnswers: [waitsForScheduler],
    async handle({ params: { dagId, runId, taskId }, body, caller }, services) {
      const { dryRun, ...options } = body;
      const payload = { runId, taskId, ...defined(options) };
      if (dryRun === true) {
        const plan = await runTaskPreview(services.store, dagId, payload);
        return json(selectedTasksSchema, { ...plan, tasks: [...plan.tasks] });
      }
      return ask(services, { dagId, intent: { kind: 'run_task', payload }, caller }, async (result) => {
        const { versionNumber } = await getRun(services.store, { dagId, runId });
        return json(selectedTasksSchema, { ...result, versionNumber, tasks: [...result.tasks] });
      });
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/runs/{runId}/mark',
    summary: 'Sets tasks to a final state by hand; or says which it would set',
    access: 'Operator',
    params: runPath,
    body: markBody,
    answer: { status: 200, description: 'What was, or would be, set.', schema: selectedTasksSchema },
    otherAnswers: [waitsForScheduler],
    async handle({ params: { dagId, runId }, body, caller }, services) {
      const { dryRun, ...selection } = body;
      const payload = { runId, ...defined(selection) };
      if (dryRun === true) {
        const plan = await markPreview(services.store, dagId, payload);
        return json(selectedTasksSchema, { ...plan, tasks: [...plan.tasks] });
      }
      return ask(services, { dagId, intent: { kind: 'mark_tasks', payload }, caller }, async (result) => {
        const { version, versionNumber } = await getRun(services.store, { dagId, runId });
        return json(selectedTasksSchema, { version, versionNumber, tasks: [...result.tasks] });
      });
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/runs/{runId}/priority',
    summary: 'Changes the order of tasks that wait for a slot',
    access: 'Operator',
    params: runPath,
    body: prioritizeBody,
    answer: { status: 200, description: 'What was changed.', schema: selectedTasksSchema },
    otherAnswers: [waitsForScheduler],
    handle({ params: { dagId, runId }, body, caller }, services) {
      const payload = { runId, ...defined(body) };
      return ask(services, { dagId, intent: { kind: 'prioritize', payload }, caller }, (result) =>
        changed(services, dagId, runId, result.tasks),
      );
    },
  }),
  route({
    method: 'post',
    path: '/dags/{dagId}/runs/{runId}/kill',
    summary: 'Ends what is active: some tasks, or the whole run',
    access: 'Operator',
    params: runPath,
    body: killBody,
    answer: { status: 200, description: 'What was active.', schema: selectedTasksSchema },
    otherAnswers: [waitsForScheduler],
    handle({ params: { dagId, runId }, body, caller }, services) {
      const payload = { runId, ...defined(body) };
      return ask(services, { dagId, intent: { kind: 'kill', payload }, caller }, (result) =>
        touched(services, dagId, runId, result.instances, 'failed'),
      );
    },
  }),
];

type Selected = z.input<typeof selectedTasksSchema>;

async function runReply(services: ApiServices, dagId: string, runId: string, status = 200): Promise<Content> {
  return json(runSchema, runJson(await getRun(services.store, { dagId, runId })), status);
}

/** The answer of an intent that leaves the states of what it changed alone. */
async function changed(
  { store }: ApiServices,
  dagId: string,
  runId: string,
  taskIds: readonly string[],
): Promise<Content> {
  const { version, versionNumber } = await getRun(store, { dagId, runId });
  const instances = await listTaskInstances(store, { dagId, runId });
  const tasks = instances
    .filter(({ taskId }) => taskIds.includes(taskId))
    .map(({ taskId, mapPath, renderedMapIndex, state }) => ({
      runId,
      taskId,
      mapPath,
      ...(renderedMapIndex === null ? {} : { renderedMapIndex }),
      state,
    }));
  return json(selectedTasksSchema, { version, versionNumber, tasks });
}

/** The answer of an intent that says which tasks it touched. */
async function touched(
  { store }: ApiServices,
  dagId: string,
  runId: string,
  instances: readonly TouchedTask[],
  state: Selected['tasks'][number]['state'],
): Promise<Content> {
  const { version, versionNumber } = await getRun(store, { dagId, runId });
  const tasks = instances.map((task) => ({
    runId,
    ...task,
    state,
  }));
  return json(selectedTasksSchema, { version, versionNumber, tasks });
}
