import { z } from 'zod';
import { createApiToken, deleteApiToken, listApiTokens } from '../auth/api-token.ts';
import { closeSessionsOf } from '../auth/session.ts';
import { clearSessionCookie, sessionToken, setSessionCookie } from '../auth/session-cookie.ts';
import { accountOfPassword, changeUser, createUser, getUser, listUsers } from '../auth/user.ts';
import { ForbiddenError, UnauthenticatedError } from '../http-errors.ts';
import {
  apiTokenJson,
  apiTokenSchema,
  loginBody,
  meSchema,
  newApiTokenBody,
  newApiTokenSchema,
  newUserBody,
  passwordBody,
  userJson,
  userPatch,
  userPath,
  userSchema,
} from '../schemas/account.ts';
import { listJson, listOf } from '../schemas/page.ts';
import { httpRoute, json, noContent, type Route, route } from './route.ts';

const tokenPath = z.object({ id: z.coerce.number().int() });
const userTokenPath = userPath.extend(tokenPath.shape);

export const authRoutes: readonly Route[] = [
  httpRoute({
    method: 'post',
    path: '/auth/login',
    summary: 'Logs in with name and password, and sets the session cookie',
    access: 'open',
    body: loginBody,
    answer: { status: 200, description: 'Who it is.', schema: meSchema },
    async handle({ body, request, response }, services) {
      const attempt = await services.loginLimits.attempt(request, body.name);
      const account = await accountOfPassword(services.store, body.name, body.password);
      if (account === null) {
        services.logger.warn('A login failed.', { name: body.name.slice(0, 100), address: request.ip });
        throw new UnauthenticatedError('The name or the password is wrong.');
      }
      await attempt.succeeded();
      // A session that came with the request ends: nobody can plant one and wait for its owner to log in.
      const before = sessionToken(request, services.config);
      if (before !== null) await services.sessions.close(before);
      const { token, maxAgeMs } = await services.sessions.open(account.userId);
      setSessionCookie(response, services.config, token, maxAgeMs);
      services.logger.info('Somebody logged in.', { name: account.name, address: request.ip });
      return json(meSchema, { user: { name: account.name, role: account.role } });
    },
  }),
  httpRoute({
    method: 'post',
    path: '/auth/logout',
    summary: 'Ends the session',
    access: 'Viewer',
    answer: { status: 204, description: 'Logged out.' },
    async handle({ request, response }, services) {
      const token = sessionToken(request, services.config);
      if (token !== null) await services.sessions.close(token);
      clearSessionCookie(response, services.config);
      return noContent;
    },
  }),
  route({
    method: 'get',
    path: '/auth/me',
    summary: 'Says who asks',
    access: 'Viewer',
    answer: { status: 200, description: 'Name and role.', schema: meSchema },
    async handle({ caller }) {
      return json(meSchema, { user: { name: caller.name, role: caller.role } });
    },
  }),
  httpRoute({
    method: 'put',
    path: '/auth/password',
    summary: "Changes the caller's own password, and ends their other sessions",
    access: 'Viewer',
    body: passwordBody,
    answer: { status: 204, description: 'Changed.' },
    async handle({ body, caller, request, response }, services) {
      const { store, clock, config, sessions } = services;
      if (caller.by !== 'session')
        throw new ForbiddenError('A password is changed by whoever is logged in with it.');
      const attempt = await services.loginLimits.attempt(request, caller.name);
      if ((await accountOfPassword(store, caller.name, body.current)) === null) {
        throw new ForbiddenError('The current password is wrong.');
      }
      await attempt.succeeded();
      await changeUser(store, caller.name, { password: body.next, now: clock.now() });
      const { token, maxAgeMs } = await sessions.open(caller.userId);
      await closeSessionsOf(store, caller.userId, token);
      setSessionCookie(response, config, token, maxAgeMs);
      return noContent;
    },
  }),
  route({
    method: 'get',
    path: '/auth/tokens',
    summary: "Lists the caller's API tokens",
    access: 'Viewer',
    answer: { status: 200, description: 'Newest first.', schema: listOf(apiTokenSchema) },
    async handle({ caller }, { store }) {
      const tokens = await listApiTokens(store, caller.userId);
      return json(listOf(apiTokenSchema), listJson(tokens, apiTokenJson));
    },
  }),
  route({
    method: 'post',
    path: '/auth/tokens',
    summary: "Makes an API token with the caller's role",
    access: 'Viewer',
    body: newApiTokenBody,
    answer: { status: 201, description: 'The token: shown this once.', schema: newApiTokenSchema },
    async handle({ body, caller }, { store, clock }) {
      const { token, record } = await createApiToken(store, {
        userId: caller.userId,
        name: body.name,
        now: clock.now(),
        expiresAt: body.expiresAt,
      });
      return json(newApiTokenSchema, { ...apiTokenJson(record), token }, 201);
    },
  }),
  route({
    method: 'delete',
    path: '/auth/tokens/{id}',
    summary: "Ends one of the caller's API tokens",
    access: 'Viewer',
    params: tokenPath,
    answer: { status: 204, description: 'Ended.' },
    async handle({ params, caller }, { store }) {
      await deleteApiToken(store, caller.userId, params.id);
      return noContent;
    },
  }),
  route({
    method: 'get',
    path: '/users',
    summary: 'Lists the users',
    access: 'Admin',
    answer: { status: 200, description: 'By name.', schema: listOf(userSchema) },
    async handle(_input, { store }) {
      return json(listOf(userSchema), listJson(await listUsers(store), userJson));
    },
  }),
  route({
    method: 'post',
    path: '/users',
    summary: 'Makes a user',
    access: 'Admin',
    body: newUserBody,
    answer: { status: 201, description: 'Made.', schema: userSchema },
    async handle({ body }, { store, clock }) {
      return json(userSchema, userJson(await createUser(store, { ...body, now: clock.now() })), 201);
    },
  }),
  route({
    method: 'patch',
    path: '/users/{name}',
    summary: "Changes a user's role or password, or disables them",
    access: 'Admin',
    params: userPath,
    body: userPatch,
    answer: { status: 200, description: 'Changed.', schema: userSchema },
    async handle({ params, body }, { store, clock }) {
      return json(userSchema, userJson(await changeUser(store, params.name, { ...body, now: clock.now() })));
    },
  }),
  route({
    method: 'get',
    path: '/users/{name}/tokens',
    summary: "Lists a user's API tokens",
    access: 'Admin',
    params: userPath,
    answer: { status: 200, description: 'Newest first.', schema: listOf(apiTokenSchema) },
    async handle({ params }, { store }) {
      const { id } = await getUser(store, params.name);
      return json(listOf(apiTokenSchema), listJson(await listApiTokens(store, id), apiTokenJson));
    },
  }),
  route({
    method: 'post',
    path: '/users/{name}/tokens',
    summary: "Makes an API token with a user's role, for the program that the user is",
    access: 'Admin',
    params: userPath,
    body: newApiTokenBody,
    answer: { status: 201, description: 'The token: shown this once.', schema: newApiTokenSchema },
    async handle({ params, body }, { store, clock }) {
      const { id: userId } = await getUser(store, params.name);
      const { token, record } = await createApiToken(store, { ...body, userId, now: clock.now() });
      return json(newApiTokenSchema, { ...apiTokenJson(record), token }, 201);
    },
  }),
  route({
    method: 'delete',
    path: '/users/{name}/tokens/{id}',
    summary: "Ends one of a user's API tokens",
    access: 'Admin',
    params: userTokenPath,
    answer: { status: 204, description: 'Ended.' },
    async handle({ params }, { store }) {
      const { id: userId } = await getUser(store, params.name);
      await deleteApiToken(store, userId, params.id);
      return noContent;
    },
  }),
];
