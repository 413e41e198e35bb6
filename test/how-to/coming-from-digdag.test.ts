import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  fails,
  fakeDatabase,
  fakeHttp,
  fakeMail,
  returns,
  runDag,
  startDag,
  startDags,
  takes,
} from '@tsflow/testing';
import { expect, test } from 'vitest';
import { ingest, loops, mart, session, sla, values, waits, workflow } from './coming-from-digdag.ts';

/** What docs/coming-from-digdag.md says is so. */

const slackHook = { password: 'http://slack.example/hook' };

// biome-ignore format: a table
test.each([
  // what fails      check               error      beside      told
  [null,             'success',          'skipped', 'success',  0],
  ['parallel.b',     'upstream_failed',  'success', 'success',  1],
  ['limited.z',      'upstream_failed',  'success', 'success',  1],
])('a workflow in which %s fails', async (broken, check, error, beside, told) => {
  const http = fakeHttp({ 'POST /hook': 'ok' });
  const connections = { slack_default: slackHook };
  const run = await runDag(workflow, { http, connections, tasks: broken === null ? {} : { [broken]: fails() } });
  expect([run.states.check, run.states.error, run.states.beside]).toEqual([check, error, beside]);
  expect(http.requests).toHaveLength(told);
  if (broken !== null) expect(run.tries[broken]).toBe(4);
});

test('the variables of a session', async () => {
  const run = await runDag(session, { logicalDate: '2026-02-28T15:00:00Z' });
  expect(run.output(session.exports.variables)).toBe('2026-03-01 20260301 2026-02-28 2026-03-02 00:00');
  expect(run.output(session.exports.last)).toBe('never');
});

test('values, params, secrets', async () => {
  const connections = { shop: { password: 'hunter2-of-the-shop' } };
  const run = (await runDag(values, { conf: { table: 'items' }, connections })).assertSucceeded();
  expect(run.output(values.exports.read)).toBe('1 items');
  expect(run.output(values.exports.secret)).toBe('used');
});

test('loops, conditions, a mail for each row', async () => {
  const mail = fakeMail();
  const db = fakeDatabase(
    "create table users (name text, amount int); insert into users values ('ann', 3), ('bob', 4)",
  );
  const run = await runDag(loops, { connections: { db, smtp_default: mail } });
  expect(run.output(loops.exports.each)).toEqual(['eat apple', 'throw apple', 'eat orange', 'throw orange']);
  expect(run.output(loops.exports.range)).toEqual([0, 10, 20]);
  expect(mail.sent.map(({ text }) => text).sort()).toEqual(['Dear ann: 3', 'Dear bob: 4']);
  run.assertStates({ eat: 'skipped', never: 'failed' });
});

test('waits: the content of the request, ten minutes, a file', async () => {
  await using db = fakeDatabase('create table done (n int)');
  await using played = await startDag(waits, {
    now: '2026-03-01',
    http: fakeHttp({ 'GET /users': [{ id: 1 }] }),
    connections: { db },
    tasks: { arrived: takes('1m', returns('there')) },
  });
  const run = (await played.finished(await played.trigger())).assertSucceeded();
  expect(run.output('last')).toEqual([{ id: 1 }]);
  expect(played.now.getTime() - Date.parse('2026-03-01')).toBe(11 * 60_000);
  expect(await db.rows('select n from done')).toEqual([{ n: 1 }]);
});

test('require and call', async () => {
  await using test = await startDags([ingest, mart], { now: '2026-03-05' });
  const runId = await test.of(mart).trigger({ logicalDate: '2026-03-01' });
  (await test.of(mart).finished(runId)).assertSucceeded();
  const runs = await test.of(ingest).runs();
  expect(runs.map((run) => run.output('read')).sort()).toEqual(['all', 'users']);
});

// biome-ignore format: a table
test.each([
  // work takes   mails   messages   runs of two days
  ['1h',          0,      0,         ['success', 'success']],
  ['3h',          0,      2,         ['success', 'success']],
  ['8h',          2,      2,         ['success', 'success']],
  ['13h',         2,      2,         ['failed', 'failed']],
])('deadlines when it takes %s', async (duration, mails, messages, states) => {
  const mail = fakeMail();
  const http = fakeHttp({ 'POST /hook': 'ok' });
  const connections = { slack_default: slackHook, smtp_default: mail };
  await using played = await startDag(sla, {
    now: '2026-02-28T17:00:00Z',
    schedule: true,
    http,
    connections,
    tasks: { work: takes(duration, returns(1)) },
  });
  await played.advanceTo('2026-03-02T15:00:00Z');
  expect([mail.sent.length, http.requests.length]).toEqual([mails, messages]);
  expect((await played.runs()).map(({ state }) => state)).toEqual(states);
});

test('a file that never comes is given up, and the next task knows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-digdag-'));
  writeFileSync(join(folder, 'there'), '');
  await using db = fakeDatabase('create table done (n int)');
  const run = await runDag(waits, { http: fakeHttp({ 'GET /users': [] }), connections: { db } });
  expect(run.assertSucceeded().xcoms.arrived).toEqual({ timed_out: true });
});
