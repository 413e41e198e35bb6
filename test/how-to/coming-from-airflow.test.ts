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
import { describe, expect, test } from 'vitest';
import {
  alarms,
  choices,
  crossDag,
  groups,
  limits,
  load,
  mapping,
  operators,
  ownOperator,
  schedules,
  sensors,
  values,
} from './coming-from-airflow.ts';

/** What docs/coming-from-airflow.md says is so. */

const day = { logicalDate: '2026-03-01' } as const;
const slackHook = { password: 'http://slack.example/hook' };

test('operators', async () => {
  const warehouse = fakeDatabase('create table days (day text)');
  const mail = fakeMail();
  const http = fakeHttp({ 'GET /days/:day': { rain: 1.5 }, 'POST /hook': 'ok' });
  const run = await runDag(operators, {
    ...day,
    http,
    connections: {
      warehouse,
      api: { type: 'http', host: 'api.example' },
      smtp_default: mail,
      slack_default: slackHook,
    },
  });
  run.assertSucceeded();
  expect([run.output('load'), run.output('total'), run.output('ask')]).toEqual([
    'loaded 2026-03-01',
    1.5,
    { rain: 1.5 },
  ]);
  expect(mail.sent).toHaveLength(1);
  // Nothing to do: no process is started for it.
  expect(run.order).not.toContain('done');
});

test('an operator of your own', async () => {
  expect((await runDag(ownOperator)).output(ownOperator.exports.double)).toBe(2);
});

test('values', async () => {
  const run = await runDag(values, { ...day, connections: { warehouse: { host: 'db.example' } } });
  expect(run.assertSucceeded().output('read')).toEqual([3, 4, 'db.example', 'day']);
  expect(run.output('macros')).toMatch(/^20260301 2026-03-02 /);
  expect(run.output(values.exports.since)).toBe('never');
});

// biome-ignore format: a table
test.each([
  // what fails       write               remove     the run
  [null,              'success',          'success', 'success'],
  ['load.read',       'upstream_failed',  'success', 'failed'],
  ['create',          'upstream_failed',  'upstream_failed', 'failed'],
] as const)('setup and teardown when %s fails', async (broken, write, remove, state) => {
  const run = await runDag(groups, broken === null ? {} : { tasks: { [broken]: fails() } });
  expect([run.states['load.write'], run.states.remove, run.state]).toEqual([write, remove, state]);
});

// biome-ignore format: a table
test.each([
  // day          tell        why
  ['2026-03-02',  'success'], // a Monday
  ['2026-03-01',  'skipped'], // a Sunday: short-circuit
])('choices on %s', async (logicalDate, tell) => {
  const run = await runDag(choices, { logicalDate });
  const { full, day, join: joined, skipped, broken, later } = run.states;
  expect([full, day, joined, skipped, broken, later]).toEqual(['success', 'skipped', 'success', 'skipped', 'failed', 'success']);
  expect([run.states.tell, run.tries.broken, run.tries.later]).toEqual([tell, 1, 1]);
});

test('mapping', async () => {
  const run = (await runDag(mapping)).assertSucceeded();
  expect(run.output(mapping.exports.all)).toBe('all a,all b');
  expect(run.output(mapping.exports.shout)).toEqual(['a!', 'b!']);
  expect(run.output(mapping.exports.pairs)).toEqual(['a1', 'b2']);
  expect(run.output(mapping.exports.cross)).toEqual([11, 21, 12, 22]);
  expect(run.output(mapping.exports.some)).toEqual(['b']);
  expect(run.renderedMapIndexes['names[1]']).toBe('b');
  expect(run.output('each.write')).toEqual([1, 1]);
});

