import { systemClock } from '@tsflow/core/clock';
import { openStore, type Store } from '@tsflow/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveLimits } from './live-limits.ts';

describe('limits that are read anew', () => {
  let store: Store;
  let limits: LiveLimits;
  let instant = 1_000;

  const set = (key: string, value: unknown) =>
    store.variables.set({ key, value: JSON.stringify(value), actor: 'ann', at: 0 });
  const pool = (name: string, slots: number) => store.pools.set({ name, slots, actor: 'ann', at: 0 });
  /** Open from midnight to one o'clock. */
  const plan = { default: 3, windows: [{ cron: '0 0 * * *', for: '1h', value: 8 }] };

  beforeEach(async () => {
    instant = 1_000;
    store = await openStore('sqlite::memory:');
    await store.migrate();
    await set('parallelism', 4);
    await set('watermark', 1);
    await pool('db', 2);
    limits = new LiveLimits(store, { ...systemClock, now: () => instant });
    await limits.refresh();
    expect(limits.parallelism).toBe(4);
  });
  afterEach(() => store.close());

  it.each<[string, boolean, () => Promise<unknown>]>([
    ['nothing', false, async () => undefined],
    ['a Variable that is no limit', false, () => set('watermark', 2)],
    ['a new Variable', false, () => set('other', { is: 'text' })],
    ['a Variable that is gone', false, () => store.variables.delete('watermark', 'ann', 0)],
    ['a limit set to what it is', false, () => set('parallelism', 4)],
    ['a pool set to what it is', false, () => pool('db', 2)],
    ['a limit', true, () => set('parallelism', 5)],
    ['a limit that is gone', true, () => store.variables.delete('parallelism', 'ann', 0)],
    ['a pool', true, () => pool('db', 3)],
    ['a new pool', true, () => pool('crm', 3)],
  ])('have changed, or not: %s', async (_name, isAnother, change) => {
    await change();
    expect(await limits.refresh()).toBe(isAnother);
    expect(await limits.refresh()).toBe(false);
  });

  it('follow a Variable that nobody had asked for when it was written', async () => {
    await set('parallelism', plan);
    await set('watermark', 2);
    expect(await limits.refresh()).toBe(true);
    expect(limits.parallelism).toBe(8);
  });

  it('change with the steps of a daily plan, also when another Variable is written at that instant', async () => {
    await set('parallelism', plan);
    await limits.refresh();
    expect([limits.parallelism, limits.nextStep]).toEqual([8, 3_600_000]);
    instant = 3_599_999;
    expect(await limits.refresh()).toBe(false);
    instant = 3_600_000;
    await set('watermark', 2);
    expect(await limits.refresh()).toBe(true);
    expect([limits.parallelism, limits.nextStep]).toEqual([3, 86_400_000]);
    expect(await limits.refresh()).toBe(false);
  });
});
