import { createHmac } from 'node:crypto';
import { alerts, DAG, email, slack, task, webhook } from '@tsflow/core';
import { fails, returns, startDag, type TaskFake } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { httpReceiver } from '../support/http-receiver.ts';
import { mailReceiver } from '../support/mail-receiver.ts';
import { until } from '../support/scheduler-harness.ts';

const slackAt = (url: string) => ({
  slack_default: { type: 'slack', password: `${url}/services/T/B/secret` },
});

/** A DAG whose one task does what a test says. */
const dagWith = (options: object, taskOptions: object = {}) =>
  new DAG({ dagId: 'etl', owner: 'data team', ...options }, () => {
    task('load', () => 1, {}, { retryDelay: '1s', ...taskOptions });
  });

interface PolicyRow {
  readonly name: string;
  readonly on: Parameters<typeof alerts>[1];
  readonly tries: TaskFake;
  readonly retries: number;
  readonly said: readonly string[];
}

const POLICIES: readonly PolicyRow[] = [
  {
    name: 'the last failure alone',
    on: ['failure'],
    tries: fails(9),
    retries: 1,
    said: ['etl.load failed (try 2 of 2)'],
  },
  {
    name: 'each retry',
    on: ['retry', 'failure'],
    tries: fails(9),
    retries: 2,
    said: [
      'etl.load failed and is tried again (try 1 of 3)',
      'etl.load failed and is tried again (try 2 of 3)',
      'etl.load failed (try 3 of 3)',
    ],
  },
  {
    name: 'what recovered, and no failure of a try',
    on: undefined,
    tries: fails(1),
    retries: 1,
    said: ['etl.load recovered (try 2 of 2)'],
  },
  {
    name: 'nothing when all is well',
    on: ['retry', 'failure', 'recovered'],
    tries: returns(1),
    retries: 1,
    said: [],
  },
];

describe('notifiers', () => {
  it.each(POLICIES)('tell of $name', async ({ on, tries, retries, said }) => {
    await using hook = await httpReceiver();
    const dag = dagWith({ defaultArgs: { retries, ...alerts(slack('#data'), on) } });
    await using test = await startDag(dag, { connections: slackAt(hook.url), tasks: { load: tries } });
    await test.finished(await test.trigger());
    await until('all is said', async () => hook.received.length === said.length);
    const texts = hook.received.map(({ body }) => JSON.parse(body) as { text: string; channel: string });
    expect(texts.map(({ text }) => text.split('\n')[0])).toEqual(said);
    expect(texts.every(({ channel }) => channel === '#data')).toBe(true);
    expect(hook.received.every(({ path }) => path === '/services/T/B/secret')).toBe(true);
  });

  it('say why, of which run, whose it is and where to look; the run says which tasks', async () => {
    await using hook = await httpReceiver();
    const dag = dagWith({ onFailure: slack(), defaultArgs: { onFailure: slack() } });
    await using test = await startDag(dag, {
      connections: slackAt(hook.url),
      tasks: { load: fails(1, { message: 'no such table' }) },
    });
    const run = await test.finished(await test.trigger());
    await until('both are told', async () => hook.received.length === 2);
    const [ofTask, ofRun] = hook.received.map(({ body }) => (JSON.parse(body) as { text: string }).text);
    expect(ofTask).toMatch(
      /^etl\.load failed\nError: no such table\nrun manual__.*\nowner data team\nhttp.*task=load.*tab=log$/,
    );
    expect(ofRun).toMatch(/^etl failed\nfailed: load\nrun manual__/);
    expect(run.state).toBe('failed');
  });

  it('fill templates, Jinja-style or functions', async () => {
    await using hook = await httpReceiver();
    const dag = dagWith({
      defaultArgs: {
        onFailure: [
          slack({ text: '{{ dagId }} {{ ds }}: {{ error.message | upper }}' }),
          slack({ text: ({ taskId, tryNumber }) => `${taskId}/${tryNumber}` }),
        ],
      },
    });
    await using test = await startDag(dag, {
      now: '2026-05-06T00:00:00Z',
      connections: slackAt(hook.url),
      tasks: { load: fails(1, { message: 'no' }) },
    });
    await test.finished(await test.trigger());
    await until('both are told', async () => hook.received.length === 2);
    expect(hook.received.map(({ body }) => JSON.parse(body).text)).toEqual(['etl 2026-05-06: NO', 'load/1']);
  });

  it('post to any webhook, signed, again while it is down, under one id', async () => {
    await using hook = await httpReceiver((_request, count) => ({ status: count < 3 ? 503 : 200 }));
    const dag = dagWith({ defaultArgs: { onSuccess: webhook({ connectionId: 'incidents' }) } });
    const incidents = {
      type: 'http',
      host: '127.0.0.1',
      port: hook.port,
      schema: 'in',
      password: 'signing-key',
    };
    await using test = await startDag(dag, { connections: { incidents } });
    await test.finished(await test.trigger());
    await until('it is taken', async () => hook.received.length === 3);
    const [first, , last] = hook.received;
    expect(last!.path).toBe('/in');
    expect(JSON.parse(last!.body)).toMatchObject({
      event: 'onSuccess',
      dagId: 'etl',
      taskId: 'load',
      tryNumber: 1,
    });
    const signed = createHmac('sha256', 'signing-key').update(last!.body).digest('hex');
    expect(last!.headers['x-tsflow-signature']).toBe(`sha256=${signed}`);
    expect(last!.headers['x-tsflow-callback-id']).toMatch(/^\d+$/);
    expect(first!.headers['x-tsflow-callback-id']).toBe(last!.headers['x-tsflow-callback-id']);
  });

  it('give up at an answer that says no, and change nothing', async () => {
    await using hook = await httpReceiver(() => ({ status: 404, body: 'no_service' }));
    const dag = dagWith({ defaultArgs: { onSuccess: slack() } });
    await using test = await startDag(dag, { connections: slackAt(hook.url) });
    const run = await test.finished(await test.trigger());
    await until('it was asked', async () => hook.received.length === 1);
    expect(run.state).toBe('success');
  });

  it('send mails', async () => {
    await using mail = await mailReceiver();
    const dag = dagWith({ defaultArgs: { onFailure: email({ to: ['a@example.com', 'b@example.com'] }) } });
    const smtp = {
      type: 'smtp',
      host: '127.0.0.1',
      port: mail.port,
      login: 'ann',
      password: 's3cret-mail',
      extra: { from: 'tsflow@example.com' },
    };
    await using test = await startDag(dag, {
      connections: { smtp_default: smtp },
      tasks: { load: fails(1, { message: 'no rows' }) },
    });
    await test.finished(await test.trigger());
    await until('it is there', async () => mail.received.length === 1);
    const [one] = mail.received;
    expect(one).toMatchObject({ user: 'ann', to: ['a@example.com', 'b@example.com'] });
    expect(one!.source).toMatch(/^Subject: \[tsflow\] etl\.load failed$/m);
    expect(one!.source).toMatch(/^Message-ID: <etl\.\d+@tsflow>$/m);
    expect(one!.source).toContain('Error: no rows');
  });
});
