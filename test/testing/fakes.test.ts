import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BashOperator,
  chain,
  connection,
  DAG,
  EmailOperator,
  FileSensor,
  HttpOperator,
  HttpSensor,
  SlackOperator,
  SqlCheckOperator,
  SqlOperator,
  SqlSensor,
  slack,
  task,
} from '@tsflow/core';
import {
  fakeCommands,
  fakeDatabase,
  fakeHttp,
  fakeMail,
  inTurn,
  runDag,
  startDag,
  UnexpectedRequestError,
} from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { httpReceiver } from '../support/http-receiver.ts';

describe('fakeHttp', () => {
  const report = new DAG({ dagId: 'report', defaultArgs: { retries: 3, retryDelay: '1m' } }, () => {
    const ready = new HttpSensor({ taskId: 'ready', url: 'https://api.example.com/ready/{{ ds }}' });
    const days = new HttpOperator<{ rows: number }>({
      taskId: 'days',
      connectionId: 'api',
      path: '/days/{{ ds }}',
      query: { zone: 'a&b' },
    });
    ready.before(days);
    const submit = task(
      'submit',
      async (_context, { answer }) => {
        const said = await fetch('https://jobs.example.com/v1/jobs', {
          method: 'POST',
          body: JSON.stringify({ rows: answer.rows }),
        });
        if (!said.ok) throw new Error(`answered ${said.status}`);
        return said.json();
      },
      { answer: days.output },
    );
    submit.before(new SlackOperator({ taskId: 'tell', text: 'Done: {{ ds }}' }));
  });
  const connections = {
    api: { type: 'http', host: 'api.example.com', password: 'token' },
    slack_default: { password: 'https://hooks.slack.com/services/T/B' },
  };

  it('answers whatever asks: a sensor until it is there, an operator, a function again and again, Slack', async () => {
    const http = fakeHttp({
      'GET https://api.example.com/ready/:day': inTurn(404, new Error('ECONNREFUSED'), 503, 200),
      'GET /days/:day': ({ params }) => ({ day: params.day!, rows: 3 }),
      'POST https://jobs.example.com/*': inTurn(503, new Response(null, { status: 502 }), { id: 7 }),
      'POST /services/T/B': 'ok',
    });
    const run = await runDag(report, { connections, http, logicalDate: '2026-03-01' });
    run.assertSucceeded();
    expect(run.output('submit')).toEqual({ id: 7 });
    const asked = http.requests.filter(({ path }) => !path.startsWith('/ready'));
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /days/2026-03-01',
      'POST /v1/jobs',
      'POST /v1/jobs',
      'POST /v1/jobs',
      'POST /services/T/B',
    ]);
    expect(asked[0]).toMatchObject({ query: { zone: 'a&b' }, headers: { authorization: 'Bearer token' } });
    expect(asked[1]!.body).toEqual({ rows: 3 });
    expect(asked[4]!.body).toEqual({ text: 'Done: 2026-03-01' });
    // Four looks, a minute apart: three minutes of the virtual clock, none of this one.
    const [ready] = run.attempts;
    expect(ready!.endDate!.getTime() - ready!.startDate!.getTime()).toBe(180_000);
    expect(run.tries).toMatchObject({ ready: 1, submit: 3 });
  });

  it('fails the test that has no answer, and says what it has', async () => {
    const http = fakeHttp({ 'GET /days/:day': 200 });
    const failure = await runDag(report, { connections, http, logicalDate: '2026-03-01' }).catch((e) => e);
    expect(failure).toBeInstanceOf(UnexpectedRequestError);
    expect(failure.message).toMatch(/"GET https:\/\/api.example.com\/ready\/2026-03-01".*"GET \/days\/:day"/);
  });

  it.each(['GET', '/path', 'get /path', 'GET path', 'GET https://host'])(
    'refuses the route "%s"',
    (route) => {
      expect(() => fakeHttp({ [route]: 200 })).toThrow(/a route reads/);
    },
  );

  it('is seen by its own test alone', async () => {
    await using server = await httpReceiver();
    const ask = new DAG({ dagId: 'ask' }, () => {
      new HttpOperator({ taskId: 'ask', url: server.url });
    });
    const [faked, real] = await Promise.all([
      runDag(ask, { http: fakeHttp({ 'GET /': 'from the fake' }) }),
      runDag(ask),
    ]);
    expect([faked.output('ask'), real.output('ask')]).toEqual(['from the fake', 'ok']);
    expect(await (await fetch(server.url)).text()).toBe('ok');
  });

  it('hears what callbacks tell', async () => {
    const dag = new DAG(
      { dagId: 'told', defaultArgs: { onFailure: slack({ text: 'Oh: {{ taskId }}' }) } },
      () => {
        task('break', () => {
          throw new Error('broken');
        });
      },
    );
    const http = fakeHttp({ 'POST /services/T/B': 'ok' });
    (await runDag(dag, { connections, http })).assertFailed();
    expect(http.requests.map(({ body }) => body)).toEqual([{ text: 'Oh: break' }]);
  });
});

