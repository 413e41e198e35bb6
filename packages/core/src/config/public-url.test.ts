import { describe, expect, it } from 'vitest';
import { publicUrl, runUrl } from './public-url.ts';

const listening = { publicUrl: '', host: '127.0.0.1', port: 8080, basePath: '/' };

describe('publicUrl', () => {
  it.each([
    [listening, 'http://127.0.0.1:8080'],
    [{ ...listening, host: '0.0.0.0', basePath: '/tsflow' }, 'http://localhost:8080/tsflow'],
    [{ ...listening, host: '::1' }, 'http://[::1]:8080'],
    [{ ...listening, publicUrl: 'https://flows.example/tsflow/' }, 'https://flows.example/tsflow'],
  ])('%j', (address, url) => {
    expect(publicUrl(address)).toBe(url);
  });
});

describe('runUrl', () => {
  const page = {
    dagId: 'etl',
    runId: 'manual__2026-01-01T00:00:00Z',
    taskId: null,
    mapPath: '',
    attemptId: null,
  };

  it.each([
    [page, '/dags/etl/runs/manual__2026-01-01T00%3A00%3A00Z'],
    [
      { ...page, taskId: 'g.load', mapPath: '3', attemptId: 7 },
      '/dags/etl/runs/manual__2026-01-01T00%3A00%3A00Z?task=g.load&map=3&attempt=7&tab=log',
    ],
  ])('%j', (of, path) => {
    expect(runUrl(listening, of)).toBe(`http://127.0.0.1:8080${path}`);
  });
});
