import { chain, DAG, LatestOnlyOperator, shortCircuit, task } from '@tsflow/core';
import { z } from 'zod';
import { example } from '../shared/example.ts';

// Ends early when there is nothing to do, and leaves out of a backfill what makes sense for today alone.

export default new DAG(
  {
    ...example,
    dagId: 'only_when_new',
    description: 'Skips what follows when nothing is new, and the mail when the run is an old one',
    schedule: '@daily',
    catchup: true,
    params: z.object({ rows: z.number().int().min(0).default(3) }),
    tags: ['example', 'flow'],
  },
  ({ task: typed }) => {
    const extract = typed('extract', ({ params }) =>
      Array.from({ length: params.rows }, (_, id) => ({ id })),
    );
    const anyRows = shortCircuit('any_rows', (_context, { rows }) => rows.length > 0, {
      rows: extract.output,
    });
    const load = task('load', (_context, { rows }) => rows.length, { rows: extract.output });
    const mail = task('mail', ({ log, ds }) => log.info(`New rows on ${ds}`));
    chain(anyRows, load, new LatestOnlyOperator({ taskId: 'today_only' }), mail);
  },
);
