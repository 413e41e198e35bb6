import { CronTriggerTimetable, type CustomTimetable, type TimeRestriction } from '@tsflow/core';
import { nextRuns } from '@tsflow/core/queries';
import { backfillPreview, ensureHorizon } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { DagProcessorProject } from '../integration/dag-processor-project.ts';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { DATABASES } from '../support/store.ts';

/**
 * Airflow's custom timetables (`AfterWorkdayTimetable` of its documentation): a class in the DAG file says when runs happen. Here its code
 * runs where the file is read, and the scheduler ticks from the runs that it handed over.
 */
const DAY = 86_400_000;
const succeed: Script = () => ({ kind: 'success', xcoms: {} });

/** What the DAG files below have, as the oracle. */
class BusinessDays implements CustomTimetable {
  readonly #mornings = new CronTriggerTimetable('0 0 * * mon-fri');
  nextRun(last: Date | null, restriction: TimeRestriction) {
    return this.#mornings.nextRun(last, restriction);
  }
  describe() {
    return 'business days';
  }
}

const CLASS = `
class BusinessDays {
  #mornings = new CronTriggerTimetable('0 0 * * mon-fri');
  nextRun(last, restriction) { return this.#mornings.nextRun(last, restriction); }
  describe() { return 'business days'; }
}`;

const file = (schedule: string, options = '', classes = CLASS) => `
import { Asset, CronTriggerTimetable, DAG, EmptyOperator } from '@tsflow/core';
${classes}
new DAG({ dagId: 'custom', schedule: ${schedule}, ${options} }, () => void new EmptyOperator({ taskId: 'only' }));
`;

const today = Math.floor(Date.now() / DAY) * DAY;
const isoDay = (instant: number) => new Date(instant).toISOString().slice(0, 10);
const businessDays = (from: number, until: number) =>
  Array.from({ length: Math.floor((until - from) / DAY) + 1 }, (_, i) => isoDay(from + i * DAY)).filter(
    (day) => ![0, 6].includes(new Date(day).getUTCDay()),
  );

async function runDays({ store }: SchedulerHarness, runType: string): Promise<readonly string[]> {
  const rows = await store.db
    .selectFrom('dagRun')
    .select(['logicalDate', 'state'])
    .where('runType', '=', runType)
    .orderBy('logicalDate')
    .execute();
  return rows.every(({ state }) => state === 'success')
    ? rows.map(({ logicalDate }) => isoDay(logicalDate))
    : [];
}

const horizonOf = async ({ store }: SchedulerHarness) => (await store.horizons.of(['custom'])).get('custom');

describe.each(DATABASES)('a timetable of the author on %s', (dialect) => {
  it('makes every run that it plans, and no other: catching up from the start date', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [], succeed);
    await using project = DagProcessorProject.on(tsflow.store);
    const from = today - 20 * DAY;
    project.write('custom.ts', file('new BusinessDays()', `startDate: '${isoDay(from)}', catchup: true`));
    await project.parsed();
    const expected = businessDays(from, today);
    await until('all are there', async () => (await runDays(tsflow, 'scheduled')).length === expected.length);
    expect(await runDays(tsflow, 'scheduled')).toEqual(expected);
    const [run] = await tsflow.store.db
      .selectFrom('dagRun')
      .selectAll()
      .orderBy('logicalDate', 'desc')
      .execute();
    const oracle = new BusinessDays().nextRun(null, {
      earliest: new Date(run!.logicalDate),
      latest: null,
      catchup: true,
      now: new Date(),
    });
    expect(new Date(run!.dataIntervalStart)).toEqual(oracle!.dataInterval.start);
  });

  it('is asked for the range of a backfill, whose runs are those of its code', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [], succeed);
    await using project = DagProcessorProject.on(tsflow.store);
    project.write('custom.ts', file('new BusinessDays()'));
    await project.parsed();
    const range = { from: Date.parse('2015-02-01T00:00Z'), until: Date.parse('2015-03-10T00:00Z') };
    await ensureHorizon(tsflow.store, 'custom', range);
    const payload = {
      start: new Date(range.from).toISOString(),
      end: new Date(range.until).toISOString(),
      reprocess: 'none',
      reverse: false,
      maxActiveRuns: 4,
      conf: {},
    } as const;
    const expected = businessDays(range.from, range.until);
    expect(await backfillPreview(tsflow.store, 'custom', payload)).toMatchObject({ total: expected.length });
    await tsflow.ask('custom', { kind: 'backfill', payload });
    await until('all are there', async () => (await runDays(tsflow, 'backfill')).length === expected.length);
    expect(await runDays(tsflow, 'backfill')).toEqual(expected);
    // The schedule itself goes on: its next run is still planned.
    expect((await nextRuns(tsflow.store, { dagId: 'custom', now: Date.now(), count: 1 })).runs).toHaveLength(
      1,
    );
  });

  it('is read again before its horizon ends, without a new version', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [], succeed);
    await using project = DagProcessorProject.on(tsflow.store);
    project.write('custom.ts', file('new BusinessDays()'));
    const processor = await project.parsed();
    const before = (await horizonOf(tsflow))!;
    await tsflow.store.db
      .updateTable('timetableHorizon')
      .set({ renewAt: 1, knownUntil: 2, runs: '[]' })
      .execute();
    await processor.parsed('custom.ts');
    expect(await horizonOf(tsflow)).toMatchObject({ horizon: { until: before.horizon.until } });
    expect(await project.versions('custom')).toHaveLength(1);
    await until('its next run is planned', async () => (await project.dag('custom'))?.nextTick);
  });

  it('that was edited plans by its new code: what the old one left out is not made up for', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [], succeed);
    await using project = DagProcessorProject.on(tsflow.store);
    const start = `startDate: '${isoDay(today - 400 * DAY)}'`;
    const sparse = CLASS.replace('0 0 * * mon-fri', '0 0 1 1 *');
    project.write('custom.ts', file('new BusinessDays()', start, sparse));
    const processor = await project.parsed();
    const newYear = `${new Date().getUTCFullYear()}-01-01`;
    await until('New Year has run', async () => (await runDays(tsflow, 'scheduled')).length === 1);
    project.write('custom.ts', file('new BusinessDays()', start, CLASS.replace('mon-fri', '*')));
    await processor.parsed('custom.ts');
    const row = await until('it is planned anew', async () => {
      const dag = await project.dag('custom');
      return dag?.markVersion === dag?.currentVersion && dag!.nextTick! < Date.now() + 2 * DAY ? dag : null;
    });
    expect(row.nextTick).toBe(today + DAY);
    expect(await runDays(tsflow, 'scheduled')).toEqual([newYear]);
  });
});

