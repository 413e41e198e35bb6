import { DuckDBInstance } from '@duckdb/node-api';
import { chain, DAG, group, task, Variable } from '@tsflow/core';
import { z } from 'zod';
import { dataset, exampleFile } from './shared/examples-home.ts';

// Three million flights of the US in 2001 (US Bureau of Transportation Statistics, public domain), as packaged in vega-datasets
// (BSD-3-Clause): date, delay in minutes, distance in miles, origin, destination. DuckDB reads the Parquet file in place.

/** The busiest airports of the data. */
const BUSY_ORIGINS = ['ORD', 'DFW', 'ATL', 'LAX', 'PHX', 'STL', 'DTW', 'MSP'] as const;

export default new DAG(
  {
    dagId: 'flights',
    description: 'Delays, destinations and busiest days of busy airports, out of three million flights',
    params: z.object({
      minimumDelay: z
        .number()
        .int()
        .min(0)
        .default(15)
        .describe('Minutes from which a flight counts as late'),
    }),
    // Try it: tsflow variables set flights_parallelism 1, while it runs.
    maxActiveTasks: Variable.number('flights_parallelism', { default: 4 }),
    pausedUponCreation: true,
    tags: ['example', 'duckdb'],
    owner: 'examples',
    defaultArgs: { retries: 1, retryDelay: '5s', executionTimeout: '2m' },
  },
  ({ task: typedTask }) => {
    const count = task('count_flights', () =>
      rows<{ flights: number }>('select count(*)::int as flights from flights'),
    );

    const origins = BUSY_ORIGINS.map((origin) =>
      group(origin, () => {
        const delays = typedTask('delays', ({ params }) =>
          rows<{ late: number; average: number }>(
            `select count(*) filter (delay >= ${params.minimumDelay})::int as late, avg(delay)::float as average
             from flights where origin = '${origin}'`,
          ),
        );
        const destinations = task('destinations', () =>
          rows<{ destination: string; flights: number }>(
            `select destination, count(*)::int as flights from flights where origin = '${origin}'
             group by all order by flights desc limit 5`,
          ),
        );
        const busiest = task('busiest_day', () =>
          rows<{ day: string; flights: number }>(
            `select strftime(date, '%Y-%m-%d') as day, count(*)::int as flights from flights where origin = '${origin}'
             group by all order by flights desc limit 1`,
          ),
        );
        return task(
          'report',
          (_context, { late, to, day }) => ({
            origin,
            late: late[0]?.late,
            busiest: day[0]?.day,
            favourite: to[0]?.destination,
          }),
          { late: delays.output, to: destinations.output, day: busiest.output },
        );
      }),
    );

    const publish = task('publish', async ({ log }) => {
      const file = exampleFile('flights.parquet');
      await rows(
        `copy (select origin, count(*) as flights, avg(delay) as delay from flights group by all) to '${file}'`,
      );
      log.info(`The airports are in ${file}`);
    });

    chain(count, origins, publish);
  },
);

/** Rows of a query over the flights; a connection a query, as DuckDB opens in milliseconds. */
async function rows<Row>(sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(`create view flights as select * from '${dataset('flights-3m.parquet')}'`);
    const result = await connection.runAndReadAll(sql);
    return result.getRowObjectsJson() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
