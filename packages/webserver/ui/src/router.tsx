import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { ApiError } from './api/client.ts';
import type { RunState } from './api/contract.ts';
import type { DagFilter, ReportPeriod, RunFilter } from './api/filters.ts';
import { queries } from './api/queries.ts';
import { basePath } from './browser/page-placeholders.ts';
import { DagListPage } from './dags/dag-list-page.tsx';
import { HomePage } from './home/home-page.tsx';
import { RUN_STATES, RUN_TYPES, type RunType } from './runs/run-words.ts';
import { NotFound, PageFailed } from './shell/page-failed.tsx';
import { Shell } from './shell/shell.tsx';

/** One route a thing, all state in the URL: what is open, chosen, filtered and zoomed survives a reload and a shared link. */
export function createAppRouter(cache: QueryClient) {
  return createRouter({
    routeTree,
    basepath: basePath || '/',
    context: { cache },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: ({ error, reset }) => <PageFailed error={error} reset={reset} />,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}

export type DagTab = 'grid' | 'graph' | 'runs' | 'schedule' | 'code' | 'details';
export type DeadlineTab = 'deadlines' | 'report' | 'callbacks' | 'alerts';
export type PanelTab = 'log' | 'why' | 'rendered' | 'xcom' | 'attempts' | 'events' | 'code';

const rootRoute = createRootRouteWithContext<{ cache: QueryClient }>()();

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { from?: string } => text(search, ['from']),
  component: lazyRouteComponent(() => import('./login/login-page.tsx'), 'LoginPage'),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.cache.ensureQueryData(queries.me());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401)
        throw redirect({ to: '/login', search: { from: location.href } });
    }
  },
});

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: (search: Record<string, unknown>): { hours?: number } => number(search, ['hours']),
  component: HomePage,
});

const dagsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dags',
  validateSearch: (search: Record<string, unknown>): DagFilter & { back?: string } => ({
    ...text(search, ['search', 'tag', 'owner', 'cursor', 'back']),
    ...oneOf(search, 'paused', ['true', 'false'] as const),
    ...oneOf(search, 'state', RUN_STATES),
    ...oneOf(search, 'order', ['dagId', 'nextRun', 'lastRun'] as const),
  }),
  component: DagListPage,
});

const dagRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dags/$dagId',
  validateSearch: (
    search: Record<string, unknown>,
  ): {
    tab?: DagTab;
    runs?: number;
    filter?: string;
    state?: RunState;
    type?: RunType;
    closed?: string;
    task?: string;
    version?: string;
    file?: string;
    run?: string;
    direction?: string;
    cursor?: string;
    back?: string;
  } => ({
    ...text(search, ['filter', 'closed', 'task', 'version', 'file', 'run', 'direction', 'cursor', 'back']),
    ...number(search, ['runs']),
    ...oneOf(search, 'state', RUN_STATES),
    ...oneOf(search, 'type', RUN_TYPES),
    ...oneOf(search, 'tab', ['grid', 'graph', 'runs', 'schedule', 'code', 'details'] as const),
  }),
  component: lazyRouteComponent(() => import('./dag/dag-page.tsx'), 'DagPage'),
});

const runRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/dags/$dagId/runs/$runId',
  validateSearch: (
    search: Record<string, unknown>,
  ): {
    view?: 'gantt' | 'graph';
    task?: string;
    map?: string;
    tab?: PanelTab;
    attempt?: string;
    find?: string;
    level?: string;
    closed?: string;
    zoom?: string;
    filter?: string;
    state?: string;
    order?: string;
    direction?: string;
  } => ({
    ...text(search, [
      'task',
      'map',
      'attempt',
      'find',
      'level',
      'closed',
      'zoom',
      'filter',
      'state',
      'order',
      'direction',
    ]),
    ...oneOf(search, 'view', ['gantt', 'graph'] as const),
    ...oneOf(search, 'tab', ['log', 'why', 'rendered', 'xcom', 'attempts', 'events', 'code'] as const),
  }),
  component: lazyRouteComponent(() => import('./run/run-page.tsx'), 'RunPage'),
});

const runsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/runs',
  validateSearch: (search: Record<string, unknown>): RunFilter & { back?: string } => ({
    ...text(search, ['dagId', 'from', 'to', 'cursor', 'back']),
    ...oneOf(search, 'state', RUN_STATES),
    ...oneOf(search, 'runType', RUN_TYPES),
    ...number(search, ['backfillKey']),
  }),
  component: lazyRouteComponent(() => import('./runs/runs-page.tsx'), 'RunsPage'),
});

const backfillsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/backfills',
  validateSearch: (search: Record<string, unknown>): { dagId?: string; cursor?: string; back?: string } =>
    text(search, ['dagId', 'cursor', 'back']),
  component: lazyRouteComponent(() => import('./backfills/backfills-page.tsx'), 'BackfillsPage'),
});

const variablesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/variables',
  validateSearch: (search: Record<string, unknown>): { filter?: string; history?: string } =>
    text(search, ['filter', 'history']),
  component: lazyRouteComponent(() => import('./variables/variables-page.tsx'), 'VariablesPage'),
});

const poolsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/pools',
  validateSearch: (search: Record<string, unknown>): { pool?: string } => text(search, ['pool']),
  component: lazyRouteComponent(() => import('./pools/pools-page.tsx'), 'PoolsPage'),
});

const connectionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/connections',
  component: lazyRouteComponent(() => import('./connections/connections-page.tsx'), 'ConnectionsPage'),
});

const assetsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/assets',
  validateSearch: (
    search: Record<string, unknown>,
  ): { filter?: string; asset?: string; status?: 'stale' } => ({
    ...text(search, ['filter', 'asset']),
    ...oneOf(search, 'status', ['stale'] as const),
  }),
  component: lazyRouteComponent(() => import('./assets/assets-page.tsx'), 'AssetsPage'),
});

const deadlinesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/deadlines',
  validateSearch: (
    search: Record<string, unknown>,
  ): {
    tab?: DeadlineTab;
    dagId?: string;
    state?: 'failed' | 'pending' | 'success';
    days?: number;
    by?: ReportPeriod;
    cursor?: string;
    back?: string;
  } => ({
    ...text(search, ['dagId', 'cursor', 'back']),
    ...number(search, ['days']),
    ...oneOf(search, 'by', ['day', 'week', 'month', 'all'] as const),
    ...oneOf(search, 'tab', ['deadlines', 'report', 'callbacks', 'alerts'] as const),
    ...oneOf(search, 'state', ['failed', 'pending', 'success'] as const),
  }),
  component: lazyRouteComponent(() => import('./deadlines/deadlines-page.tsx'), 'DeadlinesPage'),
});

const importErrorsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/import-errors',
  component: lazyRouteComponent(() => import('./import-errors/import-errors-page.tsx'), 'ImportErrorsPage'),
});

const routeTree = rootRoute.addChildren([
  loginRoute,
  shellRoute.addChildren([
    homeRoute,
    dagsRoute,
    dagRoute,
    runRoute,
    runsRoute,
    backfillsRoute,
    assetsRoute,
    deadlinesRoute,
    variablesRoute,
    poolsRoute,
    connectionsRoute,
    importErrorsRoute,
  ]),
]);

function text<K extends string>(search: Record<string, unknown>, keys: readonly K[]): { [P in K]?: string } {
  const found: { [P in K]?: string } = {};
  for (const key of keys) {
    const value = search[key];
    if (typeof value === 'string' && value !== '') found[key] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') found[key] = String(value);
  }
  return found;
}

function number<K extends string>(
  search: Record<string, unknown>,
  keys: readonly K[],
): { [P in K]?: number } {
  const found: { [P in K]?: number } = {};
  for (const key of keys) {
    const value = Number(search[key]);
    if (search[key] !== undefined && Number.isFinite(value)) found[key] = value;
  }
  return found;
}

function oneOf<K extends string, V extends string>(
  search: Record<string, unknown>,
  key: K,
  values: readonly V[],
): { [P in K]?: V } {
  const value = values.find((each) => each === String(search[key]));
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
