import { Asset, AssetSensor, all, DAG, expand, task } from '@tsflow/core';
import { example } from '../shared/example.ts';

// Runs when data is there, not when the clock says so: the report of a day begins when both tables of that day have come.

const orders = new Asset('examples/orders', { description: 'Orders by day', freshness: '1d' });
const prices = new Asset('examples/prices', { description: 'Prices by day' });
const tags = ['example', 'assets'];

export const producer = new DAG(
  { ...example, dagId: 'write_orders_and_prices', description: 'Updates two assets, each for one day', tags },
  () => {
    for (const asset of [orders, prices]) {
      task(
        `write_${asset.name.split('/')[1]}`,
        ({ assets, ds }) => assets.emit(asset, { partition: ds, extra: { rows: 3 } }),
        {},
        { outlets: [asset] },
      );
    }
  },
);

export default new DAG(
  {
    ...example,
    dagId: 'report_of_orders',
    description: 'One run for each day of which both orders and prices are there',
    schedule: all(orders, prices),
    tags,
  },
  () => {
    const seen = task('seen', async ({ assets, partition }) => {
      const events = await assets.triggeredBy();
      return events.map((event) => `${event.asset} of ${partition}: ${event.extra.rows} rows`).sort();
    });
    task('line', ({ log }, { line }) => log.info(line), { line: expand(seen.output) });
    return { seen };
  },
);

export const waiting = new DAG(
  { ...example, dagId: 'wait_for_orders', description: 'Waits for an asset in the middle of a run', tags },
  () => {
    const arrived = new AssetSensor({
      taskId: 'arrived',
      asset: orders,
      partition: '{{ ds }}',
      timeout: '6h',
    });
    arrived.before(task('go_on', ({ ds }) => `orders of ${ds}`));
  },
);
