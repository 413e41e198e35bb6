import { reportDeadlines } from '@tsflow/core/queries';
import type { Store } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { InstalledProject } from '../support/installed-project.ts';
import { parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

/** Half a year of an agreement, as it is reviewed each week: table A by ten o'clock in Tokyo, the whole run within twelve hours. */

const DAY = 86_400_000;
const M = 60_000;
const WEEKS = 26;
/** Monday, four in the morning in Tokyo. */
const FIRST = Date.parse('2026-01-04T19:00:00Z');
const NOW = FIRST + WEEKS * 7 * DAY;
/** Ten o'clock is six hours later. */
const TEN = 6 * 60 * M;

/** How late table A was on each day of a week, in minutes; null: the run failed. */
const lateness = (week: number) => [
  -60,
  -50,
  -40,
  -30,
  -20,
  week % 2 === 0 ? 15 : -10,
  week === 7 ? null : -5,
];

async function seed(store: Store): Promise<void> {
  const deadline = { taskId: null, by: null, withinMs: null, callback: false };
  const dag = serializedDag(
    'mart',
    { table_a: {}, export: { upstream: ['table_a'] } },
    {
      timezone: 'Asia/Tokyo',
      deadlines: [
        { ...deadline, name: 'table A', taskId: 'table_a', by: '10:00' },
        { ...deadline, name: 'all', withinMs: 12 * 60 * M },
      ],
    },
  );
  const file = parsedFile('mart.ts', dag);
  await store.catalog.record({ at: FIRST, parsed: [file], failed: [], removed: [] });
  const { version } = file.dags[0]!;
  for (let day = 0; day < WEEKS * 7; day++) {
    const late = lateness(Math.floor(day / 7))[day % 7]!;
    const due = FIRST + day * DAY;
    const done = due + TEN + (late ?? 0) * M;
    const key = 1_000 + day;
    const run = runRow(key, {
      dagId: 'mart',
      version,
      runId: `scheduled__${day}`,
      runType: 'scheduled',
      slot: due,
      logicalDate: due,
      dataIntervalEnd: due,
      queuedAt: due,
      startDate: due,
      endDate: done + M,
      state: late === null ? 'failed' : 'success',
    });
    await store.db.insertInto('dagRun').values(run).execute();
    const task = taskRow(10_000 + day, key, {
      dagId: 'mart',
      taskId: 'table_a',
      state: late === null ? 'failed' : 'success',
      endDate: done,
    });
    await store.db.insertInto('taskInstance').values(task).execute();
    if (late === null || late <= 0) continue;
    const dueAt = due + TEN;
    const miss = { runKey: key, dagId: 'mart', name: 'table A', taskId: 'table_a', dueAt, missedAt: dueAt };
    await store.db.insertInto('deadlineMiss').values(miss).execute();
  }
  // Promises nothing.
  const filled = runRow(5_000, {
    dagId: 'mart',
    version,
    runType: 'backfill',
    queuedAt: FIRST,
    state: 'failed',
  });
  await store.db.insertInto('dagRun').values(filled).execute();
}

describe.each(DATABASES)('the report of half a year, on %s', (dialect) => {
  it('is what happened, week by week', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await seed(store);
    const rows = await reportDeadlines(store, { from: FIRST }, NOW);
    expect(rows).toHaveLength(2 * WEEKS);
    const ofTable = rows.filter(({ name }) => name === 'table A');
    expect(ofTable.map(({ met, missed, neverDone }) => [met, missed, neverDone])).toEqual(
      Array.from({ length: WEEKS }, (_, week) => {
        if (week === 7) return [6, 1, 1];
        return week % 2 === 0 ? [6, 1, 0] : [7, 0, 0];
      }),
    );
    expect(ofTable[0]).toMatchObject({
      period: '2026-01-05',
      taskId: 'table_a',
      p50Ms: -30 * M,
      p90Ms: 15 * M,
      maxMs: 15 * M,
    });
    expect(ofTable.at(-1)).toMatchObject({ period: '2026-06-29', metShare: 1, maxMs: -5 * M });
    const whole = await reportDeadlines(store, { from: FIRST, by: 'all' }, NOW);
    expect(whole.map(({ name, met, missed, period }) => [name, met, missed, period])).toEqual([
      ['all', 181, 1, null],
      ['table A', 168, 14, null],
    ]);
    // A stretch holds what was due in it.
    const day = await reportDeadlines(
      store,
      { from: FIRST + TEN, until: FIRST + TEN + 1, by: 'day', dagId: 'mart' },
      NOW,
    );
    expect(day).toMatchObject([{ name: 'table A', period: '2026-01-05', met: 1, missed: 0 }]);
    expect(await reportDeadlines(store, { from: FIRST, dagId: 'other' }, NOW)).toEqual([]);
  });
});

it('is printed, as JSON and as CSV', async () => {
  await using project = new InstalledProject();
  await seed(await project.store());
  const args = ['deadlines', 'report', '--start', '2026-01-01', '--end', '2026-06-30', '--by', 'all'];
  expect((await project.run(args)).stdout).toMatch(/mart +table A +163 +14 +1 +92\.\d % +30m 00s before/);
  expect(await project.json(...args)).toMatchObject([{ name: 'all' }, { name: 'table A', missed: 14 }]);
  const csv = (await project.run([...args, '--csv', '--dag-id', 'mart'])).stdout.trimEnd().split('\n');
  expect(csv[0]).toBe('dagId,name,taskId,period,met,missed,neverDone,metShare,p50Ms,p90Ms,maxMs');
  expect(csv[2]).toMatch(/^mart,table A,table_a,,163,14,1,0\.92/);
  expect(await project.run(['deadlines', 'report'])).toMatchObject({ code: 2 });
  expect((await project.run(['deadlines', 'list'])).stdout).toMatch(/No run that is queued or runs/);
});
