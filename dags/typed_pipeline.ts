import { DAG, task } from '@tsflow/core';
import { z } from 'zod';

// TypeScript from end to end: outputs, inputs and params are typed, so wrong wiring does not compile.

interface Order {
  readonly id: number;
  readonly customer: string;
  readonly amount: number;
}

export default new DAG(
  {
    dagId: 'typed_pipeline',
    description: 'Orders to totals per customer, every edge typed',
    params: z.object({
      orders: z.number().int().min(1).max(10_000).default(100),
      currency: z.enum(['EUR', 'JPY']).default('EUR'),
    }),
    pausedUponCreation: true,
    tags: ['example', 'typescript'],
    owner: 'examples',
  },
  ({ task: typedTask, params }) => {
    const orders = typedTask('orders', (context): Order[] =>
      Array.from({ length: context.params.orders }, (_, id) => ({
        id,
        customer: `customer-${id % 7}`,
        amount: (id * 37) % 100,
      })),
    );
    const totals = task(
      'totals',
      (_context, { list }) => {
        const sums: Record<string, number> = {};
        for (const { customer, amount } of list) sums[customer] = (sums[customer] ?? 0) + amount;
        return sums;
      },
      { list: orders.output },
    );
    task(
      'report',
      ({ log }, { sums, currency }) => {
        for (const [customer, amount] of Object.entries(sums)) log.info(`${customer}: ${amount} ${currency}`);
        return Object.values(sums).reduce((sum, amount) => sum + amount, 0);
      },
      { sums: totals.output, currency: params.currency },
    );
  },
);
