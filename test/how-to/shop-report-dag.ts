import { BashOperator, chain, DAG, EmailOperator, HttpOperator, SqlOperator } from '@tsflow/core';

interface Rates {
  readonly EUR: number;
}

export default new DAG(
  { dagId: 'shop_report', schedule: '0 6 * * *', defaultArgs: { retries: 2, retryDelay: '5m' } },
  () => {
    const rates = new HttpOperator<Rates>({ taskId: 'rates', url: 'https://rates.example.com/{{ ds }}' });
    const total = new SqlOperator({
      taskId: 'total',
      connectionId: 'warehouse',
      sql: 'select sum(amount) as total from orders where day = $1',
      parameters: ['{{ ds }}'],
    });
    const upload = new BashOperator({
      taskId: 'upload',
      command: 'echo "$TOTAL" | gsutil cp - "gs://reports/$DAY"',
      env: {
        DAY: '{{ ds }}',
        TOTAL: async ({ xcom }) => String((await xcom.pull(total.output)).rows[0]?.total),
      },
    });
    const send = new EmailOperator({
      taskId: 'send',
      to: 'ann@example.com',
      subject: 'Report of {{ ds }}',
      text: 'Done.',
    });
    chain([rates, total], upload);
    upload.before(send);
  },
);
