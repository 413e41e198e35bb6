import { describe, expect, it } from 'vitest';
import { parseConnection } from './connection-text.ts';

const read = (text: string) => parseConnection('x', text, 'TSFLOW_CONN_X');
const empty = {
  connectionId: 'x',
  host: null,
  port: null,
  login: null,
  password: null,
  schema: null,
  extra: {},
};

describe('parseConnection', () => {
  it.each([
    ['http://example.com', { type: 'http', host: 'example.com' }],
    [
      'postgres://ann:p%40ss%2F@db:5433/sales?sslmode=require',
      {
        type: 'postgres',
        host: 'db',
        port: 5433,
        login: 'ann',
        password: 'p@ss/',
        schema: 'sales',
        extra: { sslmode: 'require' },
      },
    ],
    ['postgres://[::1]/sales', { type: 'postgres', host: '::1', schema: 'sales' }],
    [
      'slack://hooks.slack.com/services/T/B/x',
      { type: 'slack', host: 'hooks.slack.com', password: 'https://hooks.slack.com/services/T/B/x' },
    ],
    ['google-cloud://?project=p', { type: 'google_cloud', extra: { project: 'p' } }],
    ['sqlite:///data/x.db', { type: 'sqlite', schema: 'data/x.db' }],
    ['sqlite:////data/x.db', { type: 'sqlite', schema: '/data/x.db' }],
    ['sqlite:/data/x.db', { type: 'sqlite', schema: '/data/x.db' }],
    [
      '{"type":"smtp","host":"mail","port":25,"extra":{"tls":true}}',
      { type: 'smtp', host: 'mail', port: 25, extra: { tls: true } },
    ],
  ])('%s', (text, parts) => {
    expect(read(text)).toEqual({ ...empty, ...parts });
  });

  it.each([
    ['not a uri s3cret', /expected a URI/],
    ['{"type":"x", s3cret', /is none/],
    ['{"type":"Post Gres","password":"s3cret"}', /type expects/],
    ['{"type":"x","port":"s3cret"}', /port expects/],
    ['{"type":"x","pasword":"s3cret"}', /there is no member "pasword"/],
  ])('refuses %s without repeating it', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).not.toThrow(/s3cret/);
  });
});
