import { DAG, expand, expandGroup, group, task, Variable } from '@tsflow/core';
import { limitOf, type WrittenLimit } from '@tsflow/core/config';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { DATABASES } from '../support/store.ts';

/** Every numeric limit may be a number, a Variable, or a daily plan, and follows it without a deploy; lowering drains and never kills. */

const success = { kind: 'success', xcoms: {} } as const;
const SIX = [1, 2, 3, 4, 5, 6];
/** Open at any time of any day: two inside of the window, nine outside of it. */
const plan = (value: number) => ({
  default: 9,
  windows: [{ cron: '0 0 * * *', for: '25h', value }],
  timezone: 'UTC',
});
const KINDS = ['a number', 'a Variable', 'a daily plan'] as const;
type Kind = (typeof KINDS)[number];
type Limit = ConstructorParameters<typeof DAG>[0]['maxActiveTasks'];

/** As a DAG file says it, and as people write it elsewhere. */
const inFile: Readonly<Record<Kind, Limit>> = {
  'a number': 2,
  'a Variable': Variable.number('live_limit', { default: 9 }),
  'a daily plan': plan(2),
};
const written: Readonly<Record<Kind, WrittenLimit>> = {
  'a number': 2,
  'a Variable': { variable: 'live_limit', default: 9 },
  'a daily plan': plan(2),
};

interface Row {
  readonly limit: string;
  /** Variable that it is read from. Default `live_limit`. */
  readonly variable?: string;
  dag(kind: Kind): DAG;
  /** Default: one run by hand. */
  start?(tsflow: SchedulerHarness, kind: Kind): Promise<unknown>;
}

const six = () => SIX.map((n) => task(`t${n}`, () => n));
const one = (options: Partial<ConstructorParameters<typeof DAG>[0]> = {}) =>
  new DAG({ dagId: 'etl', maxActiveRuns: 9, ...options }, () => void task('t', () => 1));
const triggerSix = async (tsflow: SchedulerHarness) => {
  for (const _ of SIX) await tsflow.trigger('etl');
};
const backfill = (maxActiveRuns: WrittenLimit) => ({
  kind: 'backfill' as const,
  payload: {
    start: '2026-01-01T00:00:00Z',
    end: '2026-01-06T00:00:00Z',
    reprocess: 'none' as const,
    reverse: false,
    maxActiveRuns: limitOf(maxActiveRuns, 'maxActiveRuns', 1),
    conf: {},
  },
});

const seen = (tsflow: SchedulerHarness) => tsflow.ask('etl', { kind: 'pause', payload: { isPaused: false } });

async function setPool(tsflow: SchedulerHarness, name: string, slots: WrittenLimit): Promise<void> {
  await tsflow.store.pools.set({ name, slots, actor: 'ann', at: Date.now() });
  tsflow.scheduler.ping('variables');
  await seen(tsflow);
}

const ROWS: readonly Row[] = [
  {
    limit: 'parallelism',
    variable: 'parallelism',
    dag: () => new DAG({ dagId: 'etl' }, six),
    start: async (tsflow, kind) => {
      await tsflow.setVariable('parallelism', kind === 'a daily plan' ? plan(2) : 2);
      await tsflow.trigger('etl');
    },
  },
  {
    limit: 'maxActiveRuns of a DAG',
    dag: (kind) => one({ maxActiveRuns: inFile[kind] }),
    start: triggerSix,
  },
  {
    limit: 'maxActiveTasks of a DAG',
    dag: (kind) => new DAG({ dagId: 'etl', maxActiveTasks: inFile[kind] }, six),
  },
  {
    limit: 'maxActiveTisPerDag of a task',
    dag: (kind) =>
      new DAG({ dagId: 'etl', maxActiveRuns: 9 }, () => {
        task('t', () => 1, {}, { maxActiveTisPerDag: inFile[kind] });
      }),
    start: triggerSix,
  },
  {
    limit: 'maxActiveTisPerDagrun of a mapped task',
    dag: (kind) =>
      new DAG({ dagId: 'etl' }, () => {
        task('t', () => 1, { n: expand(SIX) }, { maxActiveTisPerDagrun: inFile[kind] });
      }),
  },
  {
    limit: 'maxActiveTasks of a group',
    dag: (kind) => new DAG({ dagId: 'etl' }, () => void group('g', six, { maxActiveTasks: inFile[kind] })),
  },
  {
    limit: 'maxActiveTasks of a mapped group',
    dag: (kind) =>
      new DAG({ dagId: 'etl' }, () => {
        expandGroup('g', { n: SIX }, ({ n }) => void task('t', () => 1, { n }), {
          maxActiveTasks: inFile[kind],
        });
      }),
  },
  {
    limit: 'concurrencyKey of tasks',
    dag: (kind) =>
      new DAG({ dagId: 'etl' }, () => {
        for (const n of SIX)
          task(`t${n}`, () => n, {}, { concurrencyKey: { key: 'crm', limit: inFile[kind] } });
      }),
  },
  {
    limit: 'slots of a pool',
    dag: () => new DAG({ dagId: 'etl', defaultArgs: { pool: 'db' } }, six),
    start: async (tsflow, kind) => {
      await setPool(tsflow, 'db', written[kind]);
      await tsflow.trigger('etl');
    },
  },
  {
    limit: 'slots of default_pool',
    dag: () => new DAG({ dagId: 'etl' }, six),
    start: async (tsflow, kind) => {
      await setPool(tsflow, 'default_pool', written[kind]);
      await tsflow.trigger('etl');
    },
  },
  {
    limit: 'maxActiveRuns of a backfill',
    dag: () => one({ schedule: '0 0 * * *', maxActiveRuns: 1, startDate: '2100-01-01' }),
    start: (tsflow, kind) => tsflow.ask('etl', backfill(written[kind])),
  },
];

describe.each(DATABASES)('live limits on %s', (dialect) => {
  describe.each(ROWS)('$limit', ({ variable = 'live_limit', dag, start }) => {
    async function running(tsflow: SchedulerHarness, count: number): Promise<void> {
      // Whatever a change lets begin has begun by the turn that decides this.
      await seen(tsflow);
      await until(`${count} run`, async () => tsflow.executor.running.length === count);
      await seen(tsflow);
      expect(tsflow.executor.running).toHaveLength(count);
    }

    it.each(KINDS)('is %s', async (kind) => {
      const serialized: SerializedDag = serializeDag(dag(kind));
      await using tsflow = await SchedulerHarness.start(dialect, [serialized], () => null);
      if (kind === 'a Variable') await tsflow.setVariable(variable, 2);
      await (start ?? (() => tsflow.trigger('etl')))(tsflow, kind);
      await running(tsflow, 2);
      if (kind !== 'a Variable') return;
      await tsflow.setVariable(variable, 4);
      await running(tsflow, 4);
      // Lowered: what runs goes on, and nothing follows it.
      await tsflow.setVariable(variable, 3);
      await running(tsflow, 4);
      await seen(tsflow);
      tsflow.executor.finish(tsflow.executor.running[0]!, success);
      await running(tsflow, 3);
      // What is no number keeps the last good one and says so.
      await tsflow.setVariable(variable, 'many');
      await running(tsflow, 3);
      expect(tsflow.warnings.filter((text) => text.includes(`Variable ${variable}:`))).toHaveLength(1);
      // A Variable may hold a plan.
      await tsflow.setVariable(variable, plan(5));
      await running(tsflow, 5);
    });
  });
});
