import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fails,
  fakeDatabase,
  fakeHttp,
  fakeMail,
  inTurn,
  returns,
  runDag,
  startDag,
  startDags,
  takes,
} from '@tsflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import report, { producer, waiting } from '../../dags/data/orders_by_day.ts';
import liveLimits from '../../dags/fleet/live_limits.ts';
import publishedByTen from '../../dags/fleet/published_by_ten.ts';
import { titlePipeline } from '../../dags/fleet/title-pipeline.ts';
import modes from '../../dags/flow/all_or_incremental.ts';
import bestOfThree from '../../dags/flow/best_of_three.ts';
import cluster from '../../dags/flow/cluster_for_an_hour.ts';
import onlyWhenNew from '../../dags/flow/only_when_new.ts';
import pagesUntilTheLast from '../../dags/flow/pages_until_the_last.ts';
import durableJob from '../../dags/operators/durable_job.ts';
import httpApi from '../../dags/operators/http_api.ts';
import loadAndSwap from '../../dags/operators/load_and_swap.ts';
import mailPerRow from '../../dags/operators/mail_per_row/mail_per_row.ts';
import shellAndScripts from '../../dags/operators/shell_and_scripts.ts';
import afterOtherDags, { load } from '../../dags/waiting/after_other_dags.ts';
import fileOfTheDay from '../../dags/waiting/file_of_the_day.ts';
import triggerOfYourOwn from '../../dags/waiting/trigger_of_your_own.ts';

/** Every example DAG does what it says it does; `examples-installed.test.ts` runs them in real processes. */

const home = mkdtempSync(join(tmpdir(), 'tsflow-examples-'));
const before = process.env.TSFLOW_HOME;
beforeAll(() => {
  process.env.TSFLOW_HOME = home;
});
afterAll(() => {
  if (before === undefined) delete process.env.TSFLOW_HOME;
  else process.env.TSFLOW_HOME = before;
  rmSync(home, { recursive: true });
});

const services = { start_services: returns(null) };
const examples_api = { type: 'http', host: 'api.example', port: 80 };

