import { describe, expect, it } from 'vitest';
import { defaults, loadConfig, maskedDatabaseUrl } from './load-config.ts';

const cwd = '/project';

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(defaults(cwd)).toMatchObject({
      home: '/project/.tsflow',
      dags: '/project/dags',
      databaseUrl: 'sqlite:/project/.tsflow/tsflow.db',
      host: '127.0.0.1',
      port: 8080,
      leaseMs: 30_000,
    });
  });

  it('lets flags win over the environment, and that over the file', () => {
    const { config, settings } = loadConfig({
      cwd,
      file: {
        path: 'tsflow.config.ts',
        values: { port: 1, host: '0.0.0.0', dags: 'flows', killGraceMs: '5s' },
      },
      env: { TSFLOW_PORT: '2', TSFLOW_HOST: '::1', TSFLOW_DAGS: '' },
      flags: { port: '3' },
    });
    expect(config).toMatchObject({ port: 3, host: '::1', dags: '/project/flows', killGraceMs: 5000 });
    const source = (name: string) => settings.find((setting) => setting.name === name)?.source;
    expect(['port', 'host', 'dags', 'leaseMs'].map(source)).toEqual([
      'flag',
      'environment',
      'file',
      'default',
    ]);
  });

  it('takes a list of host names, written the same way whoever wrote it', () => {
    const { config } = loadConfig({ cwd, env: { TSFLOW_ALLOWED_HOSTS: 'Flow.example.com, other.example' } });
    expect(config.allowedHosts).toBe('flow.example.com,other.example');
    expect(() => loadConfig({ cwd, env: { TSFLOW_ALLOWED_HOSTS: 'a b' } })).toThrow(/TSFLOW_ALLOWED_HOSTS/);
  });

  it('puts the database into the home that was asked for', () => {
    const { config } = loadConfig({ cwd, env: { TSFLOW_HOME: 'state' } });
    expect(config.databaseUrl).toBe('sqlite:/project/state/tsflow.db');
  });

  it('reads durations with their unit, and as milliseconds from a number', () => {
    const { config } = loadConfig({
      cwd,
      env: { TSFLOW_SHUTDOWN_GRACE: '1m 30s' },
      file: { path: 'tsflow.config.ts', values: { orphanGraceMs: 250 } },
    });
    expect([config.shutdownGraceMs, config.orphanGraceMs]).toEqual([90_000, 250]);
  });

  it('reports every problem at once', () => {
    const load = () =>
      loadConfig({
        cwd,
        file: { path: 'tsflow.config.ts', values: { ports: 1 } },
        env: { TSFLOW_PORT: 'abc', TSFLOW_DEFAULT_TIMEZONE: 'Mars', TSFLOW_HOEM: '/x' },
      });
    expect(load).toThrowErrorMatchingInlineSnapshot(`
      [InvalidInputError: The configuration has 4 problems:
      - ports in tsflow.config.ts: there is no such setting. Did you mean port?
      - TSFLOW_HOEM: there is no such setting. Did you mean TSFLOW_HOME?
      - TSFLOW_PORT: expected a whole number from 1 to 65535, got "abc".
      - TSFLOW_DEFAULT_TIMEZONE: expected an IANA time zone such as "Asia/Tokyo", got "Mars".]
    `);
  });

  it.each([
    ['TSFLOW_SERVER', 'TSFLOW_SERVER_URL'],
    ['TSFLOW_SERVER_ULR', 'TSFLOW_SERVER_URL'],
    ['TSFLOW_TOKENS', 'TSFLOW_TOKEN'],
    ['TSFLOW_DATABASE', 'TSFLOW_DATABASE_URL'],
  ])('takes %s for %s', (given, meant) => {
    expect(() => loadConfig({ cwd, env: { [given]: 'x' } })).toThrow(`Did you mean ${meant}?`);
  });

  it('knows how a server is named, which is no setting', () => {
    const env = {
      TSFLOW_SERVER_URL: 'https://flow',
      TSFLOW_TOKEN: 'x',
      TSFLOW_TOKEN_FILE: 'y',
      TSFLOW_ALLOW_HTTP: 'true',
    };
    expect(loadConfig({ cwd, env }).config).toEqual(loadConfig({ cwd, env: {} }).config);
  });

  it('refuses settings that contradict each other', () => {
    expect(() => loadConfig({ cwd, env: { TSFLOW_HEARTBEAT: '20s' } })).toThrow(/at least twice/);
  });

  it('leaves the names alone that tasks and tests use', () => {
    expect(() =>
      loadConfig({ cwd, env: { TSFLOW_FAILPOINT: 'x', TSFLOW_DAG_ID: 'y', TSFLOW_PARAM_MODE: 'z' } }),
    ).not.toThrow();
  });
});

describe('maskedDatabaseUrl', () => {
  it.each([
    ['sqlite:/a/b.db', 'sqlite:/a/b.db'],
    ['postgres://u:p:w@h/d', 'postgres://u:***@h/d'],
    ['postgres://h/d?user=u&password=secret&x=1', 'postgres://h/d?user=u&password=***&x=1'],
  ])('%s', (url, masked) => {
    expect(maskedDatabaseUrl(url)).toBe(masked);
  });
});
