import { DAG, expand, task, Variable } from '@tsflow/core';
import { example } from '../shared/example.ts';

// Limits that change while it runs. Try: tsflow variables set live_limits_parallelism 1, and watch the Gantt; it drains and kills nothing.

export default new DAG(
  {
    ...example,
    dagId: 'live_limits',
    description: 'Forty short tasks under a Variable, a daily plan and a key that other DAGs may share',
    maxActiveTasks: Variable.number('live_limits_parallelism', { default: 8 }),
    // One run by day, two at night.
    maxActiveRuns: { default: 1, windows: [{ cron: '0 22 * * *', for: '8h', value: 2 }] },
    tags: ['example', 'limits'],
  },
  () => {
    const work = task(
      'work',
      async ({ sleep }, { n }) => {
        await sleep('200ms');
        return n;
      },
      { n: expand(Array.from({ length: 40 }, (_, n) => n)) },
    );
    const publish = task(
      'publish',
      (_context, { all }) => all.length,
      { all: work.output },
      {
        // Whatever else writes there gives the same key, and takes its turn.
        concurrencyKey: 'examples-warehouse',
        priorityWeight: 10,
      },
    );
    return { publish };
  },
);
