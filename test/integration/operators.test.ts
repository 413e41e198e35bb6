import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DAG,
  EmailOperator,
  HttpOperator,
  SlackOperator,
  SqlCheckOperator,
  SqlOperator,
  task,
} from '@tsflow/core';
import { parseConnection } from '@tsflow/core/connections';
import { type RunReport, runDag } from '@tsflow/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { httpReceiver } from '../support/http-receiver.ts';
import { mailReceiver } from '../support/mail-receiver.ts';
import { createDatabase } from '../support/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsflow-sql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const attemptsOf = (run: RunReport, taskId: string) =>
  run.attempts.filter((attempt) => attempt.taskId === taskId);

describe('HttpOperator', () => {
  it('asks with a connection, and hands on the JSON that it gets', async () => {
    await using server = await httpReceiver(() => ({
      status: 200,
      body: '{"rows":3}',
      type: 'application/json',
    }));
    const dag = new DAG({ dagId: 'http' }, () => {
      const ask = new HttpOperator<{ rows: number }>({
        taskId: 'ask',
        connectionId: 'api',
        path: '/days/{{ ds }}',
        query: { zone: 'a&b', none: null },
        body: { n: 1 },
      });
      task('double', (_context, { answer }) => answer.rows * 2, { answer: ask.output });
    });
    const api = {
      type: 'http',
      host: '127.0.0.1',
      port: server.port,
      schema: 'v1',
      password: 'bearer-token',
    };
    const run = await runDag(dag, { connections: { api }, logicalDate: '2026-02-03T00:00:00Z' });
    run.assertSucceeded();
    expect(run.output('double')).toBe(6);
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      path: '/v1/days/2026-02-03?zone=a%26b',
      body: '{"n":1}',
      headers: { authorization: 'Bearer bearer-token', 'content-type': 'application/json' },
    });
  });

  it.each([
    [500, 3],
    [429, 3],
    [404, 1],
  ])('tries %i %i times', async (status, times) => {
    await using server = await httpReceiver(() => ({ status, body: 'because' }));
    const dag = new DAG({ dagId: 'http' }, () => {
      new HttpOperator({ taskId: 'ask', url: `${server.url}/x?token=secret`, retries: 2, retryDelay: '1s' });
    });
    const run = await runDag(dag);
    expect(run.state).toBe('failed');
    expect(server.received).toHaveLength(times);
    const message = attemptsOf(run, 'ask').at(-1)!.error!.message;
    expect(message).toContain(`answered ${status}: because`);
    expect(message).not.toContain('secret');
  });

  it('refuses an answer that is too long', async () => {
    await using server = await httpReceiver(() => ({ status: 200, body: 'x'.repeat(2_000) }));
    const dag = new DAG({ dagId: 'http' }, () => {
      new HttpOperator({ taskId: 'ask', url: server.url, maxBytes: 1_000 });
    });
    const run = await runDag(dag);
    expect(attemptsOf(run, 'ask')[0]!.error!.message).toContain('longer than maxBytes, 1000');
  });
});

const EVIL = `'); drop table sales; --`;

