import { chain, DAG, DeltaSensor, FileSensor, SqlSensor, TimeSensor, task, WaitUntil } from '@tsflow/core';
import { EXAMPLES_DB, example } from '../shared/example.ts';
import { exampleFile } from '../shared/examples-home.ts';

// Each of these waits costs no slot; the first three not even a process. What comes late passes them at once.

export default new DAG(
  {
    ...example,
    dagId: 'file_of_the_day',
    description: 'Waits for a time, a moment, a file with the date of Tokyo in its name, and rows',
    schedule: '0 0 * * *',
    timezone: 'Asia/Tokyo',
    tags: ['example', 'waiting'],
  },
  () => {
    const produce = task('produce', async ({ ds }) => {
      const { writeFile } = await import('node:fs/promises');
      await writeFile(exampleFile(`${ds}.csv`), 'day,amount\n');
    });
    const waits = [
      new TimeSensor({ taskId: 'until_one', time: '01:00' }),
      new DeltaSensor({ taskId: 'a_minute_later', delta: '1m' }),
      new WaitUntil({ taskId: 'new_year', until: '2026-01-01T00:00' }),
      new FileSensor({
        taskId: 'arrived',
        path: ({ ds }) => exampleFile(`${ds}.csv`),
        pokeInterval: '5s',
        timeout: '6h',
        onTimeout: 'skip',
      }),
      new SqlSensor({
        taskId: 'database_is_up',
        connectionId: EXAMPLES_DB,
        sql: 'select 1',
        pokeInterval: '30s',
        exponentialBackoff: true,
      }),
    ];
    const load = task('load', ({ ds }) => `loaded ${ds}`);
    chain(waits, load);
    produce.before(waits[3]!);
    return { load };
  },
);
