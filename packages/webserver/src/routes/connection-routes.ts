import { connectionOf } from '@tsflow/core/connections';
import { defined } from '@tsflow/core/defined';
import { NotFoundError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { connectionBody, connectionJson, connectionPath, connectionSchema } from '../schemas/connection.ts';
import { listJson, listOf } from '../schemas/page.ts';
import type { ApiServices } from '../web-services.ts';
import { json, noContent, type Route, route } from './route.ts';

/** What people see instead of a secret. Sent back, it means "as it was". */
const MASK = '***';

export const connectionRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/connections',
    summary: 'Lists connections, of the environment and of the store, without their secrets',
    access: 'Admin',
    answer: { status: 200, description: 'By id.', schema: listOf(connectionSchema) },
    async handle(_input, { connections }) {
      return json(listOf(connectionSchema), listJson(await connections.list(), connectionJson));
    },
  }),
  route({
    method: 'get',
    path: '/connections/{connectionId}',
    summary: 'A connection without its secrets',
    access: 'Admin',
    params: connectionPath,
    answer: { status: 200, description: 'The connection.', schema: connectionSchema },
    async handle({ params: { connectionId } }, { connections }) {
      // Says what it says to a task when there is none.
      await connections.get(connectionId);
      return json(connectionSchema, connectionJson(await factsOf(connections, connectionId)));
    },
  }),
  route({
    method: 'put',
    path: '/connections/{connectionId}',
    summary: 'Sets a connection; its secrets are sealed and not shown again',
    access: 'Admin',
    params: connectionPath,
    body: connectionBody,
    answer: { status: 200, description: 'The connection.', schema: connectionSchema },
    async handle({ params: { connectionId }, body, caller }, { connections, clock }) {
      const { description, password, extra, ...open } = body;
      const keeps = password === undefined || password === MASK || extra === undefined;
      const isStored = (await connections.list()).some(
        (facts) => facts.connectionId === connectionId && facts.source === 'store',
      );
      const before = keeps && isStored ? await connections.get(connectionId) : null;
      const secrets = {
        password: password === undefined || password === MASK ? (before?.password ?? null) : password,
        extra: extra ?? before?.extra ?? {},
      };
      const members: JsonObject = { ...defined(open), ...secrets };
      await connections.set(connectionOf(connectionId, members, 'body'), {
        ...(description === undefined ? {} : { description }),
        actor: caller.name,
        at: clock.now(),
      });
      return json(connectionSchema, connectionJson(await factsOf(connections, connectionId)));
    },
  }),
  route({
    method: 'delete',
    path: '/connections/{connectionId}',
    summary: 'Deletes a connection of the store',
    access: 'Admin',
    params: connectionPath,
    answer: { status: 204, description: 'Deleted.' },
    async handle({ params: { connectionId }, caller }, { connections, clock }) {
      if (!(await connections.delete(connectionId, caller.name, clock.now()))) {
        throw new NotFoundError('Connection', connectionId, 'One of the environment is deleted there.');
      }
      return noContent;
    },
  }),
];

async function factsOf(connections: ApiServices['connections'], connectionId: string) {
  const found = (await connections.list()).find((facts) => facts.connectionId === connectionId);
  if (found === undefined) throw new NotFoundError('Connection', connectionId);
  return found;
}
