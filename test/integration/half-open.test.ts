import { silentLogger } from '@tsflow/core/logger';
import { openStore } from '@tsflow/core/store';
import { Scheduler } from '@tsflow/scheduler/loop';
import { expect, it } from 'vitest';
import { audit } from '../support/auditor.ts';
import { recordDags } from '../support/catalog.ts';
import { until } from '../support/installed-project.ts';
import { testConfig } from '../support/scheduler-harness.ts';
import { ScriptedExecutor } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { startSeveringProxy } from '../support/severing-proxy.ts';
import { createDatabase } from '../support/store.ts';

it('gives up connections that are half open, well within its lease, and goes on with new ones', async () => {
  await using database = await createDatabase('postgres');
  const direct = await database.open();
  await recordDags(direct, [serializedDag('chain', { a: {}, b: { upstream: ['a'] } })]);
  const url = new URL(database.url);
  await using proxy = await startSeveringProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  await using store = await openStore(url.href, { poolSize: 4 });
  const fatal: Error[] = [];
  const scheduler = new Scheduler({
    store,
    config: testConfig,
    logger: silentLogger,
    executor: (events) => new ScriptedExecutor(events, () => ({ kind: 'success', xcoms: {} })),
  });
  scheduler.onFatal = (error) => fatal.push(error);
  await scheduler.start();
  const trigger = async () => {
    const request = { dagId: 'chain', kind: 'trigger', payload: '{"conf":{}}', actor: 'ann' };
    await direct.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
  };
  const succeeded = (count: number) =>
    until(
      `${count} runs have succeeded`,
      async () => {
        const rows = await direct.db.selectFrom('dagRun').select('state').execute();
        return rows.length === count && rows.every(({ state }) => state === 'success');
      },
      (testConfig.leaseMs * 2) / 3,
    );
  await trigger();
  await succeeded(1);

  let heard = 0;
  const unlisten = await store.listen('tsflow_wake', () => {
    heard += 1;
  });
  proxy.freeze();
  const frozenAt = performance.now();
  await trigger();
  await succeeded(2);
  console.info(`went on after ${Math.round(performance.now() - frozenAt)} ms`);
  await until('it hears of changes again', async () => {
    await direct.notify('tsflow_wake', 'versions');
    return heard > 0;
  });
  expect(fatal).toEqual([]);
  await unlisten();
  await scheduler.stop();
  expect(await audit(direct)).toEqual([]);
}, 90_000);
