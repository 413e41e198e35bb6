import { alerts, chain, DAG, email, slack, task } from '@tsflow/core';
import { fails, fakeHttp, fakeMail, returns, startDag, type TaskFake, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';

const channel = slack({
  channel: '#data',
  text: '{{ dagId }} {{ event }} {{ deadline.name if deadline else taskId }}',
});

const kpis = new DAG(
  {
    dagId: 'kpis',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    defaultArgs: { retries: 1, retryDelay: '5m', ...alerts(channel, ['failure', 'recovered']) },
    deadlines: [
      { name: 'published', task: 'publish', by: '10:00', onMiss: channel },
      { name: 'whole_run', within: '12h', onMiss: email({ to: 'owner@example.com' }) },
    ],
  },
  () => {
    chain(
      task('load', () => 1),
      task('publish', () => 1),
    );
  },
);

// biome-ignore format: a table
test.each<[string, TaskFake, readonly string[], number]>([
  // what happens                 load                        messages                                                       mails
  ['in time',                     takes('1h', returns(1)),    [],                                                            0],
  ['late, and then done',         takes('8h', returns(1)),    ['kpis onMiss published'],                                     0],
  ['later than everything',       takes('13h', returns(1)),   ['kpis onMiss published'],                                     1],
  ['a retry mended it',           fails(1),                   ['kpis onSuccess load'],                                       0],
  ['it failed for good',          fails(),                    ['kpis onFailure load'],                                       0],
])('%s', async (_what, load, messages, mails) => {
  const http = fakeHttp({ 'POST /hook': 'ok' });
  const mail = fakeMail();
  await using played = await startDag(kpis, {
    now: '2026-02-28T17:00:00Z',
    schedule: true,
    http,
    connections: { slack_default: { password: 'http://slack.example/hook' }, smtp_default: mail },
    tasks: { load },
  });
  await played.advanceTo('2026-03-01T15:00:00Z');
  expect(http.requests.map(({ body }) => (body as { text: string }).text)).toEqual(messages);
  expect(mail.sent).toHaveLength(mails);
});
