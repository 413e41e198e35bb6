import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import { ensureAdmin } from '@tsflow/webserver';
import type { LocalContext } from '../command-context.ts';
import { CommandRefusedError } from '../exit-code.ts';
import { REPEAT_MS } from './process-life.ts';
import { assertShareable, openProjectStoreAsIs } from './project.ts';
import { Supervisor } from './supervisor.ts';

/** Children stop by themselves within the scheduler's grace for running tasks; this is for what comes after it. */
const STOP_MARGIN_MS = 10_000;
const HEALTH_POLL_MS = 50;

/**
 * Runs the whole installation on this machine until it is told to stop: checks the port, migrates the database, makes the first
 * account, and keeps scheduler, dag processor and web server running as processes of their own.
 */
export async function runStandalone(context: LocalContext): Promise<void> {
  const config = await context.config();
  assertShareable(config);
  await assertPortFree(config);
  const { password } = await prepareDatabase(config);

  const supervisor = new Supervisor({
    children: ['scheduler', 'dag-processor', 'webserver'].map((name) => ({
      name,
      command: process.execPath,
      args: [binPath(), name, '--supervised', ...(context.out.json ? ['--json'] : [])],
      env: environmentOf(config),
    })),
    clock: systemClock,
    stopGraceMs: config.shutdownGraceMs + STOP_MARGIN_MS,
    onLine: (name, line) => context.out.print(prefixed(context, name, line)),
  });
  const stop = stopOnSignals(context, supervisor);
  await supervisor.start();
  try {
    const url = urlOf(config);
    const healthy = untilHealthy(url, stop.came);
    if (await Promise.race([healthy, supervisor.failed])) welcome(context, url, password);
    await Promise.race([stop.came, supervisor.failed]);
  } finally {
    stop.began = true;
    await supervisor.stop();
    stop.dispose();
  }
}

/** The web server's own listen would fail later, in the middle of the other processes' lines. */
async function assertPortFree({ host, port }: Config): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `is taken, perhaps by another tsflow. Choose another one: --port ${port + 1}, or TSFLOW_PORT.`
          : `cannot be used: ${error.message}`;
      reject(new CommandRefusedError(`Port ${port} of ${host} ${why}`, { cause: error }));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

async function prepareDatabase(config: Config): Promise<{ password: string | null }> {
  await using store = await openProjectStoreAsIs(config);
  await store.migrate();
  return { password: (await ensureAdmin(store))?.password ?? null };
}

/** The children see the very settings that this command has, whichever source they came from. */
function environmentOf(config: Config): NodeJS.ProcessEnv {
  // What was said to Node for this process (an inspector's port, a loader) is not meant for three others.
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return {
    ...environment,
    TSFLOW_HOME: config.home,
    TSFLOW_DAGS: config.dags,
    TSFLOW_DATABASE_URL: config.databaseUrl,
    TSFLOW_HOST: config.host,
    TSFLOW_PORT: String(config.port),
  };
}

function binPath(): string {
  return fileURLToPath(new URL('../../bin/tsflow.js', import.meta.url));
}

function urlOf({ host, port, basePath }: Config): string {
  const reachable =
    host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${reachable}:${port}${basePath === '/' ? '' : basePath}`;
}

/** True once every part answers; false when it was told to stop before. */
async function untilHealthy(url: string, stopped: Promise<void>): Promise<boolean> {
  let over = false;
  void stopped.then(() => {
    over = true;
  });
  while (!over) {
    const answer = await fetch(`${url}/health`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok === true) return true;
    await new Promise((resolve) => setTimeout(resolve, HEALTH_POLL_MS));
  }
  return false;
}

function welcome(context: LocalContext, url: string, password: string | null): void {
  const { out } = context;
  if (out.json) {
    out.print(
      JSON.stringify({ ready: true, url, ...(password === null ? {} : { user: 'admin', password }) }),
    );
    return;
  }
  const lines = [
    `tsflow is ready: ${out.paint('bold', url)}`,
    ...(password === null
      ? []
      : [`Sign in as "admin" with the password ${out.paint('bold', password)} (shown only this once).`]),
  ];
  out.print(['', ...lines, ''].join('\n'));
}

const STYLES = { scheduler: 'cyan', 'dag-processor': 'magenta', webserver: 'blue' } as const;

function prefixed({ out }: LocalContext, name: string, line: string): string {
  if (out.json)
    return line.startsWith('{')
      ? `{"process":"${name}",${line.slice(1)}`
      : JSON.stringify({ process: name, message: line });
  return `${out.paint(STYLES[name as keyof typeof STYLES], name.padEnd(13))} ${line}`;
}

/** The first signal stops in good order, the second skips the waiting for tasks, the third kills. */
function stopOnSignals(context: LocalContext, supervisor: Supervisor) {
  let come = (): void => undefined;
  let askedAt = 0;
  const state = {
    began: false,
    came: new Promise<void>((resolve) => {
      come = resolve;
    }),
    dispose() {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, onSignal);
    },
  };
  function onSignal(): void {
    if (state.began && performance.now() - askedAt > REPEAT_MS) void supervisor.stop();
    if (!state.began) {
      askedAt = performance.now();
      context.out.note('Stopping: running tasks may end. Once more to stop at once.');
    }
    state.began = true;
    come();
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  return state;
}
