import type { Config } from './config.ts';

type Address = Pick<Config, 'publicUrl' | 'host' | 'port' | 'basePath'>;

/** Where people reach the web UI, without a slash at its end: `publicUrl`, else what this machine listens on. */
export function publicUrl({ publicUrl, host, port, basePath }: Address): string {
  if (publicUrl !== '') return publicUrl.replace(/\/+$/, '');
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}${basePath === '/' ? '' : basePath}`;
}

/** The page of a run, or of one task in it with the log of an attempt. */
export function runUrl(
  address: Address,
  page: {
    readonly dagId: string;
    readonly runId: string;
    readonly taskId: string | null;
    readonly mapPath: string;
    readonly attemptId: number | null;
  },
): string {
  const { dagId, runId, taskId, mapPath, attemptId } = page;
  const run = `${publicUrl(address)}/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}`;
  if (taskId === null) return run;
  const search = new URLSearchParams({ task: taskId });
  if (mapPath !== '') search.set('map', mapPath);
  if (attemptId !== null) search.set('attempt', String(attemptId));
  search.set('tab', 'log');
  return `${run}?${search}`;
}
