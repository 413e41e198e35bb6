import { BashOperator, chain, DAG, task, Variable } from '@tsflow/core';

interface Order {
  readonly customer: string;
  readonly amount: number;
}

const limit = Variable.number('orders_limit', { default: 1_000 });

export default new DAG(
  { dagId: 'orders', schedule: '0 3 * * *', defaultArgs: { retries: 2, retryDelay: '30m' } },
  () => {
    const extract = task('extract', async ({ connections, variables, log }): Promise<Order[]> => {
      const shop = await connections.get('shop');
      const all = [
        { customer: 'a', amount: 1 },
        { customer: 'b', amount: 2 },
      ];
      const newest = all.slice(0, await variables.get(limit));
      log.info(`${newest.length} of ${all.length} orders from ${shop.host}`);
      return newest;
    });
    const totals = task(
      'totals',
      (_context, { orders }) => {
        const sums: Record<string, number> = {};
        for (const { customer, amount } of orders) sums[customer] = (sums[customer] ?? 0) + amount;
        return sums;
      },
      { orders: extract.output },
    );
    const publish = new BashOperator({
      taskId: 'publish',
      command: 'echo "published $DAY"',
      env: { DAY: ({ ds }) => ds },
    });
    chain(totals, publish);
    // What the body returns is `dag.exports`: tests speak of these tasks with their types.
    return { extract, totals };
  },
);
