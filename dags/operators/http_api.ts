import { DAG, HttpOperator, HttpSensor, SlackOperator, task } from '@tsflow/core';
import { EXAMPLES_API, EXAMPLES_SLACK, example } from '../shared/example.ts';
import { startServices } from '../shared/example-services.ts';

// Waits for an API, asks it, and hands on what it said: no line of client code, transient failures are tried again.

interface Day {
  readonly day: string;
  readonly rates: Readonly<Record<'EUR' | 'JPY' | 'USD', number>>;
}

export default new DAG(
  {
    ...example,
    dagId: 'http_api',
    description: 'Asks an HTTP API for the rates of the day and tells a channel',
    schedule: '0 6 * * *',
    tags: ['example', 'operators'],
    defaultArgs: { retries: 3, retryDelay: '10s', retryExponentialBackoff: true },
  },
  () => {
    const services = startServices();
    const ready = new HttpSensor({
      taskId: 'ready',
      url: async ({ connections }) => {
        const { host, port } = await connections.get(EXAMPLES_API);
        return `http://${host}:${port}/health`;
      },
      pokeInterval: '5s',
      timeout: '10m',
    });
    const rates = new HttpOperator<Day>({
      taskId: 'rates',
      connectionId: EXAMPLES_API,
      path: '/rates/{{ ds }}',
    });
    const yen = task('yen', (_context, { answer }) => `1 EUR = ${answer.rates.JPY} JPY`, {
      answer: rates.output,
    });
    // The password of the connection is the address of the webhook.
    const tell = new SlackOperator({ taskId: 'tell', connectionId: EXAMPLES_SLACK, text: yen.output });
    services.before(ready);
    ready.before(rates);
    return { rates, yen, tell };
  },
);