describe('fakeCommands', () => {
  const load = new DAG({ dagId: 'load', defaultArgs: { retries: 1, retryDelay: '1h' } }, () => {
    const query = new BashOperator({
      taskId: 'query',
      command: `
        set -e
        sed "s/DAY/$DAY/" <<< "select count(*) from sales where day = 'DAY'" | bq query --format csv
        while read -r table; do gsutil cp "$table" "gs://out/$table"; done < <(printf '%s\\n' a 'b c')`,
      env: { DAY: '{{ ds }}' },
    });
    query.before(new BashOperator({ taskId: 'embulk', command: 'embulk run "it\'s.yml" && echo loaded' }));
  });

  it('stand in for programs; the scripts around them are real', async () => {
    const commands = fakeCommands({
      bq: async ({ stdin }) => `asked: ${await stdin()}`,
      gsutil: ({ args }) => ({ stderr: `copied ${args[1]}\n` }),
      embulk: inTurn(2, { stdout: 'guessed\n' }),
    });
    const run = await runDag(load, { commands, logicalDate: '2026-03-01' });
    run.assertSucceeded();
    expect(run.logs('query')).toContain(`asked: select count(*) from sales where day = '2026-03-01'`);
    expect(run.logs('query')).toContain('copied b c');
    expect(run.output('embulk')).toBe('loaded');
    expect(run.tries.embulk).toBe(2);
    expect(commands.calls.map(({ name, args }) => [name, ...args])).toEqual([
      ['bq', 'query', '--format', 'csv'],
      ['gsutil', 'cp', 'a', 'gs://out/a'],
      ['gsutil', 'cp', 'b c', 'gs://out/b c'],
      ['embulk', 'run', "it's.yml"],
      ['embulk', 'run', "it's.yml"],
    ]);
    expect(commands.calls[0]!.env).toMatchObject({ DAY: '2026-03-01', TSFLOW_TASK_ID: 'query' });
  });

  it('say what a fake threw where the program would have said it', async () => {
    const commands = fakeCommands({
      bq: () => {
        throw new Error('no such query');
      },
      gsutil: 0,
      embulk: 0,
    });
    const run = await runDag(load, { commands });
    run.assertFailed();
    expect(run.logs('query').join('\n')).toContain('The fake of bq threw: no such query');
  });

  it('refuses what no program is called', () => {
    expect(() => fakeCommands({ 'rm -rf': 0 })).toThrow(/no name of a program/);
  });
});

describe('fakeMail', () => {
  const news = (fields: { text?: string; html?: string }) =>
    new DAG({ dagId: 'news', defaultArgs: { retries: 1, retryDelay: '1m' } }, () => {
      new EmailOperator({
        taskId: 'send',
        to: ['ann@example.com', 'Bob <bob@example.com>'],
        cc: 'eve@example.com',
        subject: 'Grüße aus 東京, {{ ds }}: a subject that is longer than a line of a mail may be',
        ...fields,
      });
    });

  // biome-ignore format: a table
  it.each([
    ['plain text',     { text: 'Hello' },                                                'Hello',                        null],
    ['long lines',     { text: `${'x'.repeat(200)} = ü` },                               `${'x'.repeat(200)} = ü`,       null],
    ['a lone dot',     { text: 'one\n.\n..two\n' },                                      'one\n.\n..two',                null],
    ['Japanese',       { text: '日次レポート\n'.repeat(30) },                            '日次レポート\n'.repeat(30).trimEnd(), null],
    ['HTML',           { html: '<b>Grüße</b>' },                                         null,                           '<b>Grüße</b>'],
    ['both',           { text: 'Grüße', html: '<b>Grüße</b>' },                          'Grüße',                        '<b>Grüße</b>'],
  ] as const)('reads back %s', async (_name, fields, text, html) => {
    const mail = fakeMail({ from: 'reports@example.com' });
    const run = await runDag(news(fields), { connections: { smtp_default: mail }, logicalDate: '2026-03-01' });
    run.assertSucceeded();
    expect(mail.sent).toEqual([
      {
        from: 'reports@example.com',
        to: ['ann@example.com', 'bob@example.com', 'eve@example.com'],
        subject: 'Grüße aus 東京, 2026-03-01: a subject that is longer than a line of a mail may be',
        text,
        html,
        messageId: run.output('send'),
      },
    ]);
  });

  it('refuses as a mail server does', async () => {
    const mail = fakeMail({ refuses: inTurn('451 try later', null) });
    const run = await runDag(news({ text: 'Hello' }), { connections: { smtp_default: mail } });
    run.assertSucceeded();
    expect(run.attempts[0]!.error!.message).toContain('451 try later');
    expect([run.tries.send, mail.sent.length]).toEqual([2, 1]);
  });
});

