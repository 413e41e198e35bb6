import { fails, fakeMail, returns, runDag, startDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';
import { agents, atBoot, nightly, pipeline, quarterHourly } from './coming-from-cron-and-jenkins.ts';

/** What docs/coming-from-cron-and-jenkins.md says is so. */

test('five nights, in the zone of the DAG, within ten minutes of the tick', async () => {
  await using played = await startDag(nightly, { now: '2026-03-27T12:00:00Z', schedule: true });
  await played.advanceTo('2026-03-31T12:00:00Z');
  const runs = await played.runs();
  // Monday is the first one after the clocks went forward.
  expect(runs.map(({ logicalDate }) => logicalDate.toISOString())).toEqual([
    '2026-03-30T01:15:00.000Z',
    '2026-03-31T01:15:00.000Z',
  ]);
  for (const { attempts, logicalDate, order } of runs) {
    const late = attempts[0]!.startDate!.getTime() - logicalDate.getTime();
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(600_000);
    expect(order).toEqual(['dump', 'upload', 'prune']);
  }
});

// biome-ignore format: a table
test.each([
  // what happens to the dump            tries   mails   upload
  ['it works',        {},                1,      0,      'success'],
  ['it fails twice',  { dump: fails(2) }, 3,     0,      'success'],
  ['it fails',        { dump: fails() }, 4,      1,      'upstream_failed'],
  ['it hangs',        { dump: takes('9h') }, 4,  1,      'upstream_failed'],
] as const)('one mail, and only when no retry helped: %s', async (_what, tasks, tries, mails, upload) => {
  const mail = fakeMail();
  const run = await runDag(nightly, { connections: { smtp_default: mail }, tasks });
  expect([run.tries.dump, mail.sent.length, run.states.upload]).toEqual([tries, mails, upload]);
});

test('a night that takes until the next one makes that one pass: no two at once', async () => {
  await using played = await startDag(nightly, {
    now: '2026-03-09T00:00:00Z',
    schedule: true,
    tasks: { prune: takes('30h', returns(null)) },
  });
  await played.advanceTo('2026-03-13T00:00:00Z');
  const dates = (await played.runs()).map(({ logicalDate }) => logicalDate.toISOString().slice(0, 10));
  expect(dates).toEqual(['2026-03-09', '2026-03-11']);
});

test('once, and every quarter of an hour', async () => {
  await using boot = await startDag(atBoot, { now: '2026-03-01', schedule: true });
  await boot.advance('3d');
  expect(await boot.runs()).toHaveLength(1);
  await using poll = await startDag(quarterHourly, { now: '2026-03-01T00:01:00Z', schedule: true });
  await poll.advance('1h');
  expect(await poll.runs()).toHaveLength(4);
});

// biome-ignore format: a table
test.each([
  // target        what fails        production           clean_up    tell        the run
  ['staging',      null,             'skipped',           'success',  'skipped',  'success'],
  ['production',   null,             'success',           'success',  'skipped',  'success'],
  ['production',   'tests.unit',     'upstream_failed',   'success',  'success',  'failed'],
  ['production',   'production',     'failed',            'success',  'skipped',  'failed'],
] as const)('a pipeline to %s in which %s fails', async (target, broken, production, cleanUp, tell, state) => {
  const run = await runDag(pipeline, { conf: { target }, tasks: broken === null ? {} : { [broken]: fails() } });
  expect([run.states.production, run.states.clean_up, run.states.tell, run.state]).toEqual([production, cleanUp, tell, state]);
});

test('two agents: the third script waits for one of them', async () => {
  const anHour = takes('1h', returns('done'));
  const run = await runDag(agents, { tasks: { a: anHour, b: anHour, c: anHour } });
  const starts = run.attempts.slice(0, 3).map(({ startDate }) => startDate!.getHours());
  expect(new Set(starts).size).toBe(2);
  expect(run.assertSucceeded().output('report')).toEqual(['done', 'done', 'done']);
});
