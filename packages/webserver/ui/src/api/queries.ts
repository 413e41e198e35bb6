import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { LogKey } from '../log/log-rows.ts';
import type { Level } from '../log/log-text.ts';
import { answer, client } from './client.ts';
import type { Callback, Pool, Role } from './contract.ts';
import type {
  BackfillFilter,
  CallbackFilter,
  DagFilter,
  DeadlineReportFilter,
  MissedDeadlineFilter,
  RunFilter,
} from './filters.ts';

/** Who is signed in. */
interface Signed {
  readonly name: string;
  readonly role: Role;
}

/**
 * Every question that a page asks of the server, with the key under which its answer is cached. Live changes find their
 * cache entries by the same keys (`live/changes.ts`).
 */
export const queries = {
  me: () =>
    queryOptions({
      queryKey: ['me'],
      queryFn: async (): Promise<Signed> => {
        const { user } = await answer(client.GET('/auth/me'));
        return user;
      },
      retry: false,
      staleTime: 300_000,
    }),
  info: () =>
    queryOptions({ queryKey: ['info'], queryFn: () => answer(client.GET('/info')), refetchInterval: 5_000 }),
  dags: (filter: DagFilter) =>
    queryOptions({
      queryKey: ['dags', filter],
      queryFn: () => answer(client.GET('/dags', { params: { query: filter } })),
      placeholderData: keepPreviousData,
    }),
  dag: (dagId: string) =>
    queryOptions({
      queryKey: ['dag', dagId],
      queryFn: () => answer(client.GET('/dags/{dagId}', { params: { path: { dagId } } })),
    }),
  nextRuns: (dagId: string, count: number) =>
    queryOptions({
      queryKey: ['nextRuns', dagId, count],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/next', { params: { path: { dagId }, query: { n: count } } })),
      placeholderData: keepPreviousData,
    }),
  versions: (dagId: string) =>
    queryOptions({
      queryKey: ['versions', dagId],
      queryFn: () => answer(client.GET('/dags/{dagId}/versions', { params: { path: { dagId } } })),
    }),
  version: (dagId: string, version: string) =>
    queryOptions({
      queryKey: ['version', dagId, version],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/versions/{version}', { params: { path: { dagId, version } } })),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  grid: (dagId: string, limit: number) =>
    queryOptions({
      queryKey: ['grid', dagId, limit],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/grid', { params: { path: { dagId }, query: { limit } } })),
      placeholderData: keepPreviousData,
    }),
  runs: (filter: RunFilter) =>
    queryOptions({
      queryKey: ['runs', filter],
      queryFn: () => answer(client.GET('/runs', { params: { query: filter } })),
      placeholderData: keepPreviousData,
    }),
  run: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['run', dagId, runId],
      queryFn: () => answer(client.GET('/dags/{dagId}/runs/{runId}', { params: { path: { dagId, runId } } })),
    }),
  runTasks: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['runTasks', dagId, runId],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/runs/{runId}/tasks', { params: { path: { dagId, runId } } })),
    }),
  gantt: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['gantt', dagId, runId],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/runs/{runId}/gantt', { params: { path: { dagId, runId } } })),
    }),
  runWhy: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['runWhy', dagId, runId],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/runs/{runId}/why', { params: { path: { dagId, runId } } })),
    }),
  events: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['events', dagId, runId],
      queryFn: () =>
        answer(
          client.GET('/dags/{dagId}/runs/{runId}/events', {
            params: { path: { dagId, runId }, query: { limit: 500 } },
          }),
        ),
    }),
  task: (dagId: string, runId: string, taskId: string, mapPath: string) =>
    queryOptions({
      queryKey: ['task', dagId, runId, taskId, mapPath],
      queryFn: () =>
        answer(
          client.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}', {
            params: { path: { dagId, runId, taskId }, query: { mapPath } },
          }),
        ),
    }),
  why: (dagId: string, runId: string, taskId: string, mapPath: string) =>
    queryOptions({
      queryKey: ['why', dagId, runId, taskId, mapPath],
      queryFn: () =>
        answer(
          client.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/why', {
            params: { path: { dagId, runId, taskId }, query: { mapPath } },
          }),
        ),
    }),
  logHits: (key: LogKey, find: string, level: Level | undefined) =>
    queryOptions({
      queryKey: ['logHits', key, find, level ?? null],
      queryFn: ({ signal }) =>
        answer(
          client.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/log/search', {
            params: {
              path: { ...key, attemptId: Number(key.attemptId) },
              query: { find, ...(level === undefined ? {} : { level }) },
            },
            signal,
          }),
        ),
    }),
  xcom: (dagId: string, runId: string, taskId: string, attemptId: string) =>
    queryOptions({
      queryKey: ['xcom', dagId, runId, taskId, attemptId],
      queryFn: () =>
        answer(
          client.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/xcom', {
            params: { path: { dagId, runId, taskId, attemptId: Number(attemptId) } },
          }),
        ),
    }),
  backfills: (filter: BackfillFilter) =>
    queryOptions({
      queryKey: ['backfills', filter],
      queryFn: () => answer(client.GET('/backfills', { params: { query: filter } })),
      placeholderData: keepPreviousData,
    }),
  variables: () => queryOptions({ queryKey: ['variables'], queryFn: () => answer(client.GET('/variables')) }),
  variableHistory: (key: string) =>
    queryOptions({
      queryKey: ['variableHistory', key],
      queryFn: () => answer(client.GET('/variables/{key}/history', { params: { path: { key } } })),
    }),
  openDeadlines: (dagId: string | undefined) =>
    queryOptions({
      queryKey: ['openDeadlines', dagId ?? ''],
      queryFn: () =>
        answer(client.GET('/deadlines', { params: { query: dagId === undefined ? {} : { dagId } } })),
      placeholderData: keepPreviousData,
    }),
  missedDeadlines: (filter: MissedDeadlineFilter) =>
    queryOptions({
      queryKey: ['missedDeadlines', filter],
      queryFn: () => answer(client.GET('/deadlines/missed', { params: { query: filter } })),
      placeholderData: keepPreviousData,
    }),
  deadlineReport: (filter: DeadlineReportFilter) =>
    queryOptions({
      queryKey: ['deadlineReport', filter],
      queryFn: () => answer(client.GET('/deadlines/report', { params: { query: filter } })),
      placeholderData: keepPreviousData,
    }),
  runDeadlines: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['runDeadlines', dagId, runId],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/runs/{runId}/deadlines', { params: { path: { dagId, runId } } })),
    }),
  callbacks: (filter: CallbackFilter) =>
    queryOptions({
      queryKey: ['callbacks', filter],
      queryFn: () => answer(client.GET('/callbacks', { params: { query: filter } })),
      placeholderData: keepPreviousData,
      // How a callback ended is not among the live changes.
      refetchInterval: 5_000,
    }),
  runCallbacks: (dagId: string, runId: string) =>
    queryOptions({
      queryKey: ['runCallbacks', dagId, runId],
      queryFn: () =>
        answer(client.GET('/dags/{dagId}/runs/{runId}/callbacks', { params: { path: { dagId, runId } } })),
      refetchInterval: 5_000,
    }),
  callbackLog: ({ dagId, runId, callbackId }: Callback) =>
    queryOptions({
      queryKey: ['callbackLog', callbackId],
      queryFn: () =>
        answer(
          client.GET('/dags/{dagId}/runs/{runId}/callbacks/{callbackId}/log', {
            params: { path: { dagId, runId, callbackId: Number(callbackId) } },
          }),
        ),
    }),
  alerts: () =>
    queryOptions({
      queryKey: ['alerts'],
      queryFn: () => answer(client.GET('/alerts', { params: { query: { limit: 200 } } })),
      refetchInterval: 5_000,
    }),
  pools: () =>
    queryOptions({
      queryKey: ['pools'],
      queryFn: () => answer(client.GET('/pools')),
      // What a daily plan changes is not among the live changes.
      refetchInterval: ({ state: { data } }) => msToNext(data?.items ?? []),
    }),
  poolTasks: (name: string) =>
    queryOptions({
      queryKey: ['poolTasks', name],
      queryFn: () => answer(client.GET('/pools/{name}/tasks', { params: { path: { name } } })),
    }),
  connections: () =>
    queryOptions({ queryKey: ['connections'], queryFn: () => answer(client.GET('/connections')) }),
  assets: () =>
    queryOptions({
      queryKey: ['assets'],
      queryFn: () => answer(client.GET('/assets')),
      // Events of assets are not among the live changes.
      refetchInterval: 5_000,
    }),
  asset: (name: string) =>
    queryOptions({
      queryKey: ['asset', name],
      queryFn: () =>
        answer(client.GET('/assets/{name}', { params: { path: { name }, query: { limit: 100 } } })),
      refetchInterval: 5_000,
    }),
  importErrors: () =>
    queryOptions({ queryKey: ['importErrors'], queryFn: () => answer(client.GET('/import-errors')) }),
  timeline: (from: string, to: string) =>
    queryOptions({
      queryKey: ['timeline', from, to],
      queryFn: () => answer(client.GET('/timeline', { params: { query: { from, to } } })),
      placeholderData: keepPreviousData,
    }),
};

/** Until the first of them has other slots, and a little more: clocks differ. */
function msToNext(pools: readonly Pool[]): number | false {
  const next = Math.min(...pools.map((pool) => (pool.next === null ? Infinity : Date.parse(pool.next.at))));
  return Number.isFinite(next) ? Math.min(3_600_000, Math.max(1_000, next - Date.now() + 500)) : false;
}
