import { DurationWatch } from '@tsflow/core/queries';
import type { DagRunTable, Store, TaskInstanceTable } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { runRow, taskRow } from '../support/rows.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 2, 1, 12);

async function runs(store: Store, ...rows: readonly DagRunTable[]): Promise<void> {
  for (const row of rows) await store.db.insertInto('dagRun').values(row).execute();
}

/** A run that began `agoMs` ago and took `tookMs`; null: it still runs. */
const run = (key: number, agoMs: number, tookMs: number | null, changes: Partial<DagRunTable> = {}) =>
  runRow(key, {
    queuedAt: NOW - agoMs,
    startDate: NOW - agoMs,
    endDate: tookMs === null ? null : NOW - agoMs + tookMs,
    state: tookMs === null ? 'running' : 'success',
    ...changes,
  });

const task = (key: number, runKey: number, tookMs: number | null, changes: Partial<TaskInstanceTable> = {}) =>
  taskRow(key, runKey, {
    taskId: 'load',
    state: tookMs === null ? 'running' : 'success',
    startDate: NOW - 10 * MINUTE,
    endDate: tookMs === null ? null : NOW - 10 * MINUTE + tookMs,
    ...changes,
  });

/** Six runs of ten minutes, a day ago. */
const history = [1, 2, 3, 4, 5, 6].map((key) => run(key, 1_440 * MINUTE + key, 10 * MINUTE));

describe.each(DATABASES)('what takes another time than usual, on %s', (dialect) => {
  it.each<[why: string, open: DagRunTable, expected: readonly string[]]>([
    ['within half as much again', run(9, 15 * MINUTE, null), []],
    ['longer', run(9, 16 * MINUTE, null), ['overdue:9']],
    ['longer, but it was cleared', run(9, 16 * MINUTE, null, { clearNumber: 1 }), []],
    ['longer, but it waits for its turn', run(9, 16 * MINUTE, null, { state: 'queued' }), []],
    ['longer, in a DAG without history', run(9, 16 * MINUTE, null, { dagId: 'new' }), []],
  ])('a run that goes on for %s', async (_why, open, expected) => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await runs(store, ...history, open);
    const alarms = await new DurationWatch(store).look(NOW);
    expect(alarms.map(({ id }) => id)).toEqual(expected);
    for (const alarm of alarms)
      expect(alarm).toMatchObject({
        tookMs: 16 * MINUTE,
        usual: { samples: 6, medianMs: 10 * MINUTE, usualMs: 10 * MINUTE },
      });
  });

  it('a task that goes on for longer, by what the same task took in other runs', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await runs(store, ...history, run(9, 12 * MINUTE, null));
    for (const { key } of history)
      await store.db
        .insertInto('taskInstance')
        .values(task(100 + key, key, 2 * MINUTE))
        .execute();
    await store.db
      .insertInto('taskInstance')
      .values(task(200, 9, null, { attemptId: 77 }))
      .execute();
    const alarms = await new DurationWatch(store).look(NOW);
    expect(alarms.map(({ id, taskId }) => [id, taskId])).toEqual([['overdue:9:load::77', 'load']]);
  });

  it('a run that ended after a time that is far off: seen by the look after its end, and by the first one', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await runs(store, ...history, run(8, 30 * MINUTE, 29 * MINUTE), run(9, 2 * MINUTE, null));
    const watch = new DurationWatch(store);
    expect((await watch.look(NOW)).map(({ id }) => id)).toEqual(['anomalous_duration:8']);
    // Two minutes instead of ten: perhaps it had nothing to do.
    await store.db
      .updateTable('dagRun')
      .set({ state: 'success', endDate: NOW })
      .where('key', '=', 9)
      .execute();
    expect(await watch.look(NOW + 1_000)).toMatchObject([{ id: 'anomalous_duration:9', tookMs: 2 * MINUTE }]);
    expect(await watch.look(NOW + 2_000)).toEqual([]);
  });
});
