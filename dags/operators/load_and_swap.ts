import { BashOperator, chain, DAG, expand, openSql, SqlCheckOperator, SqlOperator, task } from '@tsflow/core';
import { EXAMPLES_DB, example } from '../shared/example.ts';
import { dataset } from '../shared/examples-home.ts';

// Loads every quarter of an hour, in parallel, into a table that nobody reads, checks it, and swaps it in: readers see the old rows or
// the new ones, never half of them. A load that takes longer skips the ticks meanwhile and never overlaps itself.

const SYMBOLS = ['MSFT', 'AMZN', 'IBM', 'GOOG', 'AAPL'] as const;

export default new DAG(
  {
    ...example,
    dagId: 'load_and_swap',
    description: 'Loads stock prices in parallel into a new table and swaps it with the old one',
    schedule: '*/15 * * * *',
    maxActiveRuns: 1,
    onOverlap: 'skip',
    tags: ['example', 'operators', 'mapping'],
    defaultArgs: { retries: 1, retryDelay: '10s', executionTimeout: '5m' },
  },
  () => {
    const sql = (taskId: string, text: string) =>
      new SqlOperator({ taskId, connectionId: EXAMPLES_DB, sql: text });
    const prepare = sql(
      'prepare',
      `create table if not exists prices (symbol text, month text, price real);
       drop table if exists prices_new; create table prices_new (symbol text, month text, price real)`,
    );
    const load = task(
      'load',
      async ({ connections }, { symbol }) => {
        const lines = await readLines(symbol);
        const client = await openSql(await connections.get(EXAMPLES_DB));
        try {
          // One statement for all rows, which replaces those of an earlier try.
          await client.run('delete from prices_new where symbol = $1', [symbol]);
          await client.run(
            `insert into prices_new select value ->> 0, value ->> 1, value ->> 2 from json_each($1)`,
            [JSON.stringify(lines)],
          );
          return lines.length;
        } finally {
          await client.close();
        }
      },
      { symbol: expand(SYMBOLS) },
      { maxActiveTisPerDagrun: 3 },
    );
    const check = new SqlCheckOperator({
      taskId: 'check',
      connectionId: EXAMPLES_DB,
      sql: 'select count(distinct symbol) as symbols, min(price) as cheapest from prices_new',
      expect: ({ symbols, cheapest }) => symbols === SYMBOLS.length && Number(cheapest) > 0,
    });
    const swap = new SqlOperator({
      taskId: 'swap',
      connectionId: EXAMPLES_DB,
      // Several statements are one transaction.
      sql: 'drop table prices; alter table prices_new rename to prices',
      exactlyOnce: true,
    });
    const report = new BashOperator({
      taskId: 'report',
      command: 'echo "swapped in at $AT"',
      env: { AT: '{{ ts }}' },
    });
    chain(prepare, load, check, swap, report);
  },
);

/** Symbol, month and price of the rows of one symbol (stocks.csv of vega-datasets, BSD-3-Clause). */
async function readLines(symbol: string): Promise<readonly (readonly [string, string, number])[]> {
  const { readFile } = await import('node:fs/promises');
  const lines = (await readFile(dataset('stocks.csv'), 'utf8')).trim().split('\n');
  return lines
    .map((line) => line.split(','))
    .filter(([name]) => name === symbol)
    .map(([name = '', month = '', price]) => [name, month, Number(price)] as const);
}
