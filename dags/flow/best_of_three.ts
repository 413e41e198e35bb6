import { branch, chain, DAG, expand, task } from '@tsflow/core';
import { example } from '../shared/example.ts';
import { dataset } from '../shared/examples-home.ts';

// Three algorithms forecast what is known already, the best one is taken, and the others are skipped.

const METHODS = ['last', 'mean', 'trend'] as const;
type Method = (typeof METHODS)[number];

const forecast: Readonly<Record<Method, (past: readonly number[]) => number>> = {
  last: (past) => past.at(-1)!,
  mean: (past) => past.reduce((sum, value) => sum + value, 0) / past.length,
  trend: (past) => past.at(-1)! + (past.at(-1)! - past.at(-13)!),
};

export default new DAG(
  {
    ...example,
    dagId: 'best_of_three',
    description: 'Tries three forecasts of CO2 and publishes with the one that was closest',
    tags: ['example', 'flow', 'mapping'],
  },
  () => {
    const tried = task(
      'try',
      async (_context, { method }) => {
        const past = await readCo2();
        const known = past.at(-1)!;
        return { method, error: Math.abs(forecast[method](past.slice(0, -12)) - known) };
      },
      { method: expand(METHODS) },
    );
    const publish = Object.fromEntries(
      METHODS.map((method) => [method, task(`publish_${method}`, () => method)]),
    ) as Record<Method, ReturnType<typeof task<Method>>>;
    branch(
      'best',
      (_context, { results }) => results.reduce((a, b) => (a.error <= b.error ? a : b)).method,
      publish,
      { results: tried.output },
    );
    const told = task(
      'tell',
      ({ log }) => log.info('published'),
      {},
      { triggerRule: 'none_failed_min_one_success' },
    );
    chain(Object.values(publish), told);
  },
);

/** Monthly means of Mauna Loa in ppm (NOAA, public domain; co2-concentration.csv of vega-datasets). */
async function readCo2(): Promise<number[]> {
  const { readFile } = await import('node:fs/promises');
  const [, ...lines] = (await readFile(dataset('co2-concentration.csv'), 'utf8')).trim().split('\n');
  return lines.map((line) => Number(line.split(',')[1]));
}
