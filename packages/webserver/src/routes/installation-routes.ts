import { infoOfSchedulers, listEvents, listImportErrors, parallelism, timeline } from '@tsflow/core/queries';
import { eventJson, eventSchema, eventsQuery } from '../schemas/event.ts';
import {
  importErrorJson,
  importErrorSchema,
  infoSchema,
  timelineJson,
  timelineQuery,
  timelineSchema,
} from '../schemas/installation.ts';
import { iso } from '../schemas/instant.ts';
import { jsonObject } from '../schemas/json-value.ts';
import { listJson, listOf, pageJson, pageOf } from '../schemas/page.ts';
import { httpRoute, json, type Route, route } from './route.ts';

export const installationRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/info',
    summary: 'Schedulers, slots and versions of this installation',
    access: 'Viewer',
    answer: { status: 200, description: 'At this moment.', schema: infoSchema },
    async handle(_input, { store, clock, config, version }) {
      const now = clock.now();
      const [schedulers, slots] = await Promise.all([
        infoOfSchedulers(store, { now }),
        parallelism(store, now),
      ]);
      return json(infoSchema, {
        version,
        schedulers: schedulers.map(({ startedAt: _, ...scheduler }) => scheduler),
        dagsFolder: config.dags,
        database: store.dialect,
        parallelism: slots,
        now: iso(now),
      });
    },
  }),
  route({
    method: 'get',
    path: '/events',
    summary: 'What happened in the whole installation: the audit log',
    access: 'Viewer',
    query: eventsQuery,
    answer: { status: 200, description: 'A page.', schema: pageOf(eventSchema) },
    async handle({ query }, { store }) {
      return json(pageOf(eventSchema), pageJson(await listEvents(store, query), eventJson));
    },
  }),
  route({
    method: 'get',
    path: '/import-errors',
    summary: 'Files that do not load',
    access: 'Viewer',
    answer: { status: 200, description: 'Newest first.', schema: listOf(importErrorSchema) },
    async handle(_input, { store }) {
      return json(listOf(importErrorSchema), listJson(await listImportErrors(store), importErrorJson));
    },
  }),
  route({
    method: 'get',
    path: '/timeline',
    summary: "Every DAG's runs between two instants, planned ones included",
    access: 'Viewer',
    query: timelineQuery,
    answer: { status: 200, description: 'The window.', schema: timelineSchema },
    async handle({ query }, { store, clock }) {
      return json(timelineSchema, timelineJson(await timeline(store, { ...query, now: clock.now() })));
    },
  }),
  httpRoute({
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    access: 'Viewer',
    answer: { status: 200, description: 'OpenAPI 3.1.', schema: jsonObject },
    async handle(_input, { openApi }) {
      return { status: 200, body: openApi };
    },
  }),
];
