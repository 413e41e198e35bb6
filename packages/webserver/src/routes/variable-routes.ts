import { ownVariables, validateVariable } from '@tsflow/core/config';
import { NotFoundError } from '@tsflow/core/errors';
import { type Caller, requireRole } from '../auth/role.ts';
import { listJson, listOf } from '../schemas/page.ts';
import {
  unsetVariableJson,
  variableBody,
  variableChangeJson,
  variableChangeSchema,
  variableJson,
  variablePath,
  variableSchema,
} from '../schemas/variable.ts';
import { json, noContent, type Route, route } from './route.ts';

/** What people see instead of a secret. Sent back, it means "as it was". */
const MASK = '***';

export const variableRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/variables',
    summary: "Lists Variables, tsflow's own included",
    access: 'Viewer',
    answer: { status: 200, description: 'By key.', schema: listOf(variableSchema) },
    async handle(_input, { store }) {
      const stored = (await store.variables.list()).map(variableJson);
      const known = new Set(stored.map(({ key }) => key));
      const unset = Object.keys(ownVariables).filter((key) => !known.has(key));
      const all = [...stored, ...unset.map(unsetVariableJson)];
      all.sort((a, b) => (a.key < b.key ? -1 : 1));
      return json(
        listOf(variableSchema),
        listJson(all, (variable) => variable),
      );
    },
  }),
  route({
    method: 'get',
    path: '/variables/{key}',
    summary: "A Variable, or the default of one of tsflow's own",
    access: 'Viewer',
    params: variablePath,
    answer: { status: 200, description: 'The Variable.', schema: variableSchema },
    async handle({ params: { key } }, { store }) {
      const stored = await store.variables.get(key);
      if (stored !== null) return json(variableSchema, variableJson(stored));
      if (!Object.hasOwn(ownVariables, key)) {
        throw new NotFoundError('Variable', key, 'See `tsflow variables list`.');
      }
      return json(variableSchema, unsetVariableJson(key));
    },
  }),
  route({
    method: 'put',
    path: '/variables/{key}',
    summary: 'Sets a Variable',
    access: 'Editor',
    params: variablePath,
    body: variableBody,
    answer: { status: 200, description: 'The Variable.', schema: variableSchema },
    async handle({ params: { key }, body, caller }, { store, clock }) {
      const before = await store.variables.get(key);
      requireRoleForSecret(caller, before?.isSecret === 1 || body.isSecret === true);
      const keepsSecret = before?.isSecret === 1 && body.value === MASK;
      const value = keepsSecret ? before.value : JSON.stringify(validateVariable(key, body.value));
      await store.variables.set({
        key,
        value,
        actor: caller.name,
        at: clock.now(),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.isSecret === undefined ? {} : { isSecret: body.isSecret }),
      });
      const after = await store.variables.get(key);
      if (after === null) throw new NotFoundError('Variable', key);
      return json(variableSchema, variableJson(after));
    },
  }),
  route({
    method: 'delete',
    path: '/variables/{key}',
    summary: "Deletes a Variable; one of tsflow's own goes back to its default",
    access: 'Editor',
    params: variablePath,
    answer: { status: 204, description: 'Deleted.' },
    async handle({ params: { key }, caller }, { store, clock }) {
      requireRoleForSecret(caller, (await store.variables.get(key))?.isSecret === 1);
      if (!(await store.variables.delete(key, caller.name, clock.now()))) {
        throw new NotFoundError('Variable', key);
      }
      return noContent;
    },
  }),
  route({
    method: 'get',
    path: '/variables/{key}/history',
    summary: 'Who changed a Variable, when, from what to what',
    access: 'Viewer',
    params: variablePath,
    answer: { status: 200, description: 'Newest first.', schema: listOf(variableChangeSchema) },
    async handle({ params }, { store }) {
      const found = await store.variables.history(params.key);
      // What it was before somebody made it a secret is one too.
      const isSecret = (await store.variables.get(params.key))?.isSecret === 1;
      const hidden = (text: string | null) => (isSecret && text !== null ? JSON.stringify(MASK) : text);
      const changes = found.map((change) => ({
        ...change,
        fromValue: hidden(change.fromValue),
        toValue: hidden(change.toValue),
      }));
      return json(listOf(variableChangeSchema), listJson(changes, variableChangeJson));
    },
  }),
];

function requireRoleForSecret(caller: Caller, isSecret: boolean): void {
  if (isSecret) requireRole(caller, 'Admin');
}
