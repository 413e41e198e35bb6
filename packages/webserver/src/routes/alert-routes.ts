import { listAlerts } from '@tsflow/core/queries';
import { alertJson, alertSchema, alertsQuery } from '../schemas/alert.ts';
import { listJson, listOf } from '../schemas/page.ts';
import { json, type Route, route } from './route.ts';

export const alertRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/alerts',
    summary: 'The newest alerts of the installation, and whether they reached anybody',
    access: 'Viewer',
    query: alertsQuery,
    answer: { status: 200, description: 'Newest first.', schema: listOf(alertSchema) },
    async handle({ query }, { store }) {
      return json(listOf(alertSchema), listJson(await listAlerts(store, query), alertJson));
    },
  }),
];
