import { Asset, AssetSensor, DAG, EmptyOperator } from '@tsflow/core';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { DATABASES } from '../support/store.ts';

/** A task that waits for an event of an asset, with no process: from the DAG as its author writes it. */

const orders = new Asset('orders');
const HOUR = 3_600_000;

function waiting(options: Partial<ConstructorParameters<typeof AssetSensor>[0]> = {}): SerializedDag {
  return serializeDag(
    new DAG({ dagId: 'wait' }, () => {
      new AssetSensor({ taskId: 'there', asset: orders, ...options }).before(
        new EmptyOperator({ taskId: 'on' }),
      );
    }),
  );
}

describe.each(DATABASES)('an asset sensor on %s', (dialect) => {
  async function post({ store, scheduler }: SchedulerHarness, partition: string | null, agoMs: number) {
    const at = Date.now() - agoMs;
    const event = { asset: 'orders', extra: { rows: 3 }, partition, actor: 'ann', at, idempotencyKey: null };
    const posted = await store.assets.post(event);
    scheduler.ping('intents');
    return posted;
  }

  it.each<[string, Parameters<typeof waiting>[0], { partition: string | null; agoMs: number }, boolean]>([
    ['nothing else', {}, { partition: null, agoMs: 0 }, true],
    ['nothing else', {}, { partition: 'mon', agoMs: 0 }, true],
    ['nothing else, of before it was due', {}, { partition: null, agoMs: HOUR }, false],
    ['whenever', { since: 'ever' }, { partition: null, agoMs: HOUR }, true],
    ['its start', { since: 'runStart' }, { partition: null, agoMs: HOUR }, false],
    ['a part', { partition: 'mon' }, { partition: 'mon', agoMs: HOUR }, true],
    ['a part', { partition: 'mon' }, { partition: 'tue', agoMs: 0 }, false],
    ['a part', { partition: 'mon' }, { partition: null, agoMs: 0 }, false],
    ['a part since it was due', { partition: 'mon', since: 'due' }, { partition: 'mon', agoMs: HOUR }, false],
  ])('asked for %s by %j hears of %j: %s', async (_name, options, { partition, agoMs }, hears) => {
    await using tsflow = await SchedulerHarness.start(dialect, [waiting(options)], () => null);
    const before = await tsflow.trigger('wait');
    await tsflow.taskIs('wait', before, 'there', 'deferred');
    await post(tsflow, partition, agoMs);
    if (!hears) {
      await until('the event was looked at', async () => {
        const open = await tsflow.store.db
          .selectFrom('intent')
          .select('id')
          .where('state', '=', 'pending')
          .execute();
        return open.length === 0;
      });
      expect((await tsflow.states('wait', before)).there).toBe('deferred');
      return;
    }
    await tsflow.runIs('wait', before, 'success');
    expect(tsflow.executor.granted).toEqual([]);
    const { there } = await tsflow.tasks('wait', before);
    const output = (await tsflow.store.turns.xcoms([there!.key], 'return_value')).get(there!.key);
    expect(JSON.parse(output!)).toMatchObject({
      asset: 'orders',
      partition,
      extra: { rows: 3 },
      source: null,
    });
  });

  it('finds what was there before it waited', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [waiting({ since: 'ever' })], () => null);
    await post(tsflow, null, HOUR);
    const runId = await tsflow.trigger('wait');
    await tsflow.runIs('wait', runId, 'success');
  });

  it('is waited for by the next scheduler', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [waiting()], () => null);
    const runId = await tsflow.trigger('wait');
    await tsflow.taskIs('wait', runId, 'there', 'deferred');
    await tsflow.restart();
    await post(tsflow, null, 0);
    await tsflow.runIs('wait', runId, 'success');
  });
});
