import { DAG, forEach, loop, task } from '@tsflow/core';
import { z } from 'zod';
import { example } from '../shared/example.ts';

// What Digdag's `loop>` and `for_each>` do, and what they cannot: go round until something holds.

const ROWS_A_PAGE = 3;

export default new DAG(
  {
    ...example,
    dagId: 'pages_until_the_last',
    description: 'Reads pages until one is not full, then loads days one after the other',
    params: z.object({ rows: z.number().int().default(7) }),
    tags: ['example', 'flow'],
  },
  ({ params }) => {
    const pages = loop(
      'pages',
      ({ index }) =>
        task(
          'read',
          (_context, { page, rows }) => ({
            page,
            rows: Math.max(0, Math.min(ROWS_A_PAGE, rows - page * ROWS_A_PAGE)),
          }),
          { page: index, rows: params.rows },
        ),
      { until: ({ rows }) => rows < ROWS_A_PAGE, max: 10 },
    );
    // Behind a loop that goes on until something holds stands what its last iteration returned.
    const summary = task('summary', (_context, { last }) => `${last.page + 1} pages`, {
      last: pages.exports.output,
    });
    const days = forEach('days', ['mon', 'tue', 'wed'], ({ item }) =>
      task('load', (_context, { day }) => `loaded ${day}`, { day: item }),
    );
    summary.before(days);
    // Behind one that goes through a list stands the list of what all of them returned.
    const report = task('report', (_context, { loaded }) => loaded.join(', '), {
      loaded: days.exports.output,
    });
    return { summary, report };
  },
);
