import { staleAssets } from '@tsflow/core/queries';
import { describe, expect, it } from 'vitest';
import { createDatabase, DATABASES } from '../support/store.ts';

/** An asset that was not updated within its `freshness` is stale. That somebody is told of it, once, is in the tests of alerts. */

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 2, 1, 12);

const event = (eventId: number, at: number) => ({
  eventId,
  asset: 'orders',
  at,
  partitionKey: null,
  extra: '{}',
  actor: 'ann',
  dagId: null,
  runKey: null,
  runId: null,
  taskId: null,
  mapPath: null,
  intervalStart: null,
  intervalEnd: null,
  idempotencyKey: null,
});

describe.each(DATABASES)('an asset on %s', (dialect) => {
  // biome-ignore format: a table
  it.each<[what: string, freshness: readonly (number | null)[], updated: readonly number[], lateBy: number | null]>([
    // what                                    fresh for, by each DAG (min)  updated (min ago)  late by (min)
    ['is fresh within its time',               [60],                         [59],              null],
    ['is stale behind it',                     [60],                         [61],              1],
    ['goes by its newest update',              [60],                         [200, 59],         null],
    ['goes by its newest update, stale too',   [60],                         [62, 61],          1],
    ['by the shortest that somebody says',     [90, 60],                     [61],              1],
    ['that was never updated is not stale',    [1],                          [],                null],
    ['of which nobody says how fresh',         [null],                       [9_999],           null],
    ['of which one DAG alone says it',         [null, 60],                   [61],              1],
  ])('%s', async (_what, freshness, updated, lateBy) => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    const assets = freshness.map((minutes, i) => {
      const freshnessMs = minutes === null ? null : minutes * MINUTE;
      return { name: 'orders', dagId: `dag_${i}`, uri: null, description: null, freshnessMs };
    });
    await store.db.insertInto('asset').values(assets).execute();
    for (const [i, ago] of updated.entries())
      await store.db.insertInto('assetEvent').values(event(i + 1, NOW - ago * MINUTE)).execute();
    const newest = NOW - Math.min(...updated) * MINUTE;
    expect(await staleAssets(store, NOW)).toEqual(
      lateBy === null ? [] : [{ name: 'orders', lastEventAt: newest, expectedAt: NOW - lateBy * MINUTE }],
    );
  });
});
