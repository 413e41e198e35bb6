import { alertRoutes } from './alert-routes.ts';
import { assetRoutes } from './asset-routes.ts';
import { authRoutes } from './auth-routes.ts';
import { backfillRoutes } from './backfill-routes.ts';
import { callbackRoutes } from './callback-routes.ts';
import { connectionRoutes } from './connection-routes.ts';
import { dagRoutes } from './dag-routes.ts';
import { deadlineRoutes } from './deadline-routes.ts';
import { installationRoutes } from './installation-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { logRoutes } from './log-routes.ts';
import { poolRoutes } from './pool-routes.ts';
import type { Route } from './route.ts';
import { runRoutes } from './run-routes.ts';
import { taskRoutes } from './task-routes.ts';
import { variableRoutes } from './variable-routes.ts';

/** Every endpoint of the API. What is not in this list does not exist. */
export const routeTable: readonly Route[] = [
  ...authRoutes,
  ...installationRoutes,
  ...dagRoutes,
  ...runRoutes,
  ...taskRoutes,
  ...logRoutes,
  ...deadlineRoutes,
  ...callbackRoutes,
  ...alertRoutes,
  ...backfillRoutes,
  ...variableRoutes,
  ...poolRoutes,
  ...assetRoutes,
  ...connectionRoutes,
  ...liveRoutes,
];
