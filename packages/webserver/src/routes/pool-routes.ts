import { defined } from '@tsflow/core/defined';
import { NotFoundError } from '@tsflow/core/errors';
import { listPoolTasks } from '@tsflow/core/queries';
import { listJson, listOf } from '../schemas/page.ts';
import {
  poolBody,
  poolJson,
  poolPath,
  poolSchema,
  poolTaskJson,
  poolTaskSchema,
  poolTasksQuery,
} from '../schemas/pool.ts';
import type { ApiServices } from '../web-services.ts';
import { type Content, json, noContent, type Route, route } from './route.ts';

export const poolRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/pools',
    summary: 'Lists pools with what is in use of them',
    access: 'Viewer',
    answer: { status: 200, description: 'By name.', schema: listOf(poolSchema) },
    async handle(_input, { store, clock }) {
      return json(listOf(poolSchema), listJson(await store.pools.list(clock.now()), poolJson));
    },
  }),
  route({
    method: 'get',
    path: '/pools/{name}',
    summary: 'A pool with what is in use of it',
    access: 'Viewer',
    params: poolPath,
    answer: { status: 200, description: 'The pool.', schema: poolSchema },
    handle({ params: { name } }, services) {
      return poolReply(services, name);
    },
  }),
  route({
    method: 'get',
    path: '/pools/{name}/tasks',
    summary: 'Who occupies the slots of a pool, and who waits for some',
    access: 'Viewer',
    params: poolPath,
    query: poolTasksQuery,
    answer: {
      status: 200,
      description: 'Who occupies, longest first; then who waits, the highest weight first.',
      schema: listOf(poolTaskSchema),
    },
    async handle({ params: { name }, query: { limit = 100 } }, { store }) {
      const tasks = await listPoolTasks(store, { pool: name, limit });
      return json(listOf(poolTaskSchema), listJson(tasks, poolTaskJson));
    },
  }),
  route({
    method: 'put',
    path: '/pools/{name}',
    summary: 'Makes a pool, or changes its slots',
    access: 'Editor',
    params: poolPath,
    body: poolBody,
    answer: { status: 200, description: 'The pool.', schema: poolSchema },
    async handle({ params: { name }, body, caller }, services) {
      const { store, clock } = services;
      await store.pools.set({ name, ...defined(body), actor: caller.name, at: clock.now() });
      return poolReply(services, name);
    },
  }),
  route({
    method: 'delete',
    path: '/pools/{name}',
    summary: 'Deletes a pool: its tasks wait until there is one again',
    access: 'Editor',
    params: poolPath,
    answer: { status: 204, description: 'Deleted.' },
    async handle({ params: { name }, caller }, { store, clock }) {
      if (!(await store.pools.delete(name, caller.name, clock.now()))) throw new NotFoundError('Pool', name);
      return noContent;
    },
  }),
];

async function poolReply({ store, clock }: ApiServices, name: string): Promise<Content> {
  const pool = (await store.pools.list(clock.now())).find((one) => one.name === name);
  if (pool === undefined) throw new NotFoundError('Pool', name, 'See `tsflow pools list`.');
  return json(poolSchema, poolJson(pool));
}