describe('operators', () => {
  it('shell_and_scripts: values in by the environment, the last line out', async () => {
    const run = (await runDag(shellAndScripts, { conf: { columns: 2 } })).assertSucceeded();
    expect(run.logs('columns')).toEqual(['CO2', 'Date']);
    if (run.states.summary === 'skipped') return; // No Python on this machine.
    expect(run.logs('report')).toEqual(['741 rows, 3 columns']);
  });

  it('http_api: waits until it is up, tries again, tells the channel', async () => {
    const http = fakeHttp({
      'GET /health': inTurn(503, { ok: true }),
      'GET /rates/:day': inTurn(500, 429, { day: '2026-03-01', rates: { EUR: 1, JPY: 161.5, USD: 1.1 } }),
      'POST /hooks': 'ok',
    });
    const examples_slack = { password: 'http://slack.example/hooks' };
    const connections = { examples_api, examples_slack };
    const run = await runDag(httpApi, { http, connections, tasks: services, logicalDate: '2026-03-01' });
    run.assertSucceeded();
    expect(run.tries.rates).toBe(3);
    expect(http.requests.at(-1)!.body).toEqual({ text: '1 EUR = 161.5 JPY' });
  });

  it.each([
    [{}, ['ann@example.com', 'eve@example.com']],
    [{ threshold: 100 }, ['ann@example.com']],
    [{ threshold: 500 }, []],
  ])('mail_per_row: %j', async (conf, expected) => {
    const mail = fakeMail();
    const connections = { examples_db: fakeDatabase(), examples_mail: mail };
    const run = await runDag(mailPerRow, { conf, connections, tasks: services });
    expect(run.state).toBe(expected.length === 0 ? 'success' : run.assertSucceeded().state);
    expect(mail.sent.flatMap(({ to }) => to).sort()).toEqual(expected);
    for (const { text, to } of mail.sent)
      if (to[0]!.startsWith('ann')) expect(text).toMatch(/Dear Ann,\n\n120 EUR/);
  });

  it('load_and_swap: readers have the old rows until all new ones are there', async () => {
    await using examples_db = fakeDatabase();
    const connections = { examples_db };
    (await runDag(loadAndSwap, { connections })).assertSucceeded();
    const count = () => examples_db.rows('select symbol, count(*) as n from prices group by 1 order by 1');
    const first = await count();
    expect(first).toHaveLength(5);
    expect(first[0]).toEqual({ symbol: 'AAPL', n: 123 });
    // The second load breaks in the middle: what readers see stays.
    const broken = await runDag(loadAndSwap, { connections, tasks: { check: fails() } });
    broken.assertFailed();
    expect(await count()).toEqual(first);
  });

  it('load_and_swap: never overlaps itself, and leaves out the ticks that it misses', async () => {
    const takesFour = takes('4m', returns(null));
    await using test = await startDag(loadAndSwap, {
      now: '2026-03-01T00:01:00Z',
      schedule: true,
      connections: { examples_db: fakeDatabase() },
      // Twenty minutes in all: five loads, three at a time.
      tasks: {
        prepare: takesFour,
        load: takesFour,
        check: takesFour,
        swap: takesFour,
        report: returns(null),
      },
    });
    await test.advanceTo('2026-03-01T01:40:00Z');
    const runs = (await test.runs()).map(({ logicalDate, state }) => [
      logicalDate.toISOString().slice(11, 16),
      state,
    ]);
    expect(runs).toEqual([
      ['00:15', 'success'],
      ['00:45', 'success'],
      ['01:15', 'success'],
    ]);
  });

  it('durable_job: one job, whatever happens to the task', async () => {
    const http = fakeHttp({
      'PUT /jobs/:id': inTurn(201, 409),
      'GET /jobs/:id': inTurn(
        { state: 'running' },
        new Error('ECONNRESET'),
        { state: 'running' },
        { state: 'done', words: 5 },
      ),
    });
    const run = await runDag(durableJob, { http, connections: { examples_api }, tasks: services });
    expect(run.assertSucceeded().output('report')).toBe('5 words');
    expect(http.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(run.tries.count).toBe(2);
  });

  it('durable_job: is cancelled with its task', async () => {
    const http = fakeHttp({
      'PUT /jobs/:id': 201,
      'GET /jobs/:id': { state: 'running' },
      'DELETE /jobs/:id': {},
    });
    await using test = await startDag(durableJob, { http, connections: { examples_api }, tasks: services });
    const runId = await test.trigger();
    await test.advance('5s');
    await test.ask({ kind: 'kill', payload: { runId } });
    await test.finished(runId);
    expect(http.requests.at(-1)).toMatchObject({ method: 'DELETE' });
  });
});

describe('flow', () => {
  it.each([
    [{}, 'load_all', 'published the day 2026-03-01'],
    [{ mode: 'incremental' as const }, 'load_all', 'published the day 2026-03-01'],
    [{ mode: 'all' as const }, 'load_day', 'published everything'],
  ])('all_or_incremental: %j skips %s', async (conf, skipped, published) => {
    const run = (await runDag(modes, { conf, logicalDate: '2026-03-01' })).assertSucceeded();
    run.assertStates({ [skipped]: 'skipped' });
    expect(run.output(modes.exports.publish)).toBe(published);
  });

  it('best_of_three: exactly one is published, and the join runs', async () => {
    const run = (await runDag(bestOfThree)).assertSucceeded();
    run.assertStates({
      publish_trend: 'success',
      publish_last: 'skipped',
      publish_mean: 'skipped',
      tell: 'success',
    });
  });

  it.each([
    [7, '3 pages'],
    [6, '3 pages'],
    [0, '1 pages'],
  ])('pages_until_the_last: %i rows are on %s', async (rows, pages) => {
    const run = (await runDag(pagesUntilTheLast, { conf: { rows } })).assertSucceeded();
    expect(run.output(pagesUntilTheLast.exports.summary)).toBe(pages);
    expect(run.output(pagesUntilTheLast.exports.report)).toBe('loaded mon, loaded tue, loaded wed');
  });

  it('pages_until_the_last: more pages than it reads at most fail it', async () => {
    const run = (await runDag(pagesUntilTheLast, { conf: { rows: 100 } })).assertFailed();
    run.assertStates({ summary: 'upstream_failed' });
  });

  it('only_when_new: nothing new, nothing done', async () => {
    const run = await runDag(onlyWhenNew, { conf: { rows: 0 } });
    run.assertSucceeded().assertStates({ load: 'skipped', mail: 'skipped' });
  });

  it('only_when_new: of the days it catches up, the newest alone sends a mail', async () => {
    await using test = await startDag(onlyWhenNew, { now: '2026-03-03T12:00:00Z' });
    await test.ask({
      kind: 'backfill',
      payload: {
        start: '2026-03-01T00:00:00Z',
        end: '2026-03-03T00:00:00Z',
        reprocess: 'none',
        reverse: false,
        maxActiveRuns: 3,
        conf: {},
      },
    });
    await test.advance('1m');
    const mails = (await test.runs()).map(({ states }) => states.mail);
    expect(mails).toEqual(['skipped', 'skipped', 'success']);
  });

  it('cluster_for_an_hour: the cluster goes also when the work fails', async () => {
    const run = (await runDag(cluster)).assertSucceeded();
    expect(run.output('work.merge')).toBe('tokyo: 5 rows, osaka: 5 rows, nagoya: 6 rows');
    const failed = await runDag(cluster, { tasks: { 'work.region.read': fails() } });
    failed.assertFailed().assertStates({ drop: 'success' });
  });
});

describe('waiting', () => {
  it('file_of_the_day: the day is that of Tokyo, and the waits end when the last one does', async () => {
    const run = await runDag(fileOfTheDay, {
      logicalDate: '2026-02-28T15:00:00Z',
      connections: { examples_db: fakeDatabase() },
    });
    expect(run.assertSucceeded().output('load')).toBe('loaded 2026-03-01');
    expect(existsSync(join(home, 'examples/2026-03-01.csv'))).toBe(true);
    const loaded = run.attempts.find(({ taskId }) => taskId === 'load')!;
    expect(loaded.startDate).toEqual(new Date('2026-02-28T16:00:00Z'));
  });

  it('file_of_the_day: a file that never comes skips the rest', async () => {
    const connections = { examples_db: fakeDatabase() };
    const run = await runDag(fileOfTheDay, {
      logicalDate: '2020-01-01',
      connections,
      tasks: { produce: returns(null) },
    });
    run.assertSucceeded().assertStates({ arrived: 'skipped', load: 'skipped' });
  });

  it('after_other_dags: three runs of the other DAG, each made once', async () => {
    await using test = await startDags([afterOtherDags, load], { now: '2026-01-01T05:00:00Z' });
    const run = await test
      .of(afterOtherDags)
      .finished(await test.of(afterOtherDags).trigger({ logicalDate: '2026-01-01' }));
    run.assertSucceeded();
    const loaded = (await test.of(load).runs()).map((one) => one.output('load'));
    expect(loaded.sort()).toEqual(['items of 2026-01-01', 'orders of 2026-01-01', 'users of 2026-01-01']);
  });

  it('trigger_of_your_own: goes on when the file has changed', async () => {
    await using test = await startDag(triggerOfYourOwn, { tasks: { change: returns(null) } });
    const runId = await test.trigger();
    const ended = test.finished(runId);
    const touch = setInterval(() => {
      const file = join(home, 'examples/watched.txt');
      if (existsSync(file)) writeFileSync(file, String(performance.now()));
    }, 20);
    const run = await ended.finally(() => clearInterval(touch));
    expect(run.assertSucceeded().output('changed')).toBe('change');
  });
});

describe('data', () => {
  it('orders_by_day: one run a day, when both tables of that day are there', async () => {
    await using test = await startDags([producer, report, waiting], { schedule: true });
    const day = async (logicalDate: string, tasks: readonly string[]) => {
      const runId = await test.of(producer).trigger({ logicalDate });
      await test.of(producer).finished(runId);
      return tasks;
    };
    const waits = await test.of(waiting).trigger({ logicalDate: '2026-03-02' });
    await day('2026-03-01', []);
    await test.advance('1m');
    expect((await test.of(waiting).report(waits)).state).toBe('running');
    await day('2026-03-02', []);
    await test.advance('1m');
    const runs = await test.of(report).runs();
    expect(runs.map((run) => run.output('seen'))).toEqual([
      ['examples/orders of 2026-03-01: 3 rows', 'examples/prices of 2026-03-01: 3 rows'],
      ['examples/orders of 2026-03-02: 3 rows', 'examples/prices of 2026-03-02: 3 rows'],
    ]);
    expect((await test.of(waiting).report(waits)).state).toBe('success');
  });
});

describe('fleet', () => {
  it('titles: 27 environments of one factory, each with its own zone, connection and Variables', async () => {
    const zones = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York'];
    const warehouses = Array.from({ length: 27 }, () => fakeDatabase());
    const dags = warehouses.map((_, i) =>
      titlePipeline({ title: `t${i}`, zone: zones[i % 3]!, hour: i % 24, connectionId: `db_${i}` }),
    );
    await using test = await startDags(dags, {
      now: '2026-03-01T00:00:00Z',
      connections: Object.fromEntries(warehouses.map((warehouse, i) => [`db_${i}`, warehouse])),
      schedule: true,
    });
    await test.advance('1d');
    for (const [i, warehouse] of warehouses.entries()) {
      const rows = await warehouse.rows('select title, count(*) as days from summary group by title');
      expect(rows).toEqual([{ title: `t${i}`, days: expect.any(Number) }]);
    }
  });

  it('live_limits: follows its Variable while it runs', async () => {
    const run = await runDag(liveLimits, {
      variables: { live_limits_parallelism: 4 },
      tasks: { work: takes('10s', returns(1)) },
    });
    expect(run.assertSucceeded().output('publish')).toBe(40);
    const ends = run.attempts
      .filter(({ taskId }) => taskId.startsWith('work'))
      .map(({ endDate }) => endDate!.getTime());
    expect(Math.max(...ends) - run.attempts[0]!.startDate!.getTime()).toBe(100_000);
  });

  it('published_by_ten: tells of the last failure and of the deadline, not of what a retry mended', async () => {
    const mail = fakeMail();
    const http = fakeHttp({ 'POST /slack': 'ok', 'POST /hooks': 'ok' });
    const connections = {
      examples_mail: mail,
      examples_slack: { password: 'http://api.example/slack' },
      examples_hook: { type: 'http', host: 'api.example', schema: 'hooks' },
    };
    const started = { now: '2026-02-28T17:59:00Z', connections, http, schedule: true };
    {
      await using fine = await startDag(publishedByTen, { ...started, tasks: services });
      await fine.advance('20h');
      expect((await fine.runs()).map(({ tries }) => tries.measure)).toEqual([2]);
      const said = http.requests.splice(0).map(({ body }) => body);
      expect(said).toEqual([{ text: 'published_by_ten: onSuccess of measure' }]); // It has recovered.
    }
    await using late = await startDag(publishedByTen, {
      ...started,
      tasks: { ...services, measure: takes('13h', returns(1)), publish: fails() },
    });
    await late.advance('20h');
    const said = http.requests.map(({ path, body }) =>
      path === '/slack' ? (body as { text: string }).text : path,
    );
    expect(said.sort()).toEqual([
      '/hooks',
      'published_by_ten: onFailure of publish',
      'published_by_ten: onMiss of published',
    ]);
    expect(mail.sent.map(({ to }) => to)).toEqual([['owner@example.com']]);
  });
});

it('the table of the examples names each of them', async () => {
  const page = readFileSync(new URL('../../dags/README.md', import.meta.url), 'utf8');
  for (const { dagId } of [
    shellAndScripts,
    httpApi,
    mailPerRow,
    loadAndSwap,
    durableJob,
    modes,
    bestOfThree,
    onlyWhenNew,
    pagesUntilTheLast,
    cluster,
    fileOfTheDay,
    afterOtherDags,
    triggerOfYourOwn,
    report,
    producer,
    waiting,
    liveLimits,
    publishedByTen,
    load,
  ])
    expect(page, dagId).toContain(`\`${dagId}\``);
});
