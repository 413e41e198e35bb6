import { expect, it } from 'vitest';
import type { Connection } from '../api/contract.ts';
import { draftOf, sentConnection } from './connection-draft.ts';

const stored: Connection = {
  connectionId: 'warehouse',
  type: 'postgres',
  host: 'db.example.com',
  port: 5432,
  login: 'loader',
  schema: 'dwh',
  description: null,
  hasPassword: true,
  extraKeys: ['sslmode'],
  source: 'store',
  updatedAt: null,
  updatedBy: null,
};
const open = {
  type: 'postgres',
  host: 'db.example.com',
  port: 5432,
  login: 'loader',
  schema: 'dwh',
  description: null,
};

it.each([
  ['leaves secrets out that nobody touched', {}, open],
  ['sends a new password', { password: 'new' }, { ...open, password: 'new' }],
  ['takes a password away', { password: '' }, { ...open, password: null }],
  ['replaces the extra', { extra: '{"sslmode":"off"}' }, { ...open, extra: { sslmode: 'off' } }],
  ['sends an empty field as none', { host: '', port: '' }, { ...open, host: null, port: null }],
])('%s', (_, change, sent) => expect(sentConnection({ ...draftOf(stored), ...change })).toEqual(sent));

it('of a new one sends that there is no password and an empty extra', () =>
  expect(sentConnection({ ...draftOf(undefined), type: 'http', host: 'x' })).toEqual({
    type: 'http',
    host: 'x',
    port: null,
    login: null,
    schema: null,
    description: null,
    password: null,
    extra: {},
  }));
