import { fakeCommands, fakeDatabase, fakeHttp, fakeMail, inTurn, runDag, startDags } from '@tsflow/testing';
import { expect, test } from 'vitest';
import orders from './orders-dag.ts';
import report from './shop-report-dag.ts';

test('the report, with everything outside of it faked', async () => {
  const http = fakeHttp({ 'GET https://rates.example.com/:day': inTurn(503, { EUR: 1.1 }) });
  const warehouse = fakeDatabase(`
    create table orders (day text, amount integer);
    insert into orders values ('2026-03-01', 2), ('2026-03-01', 3), ('2026-03-02', 9);`);
  const commands = fakeCommands({ gsutil: async ({ stdin }) => ({ stderr: `got ${await stdin()}` }) });
  const mail = fakeMail();

  const run = await runDag(report, {
    logicalDate: '2026-03-01',
    http,
    commands,
    connections: { warehouse, smtp_default: mail },
  });

  run.assertSucceeded();
  expect(run.tries.rates).toBe(2);
  expect(commands.calls[0]!.args).toEqual(['cp', '-', 'gs://reports/2026-03-01']);
  expect(run.logs('upload')).toEqual(['got 5']);
  expect(mail.sent).toMatchObject([{ to: ['ann@example.com'], subject: 'Report of 2026-03-01' }]);
});

test('two DAGs on one clock', async () => {
  await using test = await startDags([orders, report], { now: '2026-03-01', schedule: true });
  await test.advanceTo('2026-03-01T03:00:00Z');
  expect(await test.of(orders).runs()).toHaveLength(1);
  expect(await test.of(report).runs()).toHaveLength(0);
});
