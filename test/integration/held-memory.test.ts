import { createRequire } from 'node:module';
import { queryObjects } from 'node:v8';
import { TsflowError } from '@tsflow/core/errors';
import type { SerializedDag } from '@tsflow/core/serialization';
import { CronTriggerTimetable } from '@tsflow/core/timetables';
import { describe, expect, it } from 'vitest';
import { plainObjectsWith } from '../support/objects-in-memory.ts';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';

const SCHEDULER = new URL('../../packages/scheduler/package.json', import.meta.url);
const { SchemaEnv } = createRequire(SCHEDULER)('ajv/dist/compile/index.js') as {
  readonly SchemaEnv: new () => object;
};

/** What of a scheduler's memory grows with its life, if nobody lets go of it. Each is counted with its garbage collected. */
describe('a scheduler that runs for months keeps', () => {
  it('the versions in use, and what checks their params, not all that ever were', async () => {
    const versions = 60;
    const version = (number: number): SerializedDag =>
      serializedDag(
        'etl',
        { load: {} },
        {
          description: `edit ${number}`,
          timetable: { type: 'cron', expression: '0 3 1 1 *', timezone: 'UTC' },
          paramsSchema: { type: 'object', properties: { day: { type: 'string' } } },
        },
      );
    await using tsflow = await SchedulerHarness.start('sqlite', [version(0)], () => ({
      kind: 'success',
      xcoms: {},
    }));
    const first = await tsflow.trigger('etl');
    await tsflow.runIs('etl', first, 'success');
    const before = { timetables: inMemory(CronTriggerTimetable), schemas: inMemory(SchemaEnv) };
    for (let number = 1; number <= versions; number++) {
      await tsflow.record(version(number));
      const runId = await tsflow.trigger('etl', { day: String(number) });
      await tsflow.runIs('etl', runId, 'success');
    }
    const kept = inMemory(CronTriggerTimetable) - before.timetables;
    const schemas = inMemory(SchemaEnv) - before.schemas;
    console.info(`after ${versions} versions: ${kept} more in memory, ${schemas} more schemas`);
    expect(kept).toBeLessThan(15);
    expect(schemas).toBeLessThan(15);
    // What was let go is read again when somebody asks for it.
    await tsflow.ask('etl', { kind: 'clear', payload: { runId: first, sameVersion: true } });
    await until('it ran again', async () => (await tsflow.tasks('etl', first)).load!.tryNumber === 2);
    await tsflow.runIs('etl', first, 'success');
  });

  it('the backfills that are under way', async () => {
    const backfills = 30;
    const dag = serializedDag(
      'etl',
      { load: {} },
      { timetable: { type: 'cron', expression: '0 3 * * *', timezone: 'UTC' } },
    );
    await using tsflow = await SchedulerHarness.start('sqlite', [dag], () => ({
      kind: 'success',
      xcoms: {},
    }));
    const inMemoryNow = () => plainObjectsWith('cursor', 'inFlight', 'options');
    const before = await inMemoryNow();
    for (let number = 0; number < backfills; number++) {
      const day = new Date(Date.UTC(2026, 0, 1 + number)).toISOString();
      const end = new Date(Date.UTC(2026, 0, 2 + number) - 1).toISOString();
      const { backfillKey } = await tsflow.ask('etl', {
        kind: 'backfill',
        payload: { start: day, end, reprocess: 'none', reverse: false, maxActiveRuns: 2, conf: {} },
      });
      await until(`backfill ${backfillKey} is over`, async () => {
        const row = await tsflow.store.db
          .selectFrom('backfill')
          .select(['state', 'succeeded'])
          .where('key', '=', backfillKey as number)
          .executeTakeFirstOrThrow();
        return row.state === 'success' && row.succeeded === 1;
      });
    }
    const kept = (await inMemoryNow()) - before;
    console.info(`after ${backfills} backfills: ${kept} in memory`);
    expect(kept).toBeLessThan(5);
  });

  it('nothing of what it could not carry out, once it said so', async () => {
    const broken = 12;
    await using tsflow = await SchedulerHarness.start('sqlite', [serializedDag('etl', { load: {} })], () => ({
      kind: 'success',
      xcoms: {},
    }));
    const before = inMemory(TsflowError);
    for (let number = 0; number < broken; number++) {
      const id = await tsflow.store.intents.submit({
        dagId: 'etl',
        kind: 'trigger',
        // No JSON: what carries it out fails for a reason that is no refusal.
        payload: '{',
        actor: 'ann',
        requestedAt: Date.now(),
        idempotencyKey: null,
      });
      tsflow.scheduler.ping('intents');
      const row = await until(`intent ${id} is decided`, async () => {
        const intent = await tsflow.store.intents.get(id);
        return intent?.state === 'pending' ? null : intent;
      });
      expect(row.result).toContain('failed to carry it out');
    }
    expect(tsflow.problems.splice(0)).toHaveLength(broken);
    const kept = inMemory(TsflowError) - before;
    console.info(`after ${broken} broken intents: ${kept} errors in memory`);
    expect(kept).toBeLessThan(3);
  });
});

/** Collects garbage first. */
const inMemory = (of: new (...args: never[]) => object): number => queryObjects(of, { format: 'count' });
