import { BashOperator, chain, DAG, EmptyOperator, task } from '@tsflow/core';
import { z } from 'zod';
import { example } from '../shared/example.ts';
import { dataset } from '../shared/examples-home.ts';

// Scripts of any language are tasks: values go in by the environment, the last line comes out, exit code 99 skips.

interface Summary {
  readonly rows: number;
  readonly columns: number;
}

export default new DAG(
  {
    ...example,
    dagId: 'shell_and_scripts',
    description: 'Bash, a script beside the DAG file and Python, with params in the environment',
    params: z.object({ columns: z.number().int().min(1).max(10).default(3) }),
    tags: ['example', 'operators'],
    defaultArgs: { executionTimeout: '1m' },
  },
  () => {
    const env = { FILE: dataset('co2-concentration.csv') };
    const columns = new BashOperator({ taskId: 'columns', commandFile: './scripts/columns.sh', env });
    const summary = new BashOperator({
      taskId: 'summary',
      command: 'command -v python3 > /dev/null || exit 99; python3 ./scripts/summary.py',
      env,
      outputProcessor: (line): Summary => JSON.parse(line),
    });
    const report = task(
      'report',
      ({ log }, { rows }) => log.info(`${rows.rows} rows, ${rows.columns} columns`),
      {
        rows: summary.output,
      },
    );
    // Runs also when there is no Python here and the report was skipped.
    chain([columns, report], new EmptyOperator({ taskId: 'done', triggerRule: 'none_failed' }));
  },
);
