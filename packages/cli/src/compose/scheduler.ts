import { LocalExecutor, nearestNodeModules } from '@tsflow/scheduler/executors';
import { Scheduler } from '@tsflow/scheduler/loop';
import { TaskApiServer, taskApiSocketPath } from '@tsflow/scheduler/task-api';
import { openAlertDesk } from './alerts/alert-desk.ts';
import type { ProcessDeps, ProcessPart } from './process-life.ts';

export interface SchedulerScope {
  /** The only DAGs that it takes. Default: all. */
  readonly onlyDags?: readonly string[];
  /** False: creates no scheduled runs. Default true. */
  readonly ticks?: boolean;
  /** How long stopping waits for running tasks. Default: the configuration's `shutdownGraceMs`. */
  readonly drainMs?: number;
}

/** The scheduler with its task API and a pool of runner processes on this machine. */
export async function composeScheduler(deps: ProcessDeps, scope: SchedulerScope = {}): Promise<ProcessPart> {
  const { config, store, logger, fail } = deps;
  const server = new TaskApiServer({
    socketPath: taskApiSocketPath(config.home),
    settings: { orphanGraceMs: config.orphanGraceMs, killGraceMs: config.killGraceMs },
    logger,
    onPing: (reason) => scheduler.ping(reason),
  });
  const scheduler: Scheduler = new Scheduler({
    store,
    config,
    logger,
    socketPath: server.socketPath,
    executor: (events, schedulerId) =>
      new LocalExecutor({
        home: config.home,
        schedulerId,
        events,
        server,
        runners: store.runners,
        versions: { files: (bundle) => store.catalog.versionFiles(bundle) },
        nodeModules: nearestNodeModules(config.dags),
        settings: { orphanGraceMs: config.orphanGraceMs, killGraceMs: config.killGraceMs },
        logger,
      }),
    onIntentDecided: (intentId) => server.resolveIntent(intentId),
    ...(scope.ticks === undefined ? {} : { ticks: scope.ticks }),
    ...(scope.onlyDags === undefined ? {} : { onlyDags: scope.onlyDags }),
  });
  const desk = openAlertDesk(deps, { watchesSchedulers: false });
  let isUp = false;
  scheduler.onFatal = (error) => {
    isUp = false;
    fail(error);
  };
  return {
    async start() {
      await server.start();
      await scheduler.start();
      await desk.start();
      isUp = true;
    },
    async stop() {
      if (isUp) await scheduler.drain(scope.drainMs ?? config.shutdownGraceMs);
      await desk.stop();
      await scheduler.stop();
      await server.stop();
    },
  };
}