it('runs beside assets: { assets, time: a timetable of the author }', async () => {
  await using tsflow = await SchedulerHarness.start('sqlite', [], succeed);
  await using project = DagProcessorProject.on(tsflow.store);
  project.write('custom.ts', file("{ assets: [new Asset('orders')], time: new BusinessDays() }"));
  await project.parsed();
  await until('its next run is planned', async () => (await project.dag('custom'))?.nextTick);
  expect((await project.dag('custom'))?.schedule).toBe('when orders is updated, or business days');
});

describe('what is known of it', () => {
  it('ends somewhere, and `dags next` says where; it has no next run behind its last one', async () => {
    await using project = await DagProcessorProject.create();
    const hourly = CLASS.replace('0 0 * * mon-fri', '0 * * * *');
    project.write('custom.ts', file('new BusinessDays()', '', hourly));
    const processor = await project.parsed();
    const planned = await nextRuns(project.store, {
      dagId: 'custom',
      now: Date.now() + 995 * 3_600_000,
      count: 20,
    });
    expect(planned.runs.length).toBeLessThan(20);
    expect(planned.knownUntil).toBe(planned.runs.at(-1)!.logicalDate);

    const ended = CLASS.replace('return this', 'return last !== null ? null : this');
    project.write('custom.ts', file('new BusinessDays()', '', ended));
    await processor.parsed('custom.ts');
    expect(await nextRuns(project.store, { dagId: 'custom', now: Date.now() })).toEqual({
      runs: [],
      knownUntil: null,
    });
  });

  it('is not made up: without a dag processor the range of a backfill is refused in words', async () => {
    await using project = await DagProcessorProject.create();
    project.write('custom.ts', file('new BusinessDays()'));
    const { processor } = await project.parsed();
    await processor.stop();
    const range = { from: Date.parse('2015-01-01T00:00Z'), until: Date.parse('2015-02-01T00:00Z') };
    await expect(ensureHorizon(project.store, 'custom', range, { timeoutMs: 100 })).rejects.toThrow(
      /only the dag processor runs, and none answered/,
    );
    let read = 0;
    const readDags = async () => {
      read += 1;
      await using own = await project.parsed().then(({ processor: one }) => one);
      expect(own).toBeDefined();
    };
    await ensureHorizon(project.store, 'custom', range, { readDags });
    expect(read).toBe(1);
  });
});

describe('wrong timetables are import errors at their line, and the last good version stays', () => {
  const body = (nextRun: string) => `
class Wrong {
  nextRun(last, { earliest }) {
    ${nextRun}
  }
  describe() { return 'wrong'; }
}`;
  it.each<[why: string, nextRun: string, line: number, message: RegExp]>([
    [
      'one that throws',
      "throw new Error('no holidays today');",
      6,
      /nextRun of Wrong threw: no holidays today/,
    ],
    ['one that goes backwards', 'return last === null ? earliest : new Date(+last - 1);', 10, /goes forward/],
    [
      'one that loops',
      'for (;;) {}',
      10,
      /Wrong did not say its next runs within 5 s: is there an end to its loop\?/,
    ],
    ['one that answers nonsense', "return 'tomorrow';", 10, /answered "tomorrow"\. Expected a Date/],
  ])('%s', async (_why, nextRun, line, message) => {
    await using project = await DagProcessorProject.create();
    project.write('custom.ts', file('new BusinessDays()'));
    const processor = await project.parsed({ limits: { timeoutMs: 30_000, memoryMb: 192 } });
    project.write('custom.ts', file('new Wrong()', '', body(nextRun)));
    const failure = await processor.failed('custom.ts');
    expect(failure).toMatchObject({ kind: 'invalid_schedule', line });
    expect(failure.message).toMatch(message);
    expect((await project.dag('custom'))?.schedule).toBe('business days');
  });

  it('one without describe', async () => {
    await using project = await DagProcessorProject.create();
    project.write('custom.ts', file('{ nextRun: () => null }'));
    const processor = await project.start();
    const failure = await processor.failed('custom.ts', 0);
    expect(failure.message).toMatch(
      /a custom timetable has the methods nextRun\(last, restriction\) and describe/,
    );
  });
});
