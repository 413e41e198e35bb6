import { branch, chain, DAG, task } from '@tsflow/core';
import { z } from 'zod';
import { example } from '../shared/example.ts';

// Two modes, chosen by a param: what Digdag's `if>` with `_else_do` does.

export default new DAG(
  {
    ...example,
    dagId: 'all_or_incremental',
    description: 'Loads everything, or the day alone',
    params: z.object({ mode: z.enum(['all', 'incremental']).default('incremental') }),
    tags: ['example', 'flow'],
  },
  ({ params }) => {
    const all = task('load_all', () => 'everything');
    const day = task('load_day', ({ ds }) => `the day ${ds}`);
    branch('mode', (_context, { mode }) => mode, { all, incremental: day }, { mode: params.mode });
    const publish = task(
      'publish',
      (_context, inputs) => `published ${inputs.all ?? inputs.day}`,
      { all: all.output, day: day.output },
      // One of the two is always skipped.
      { triggerRule: 'none_failed_min_one_success' },
    );
    chain([all, day], publish);
    return { publish };
  },
);
