import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpSensor } from '@tsflow/core';
import { describe, expect, it } from 'vitest';
import { sensorContext } from '../support/sensor-context.ts';

/** What one look of an HttpSensor says: there (with its value), not yet (null), or an error. */

describe('HttpSensor', () => {
  it.each<[number, unknown]>([
    [200, true],
    [204, true],
    [404, null],
    [500, null],
    [503, null],
    [401, 'error'],
    [301, 'error'],
  ])('reads status %i as %s', async (status, expected) => {
    const server = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const look = new HttpSensor({ taskId: 'http', url }).poke(sensorContext(), { url });
    if (expected === 'error') await expect(look).rejects.toThrow(`status ${status}`);
    else expect(await look).toBe(expected);
    server.close();
  });

  it('waits for a server that is not there, and lets the author judge a response', async () => {
    const gone = 'http://127.0.0.1:1/';
    expect(
      await new HttpSensor({ taskId: 'http', url: gone }).poke(sensorContext(), { url: gone }),
    ).toBeNull();
    const server = createServer((_request, response) => response.end('{"rows":3}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const responseCheck = async (response: Response) => ((await response.json()) as { rows: number }).rows;
    const sensor = new HttpSensor<number>({ taskId: 'http', url, responseCheck });
    expect(await sensor.poke(sensorContext(), { url, responseCheck })).toBe(3);
    server.close();
  });
});
