import { chain, DAG, expandGroup, group, task } from '@tsflow/core';
import { z } from 'zod';
import { example } from '../shared/example.ts';

// A cluster that is set up for the work and goes whatever becomes of it; nested groups, one of them for each region.

export default new DAG(
  {
    ...example,
    dagId: 'cluster_for_an_hour',
    description: 'Setup and teardown around groups that are mapped over a param',
    params: z.object({ regions: z.array(z.string()).default(['tokyo', 'osaka', 'nagoya']) }),
    tags: ['example', 'flow', 'mapping'],
  },
  ({ params }) => {
    const create = task('create', ({ runId }) => `cluster of ${runId}`);
    const work = group('work', () => {
      const each = expandGroup(
        'region',
        { region: params.regions },
        ({ region }) => {
          const read = task('read', (_context, inputs) => inputs.region.length, { region });
          return task('write', (_context, inputs) => `${inputs.region}: ${inputs.rows} rows`, {
            region,
            rows: read.output,
          });
        },
        // A window over all regions: the next begins when one has ended.
        { maxActiveTasks: 2 },
      );
      return task('merge', (_context, { lines }) => lines.join(', '), { lines: each.exports.output });
    });
    const drop = task('drop', ({ log }, { cluster }) => log.info(`${cluster} is gone`), {
      cluster: create.output,
    });
    chain(create, work, drop);
    drop.asTeardown({ setups: create });
    return { merged: work.exports };
  },
);