describe('schedules', () => {
  const named = (dagId: string) => schedules.find((dag) => dag.dagId === dagId)!;

  // biome-ignore format: a table
  test.each([
    // DAG          from                      to                        logical dates of its runs
    ['cron',        '2026-03-01T00:00:00Z',   '2026-03-01T20:00:00Z',   ['2026-03-01T18:00:00.000Z']],
    ['delta',       '2026-03-01T00:00:00Z',   '2026-03-01T00:25:00Z',   2],
    ['several',     '2026-03-07T00:00:00Z',   '2026-03-07T13:00:00Z',   ['2026-03-07T03:00:00.000Z', '2026-03-07T12:30:00.000Z']],
    ['two',         '2026-03-01T00:00:00Z',   '2026-03-01T04:00:00Z',   ['2026-02-28T03:00:00.000Z']],
    ['by_hand',     '2026-03-01T00:00:00Z',   '2026-03-05T00:00:00Z',   []],
    ['caught_up',   '2026-01-03T12:00:00Z',   '2026-01-03T13:00:00Z',   ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-03T00:00:00.000Z']],
    ['on_both',     '2026-03-01T00:30:00Z',   '2026-03-01T02:10:00Z',   0],
    ['on_either',   '2026-03-01T00:30:00Z',   '2026-03-01T02:10:00Z',   2],
  ] as const)('%s from %s to %s', async (dagId, now, to, runs) => {
    await using test = await startDags([named(dagId), named('writes')], { now, schedule: true });
    await test.advanceTo(to);
    const dates = (await test.of(named(dagId)).runs()).map(({ logicalDate }) => logicalDate.toISOString());
    // The first minute may hold the newest missed tick; what is due from then on is what counts.
    const due = dates.filter((date) => dagId === 'caught_up' || dagId === 'two' || date > new Date(now).toISOString());
    if (typeof runs === 'number') expect(due).toHaveLength(runs);
    else expect(dagId === 'two' ? due.slice(-1) : due).toEqual(runs);
  });
});

test('limits: one run at a time', async () => {
  await using played = await startDag(limits, { tasks: { alone: takes('1h') } });
  const first = await played.trigger();
  await played.advance('1m');
  const second = await played.trigger();
  await played.advance('1m');
  expect((await played.report(second)).state).toBe('queued');
  (await played.finished(first)).assertSucceeded();
  (await played.finished(second)).assertSucceeded();
});

test('sensors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-airflow-'));
  writeFileSync(join(folder, '2026-03-01.csv'), '');
  const warehouse = fakeDatabase('create table days (day text); insert into days values (1)');
  const run = await runDag(sensors, {
    ...day,
    http: fakeHttp({ 'GET /2026-03-01': 'ok' }),
    connections: { warehouse },
    tasks: { arrived: returns(folder) },
  });
  expect(run.assertSucceeded().output('own')).toBe('days/2026-03-01'.length);
});

test('cross-DAG', async () => {
  await using test = await startDags([load, crossDag], { now: '2026-03-05' });
  const run = await test.of(crossDag).finished(await test.of(crossDag).trigger(day));
  run
    .assertSucceeded()
    .assertStates({ start: 'success', loaded: 'success', after: 'success', news: 'skipped' });
  expect((await test.of(load).runs()).map((one) => one.output('rows')).sort()).toEqual(['all', 'days']);
});

// biome-ignore format: a table
test.each([
  // publish takes   told                                 the run
  ['1h',             [],                                  'success'],
  ['7h20m',          ['published'],                       'success'],
  ['9h',             ['published', 'whole', 'failed'],    'failed'],
])('alarms when it takes %s', async (duration, told, state) => {
  const http = fakeHttp({ 'POST /hook': 'ok' });
  const mail = fakeMail();
  await using played = await startDag(alarms, {
    now: '2026-02-28T17:00:00Z',
    schedule: true,
    http,
    connections: { slack_default: slackHook, smtp_default: mail },
    tasks: { publish: takes(duration, returns(1)) },
  });
  await played.advanceTo('2026-03-01T13:00:00Z');
  const heard = [...http.requests.map(({ body }) => (body as { text: string }).text), ...mail.sent.map(({ subject }) => subject)];
  for (const word of told) expect(heard.join('\n')).toContain(word);
  expect(heard).toHaveLength(told.length);
  expect((await played.runs())[0]!.state).toBe(state);
});