describe.each(['sqlite', 'postgres'] as const)('SQL operators on %s', (dialect) => {
  const connect = async () => {
    if (dialect === 'sqlite') {
      const path = join(folder, `${Math.random()}.db`);
      return {
        warehouse: parseConnection('warehouse', `sqlite:///${path}`, 'test'),
        async [Symbol.asyncDispose]() {},
      };
    }
    const database = await createDatabase('postgres', 'empty');
    return {
      warehouse: parseConnection('warehouse', database.url, 'test'),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  };

  it('run the same DAG: values are never code, a query gives rows', async () => {
    await using at = await connect();
    const dag = new DAG({ dagId: 'sql' }, () => {
      const make = new SqlOperator({
        taskId: 'make',
        connectionId: 'warehouse',
        sql: 'create table sales (day text, n integer); create table other (n integer)',
      });
      const load = new SqlOperator({
        taskId: 'load',
        connectionId: 'warehouse',
        sql: 'insert into sales (day, n) values ($1, $2), ($3, 2)',
        parameters: ['{{ ds }}', 1, EVIL],
      });
      const read = new SqlOperator({
        taskId: 'read',
        connectionId: 'warehouse',
        sql: 'select day, n from sales order by n',
      });
      make.before(load);
      load.before(read);
    });
    const run = await runDag(dag, {
      connections: { warehouse: at.warehouse },
      logicalDate: '2026-02-03T00:00:00Z',
    });
    run.assertSucceeded();
    expect(run.output('load')).toMatchObject({ changes: 2, alreadyDone: false });
    expect(run.output('read')).toMatchObject({
      rows: [
        { day: '2026-02-03', n: 1 },
        { day: EVIL, n: 2 },
      ],
    });
  });

  it('roll everything back when a statement fails', async () => {
    await using at = await connect();
    const one = (taskId: string, sql: string) => new SqlOperator({ taskId, connectionId: 'warehouse', sql });
    const dag = new DAG({ dagId: 'sql' }, () => {
      const make = one('make', 'create table t (n integer)');
      const bad = one('bad', 'insert into t values (1); insert into nowhere values (1)');
      const count = new SqlOperator({
        taskId: 'count',
        connectionId: 'warehouse',
        sql: 'select n from t',
        triggerRule: 'all_done',
      });
      make.before(bad);
      bad.before(count);
    });
    const run = await runDag(dag, { connections: { warehouse: at.warehouse } });
    expect(attemptsOf(run, 'bad')[0]!.error!.message).toContain('nowhere');
    expect(run.output('count')).toMatchObject({ rows: [] });
  });

  it('run once although the attempt died after its commit', async () => {
    await using at = await connect();
    const dag = new DAG({ dagId: 'sql' }, () => {
      const make = new SqlOperator({
        taskId: 'make',
        connectionId: 'warehouse',
        sql: 'create table t (n integer)',
      });
      /** Dies once, after the statement was committed and before anybody heard of it. */
      class Dying extends SqlOperator {
        static override readonly fields = SqlOperator.fields;
        override async execute(...given: Parameters<SqlOperator['execute']>) {
          const result = await super.execute(...given);
          if (given[0].tryNumber === 1) throw new Error('the machine is gone');
          return result;
        }
      }
      const insert = {
        connectionId: 'warehouse',
        sql: 'insert into t values (1)',
        retries: 1,
        retryDelay: '1s',
      };
      const once = new Dying({ taskId: 'once', ...insert, exactlyOnce: true });
      const count = new SqlOperator({ taskId: 'count', connectionId: 'warehouse', sql: 'select n from t' });
      make.before(once);
      once.before(count);
    });
    const run = await runDag(dag, { connections: { warehouse: at.warehouse } });
    run.assertSucceeded();
    expect(run.output('once')).toMatchObject({ alreadyDone: true });
    expect(run.output('count')).toMatchObject({ rows: [{ n: 1 }] });
  });

  it.each([
    ['every value is truthy', 'select 1 as a, 2 as b', {}, 'success'],
    ['a zero', 'select 0 as rows_found', {}, 'failed'],
    ['no row', 'select 1 as a where 1 = 0', {}, 'failed'],
    [
      'an expectation that is met',
      'select 0 as errors',
      { expect: (row: { errors?: unknown }) => Number(row.errors) === 0 },
      'success',
    ],
    ['a warning', 'select 0 as rows_found', { onFalse: 'warn' }, 'success'],
  ] as const)('check data: %s', async (_name, sql, options, state) => {
    await using at = await connect();
    const dag = new DAG({ dagId: 'sql' }, () => {
      new SqlCheckOperator({ taskId: 'check', connectionId: 'warehouse', sql, ...options });
    });
    const run = await runDag(dag, { connections: { warehouse: at.warehouse } });
    expect(run.state).toBe(state);
    if (state === 'failed' && sql.includes('rows_found')) {
      expect(attemptsOf(run, 'check')[0]!.error!.message).toContain('"rows_found":');
    }
  });
});

describe('operators that tell somebody', () => {
  it('post to Slack and send mails as steps of a DAG', async () => {
    await using hook = await httpReceiver();
    await using mail = await mailReceiver();
    const dag = new DAG({ dagId: 'tell' }, () => {
      new SlackOperator({ taskId: 'post', text: 'rows of {{ ds }}' });
      new EmailOperator({ taskId: 'send', to: 'a@example.com', subject: 'rows of {{ ds }}', text: 'none' });
    });
    const run = await runDag(dag, {
      logicalDate: '2026-02-03T00:00:00Z',
      connections: {
        slack_default: { type: 'slack', password: hook.url },
        smtp_default: { type: 'smtp', host: '127.0.0.1', port: mail.port, extra: { from: 'x@example.com' } },
      },
    });
    run.assertSucceeded();
    expect(JSON.parse(hook.received[0]!.body)).toEqual({ text: 'rows of 2026-02-03' });
    expect(mail.received[0]!.source).toMatch(/^Subject: rows of 2026-02-03$/m);
    expect(run.output('send')).toMatch(/^<tell\.send\.manual__.*@tsflow>$/);
  });
});