describe('fakeDatabase', () => {
  const totals = new DAG({ dagId: 'totals' }, () => {
    chain(
      new SqlSensor({ taskId: 'arrived', connectionId: 'warehouse', sql: 'select count(*) from arrivals' }),
      new SqlOperator({
        taskId: 'total',
        connectionId: 'warehouse',
        sql: 'insert into totals select day, sum(amount) from sales where day = $1 group by day',
        parameters: ['{{ ds }}'],
        exactlyOnce: true,
      }),
      new SqlCheckOperator({
        taskId: 'check',
        connectionId: 'warehouse',
        sql: 'select count(*) > 0 as there from totals',
      }),
    );
  });
  const tables = `
    create table arrivals (day text);
    create table totals (day text, amount integer);
    create table sales (day text, amount integer);
    insert into sales values ('2026-03-01', 2), ('2026-03-01', 3), ('2026-03-02', 9);`;

  it('is what the operators of a connection work on, whatever its type is elsewhere', async () => {
    await using warehouse = fakeDatabase(tables);
    await using test = await startDag(totals, { connections: { warehouse }, now: '2026-03-01' });
    const runId = await test.trigger();
    await test.advance('10m');
    expect((await test.report(runId)).states.arrived).toBe('deferred');
    await warehouse.run('insert into arrivals values ($1)', ['2026-03-01']);
    (await test.finished(runId)).assertSucceeded();
    expect(await warehouse.rows('select * from totals')).toEqual([{ day: '2026-03-01', amount: 5 }]);
  });

  it('keeps what it has from one run to the next', async () => {
    const warehouse = fakeDatabase(`${tables} insert into arrivals values ('x');`);
    for (const logicalDate of ['2026-03-01', '2026-03-02'])
      (await runDag(totals, { connections: { warehouse }, logicalDate })).assertSucceeded();
    expect(await warehouse.rows('select count(*) as days, sum(amount) as amount from totals')).toEqual([
      { days: 2, amount: 14 },
    ]);
  });
});

describe('waiting', () => {
  it.each(['reschedule', 'poke', 'defer'] as const)('costs no time in the mode %s', async (mode) => {
    const folder = mkdtempSync(join(tmpdir(), 'tsflow-fake-'));
    const dag = new DAG({ dagId: 'wait' }, () => {
      new FileSensor({
        taskId: 'file',
        path: `${folder}/done`,
        pokeInterval: '20m',
        mode,
        timeout: '2h',
        softFail: true,
      });
    });
    const late = await runDag(dag);
    late.assertStates({ file: 'skipped' });
    await using test = await startDag(dag);
    const runId = await test.trigger();
    await test.advance('1h');
    writeFileSync(join(folder, 'done'), '');
    expect((await test.finished(runId)).assertSucceeded().output('file')).toBe(join(folder, 'done'));
    expect(test.now).toEqual(new Date('2026-01-01T01:20:00Z'));
    rmSync(folder, { recursive: true });
  });

  it('sleeps until it is told to stop', async () => {
    const slept: string[] = [];
    const dag = new DAG({ dagId: 'sleepy' }, () => {
      task('nap', async (context) => {
        await context.sleep('90m');
        slept.push(new Date().toISOString());
      });
      task('long', (context) => context.sleep(7_200), {}, { executionTimeout: '1h' });
    });
    const run = await runDag(dag);
    run.assertStates({ nap: 'success', long: 'failed' });
    expect(slept).toEqual(['2026-01-01T01:30:00.000Z']);
    expect(run.attempts.find(({ taskId }) => taskId === 'long')!.error!.message).toContain(
      'executionTimeout of 1h',
    );
  });
});

it('never reads a connection of the machine that it runs on', async () => {
  process.env.TSFLOW_CONN_MACHINE = 'http://machine.example';
  const machine = connection('machine', z.object({ host: z.string() }));
  const dag = new DAG({ dagId: 'machine' }, () => {
    task(
      'declared',
      async (context) => (await context.connections.get(machine)).host,
      {},
      { connections: [machine] },
    );
    task('asked', async (context) => (await context.connections.get('machine')).host);
  });
  const run = await runDag(dag);
  delete process.env.TSFLOW_CONN_MACHINE;
  expect(run.attempts.map(({ error }) => error?.message)).toEqual([
    expect.stringContaining('Give the test one'),
    expect.stringContaining('Give the test one'),
  ]);
});
