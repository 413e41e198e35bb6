import { DAG, Sensor, type TaskContext, task } from '@tsflow/core';
import { fakeHttp, inTurn, runDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

interface ExportFields {
  readonly day: string;
}

/** Waits until the shop has exported a day, and hands on how many rows that are. */
class ExportDone extends Sensor<number, ExportFields> {
  static override readonly fields = { ...Sensor.fields, day: 'template' } as const;
  protected override readonly defaultMode = 'defer';

  async poke({ signal, log }: TaskContext, { day }: ExportFields): Promise<number | null> {
    const answer = await fetch(`https://shop.example.com/exports/${day}`, { signal });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`The shop answered ${answer.status}.`);
    const { rows } = (await answer.json()) as { rows: number };
    log.info(`${rows} rows of ${day}`);
    return rows;
  }
}

const shop = new DAG({ dagId: 'shop' }, () => {
  const exported = new ExportDone({
    taskId: 'exported',
    day: '{{ ds }}',
    pokeInterval: '10m',
    timeout: '6h',
    retries: 3,
    retryDelay: '1m',
  });
  task('read', (_context, { rows }) => `${rows} rows`, { rows: exported.output });
});

test('looks until it is there; what it found is typed', async () => {
  const http = fakeHttp({ 'GET /exports/:day': inTurn(404, 404, 500, 404, { rows: 7 }) });
  const run = await runDag(shop, { http, logicalDate: '2026-03-01' });
  expect(run.assertSucceeded().output('read')).toBe('7 rows');
  expect(http.requests.map(({ url }) => new URL(url).pathname).at(-1)).toBe('/exports/2026-03-01');
});

test('gives up after six hours, whatever it has tried', async () => {
  const run = await runDag(shop, { http: fakeHttp({ 'GET /exports/:day': 404 }) });
  run.assertFailed().assertStates({ exported: 'failed', read: 'upstream_failed' });
  expect(run.tries.exported).toBe(1);
});
