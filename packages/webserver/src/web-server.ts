import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { Logger } from '@tsflow/core/logger';
import type { Service } from '@tsflow/core/service';
import type { Store } from '@tsflow/core/store';
import express, { type Express } from 'express';
import { authenticate } from './auth/authenticate.ts';
import { LoginLimits } from './auth/login-limits.ts';
import { Sessions } from './auth/session.ts';
import { errorResponse } from './error-response.ts';
import { health } from './health.ts';
import { hostGuard } from './host-guard.ts';
import { NoSuchPathError, PortTakenError } from './http-errors.ts';
import { composeApiServices } from './in-process/api-services.ts';
import { LiveFeed } from './live/live-feed.ts';
import { openApiDocument } from './open-api.ts';
import { mountRoutes } from './routes/mount-routes.ts';
import { routeTable } from './routes/route-table.ts';
import { securityHeaders } from './security-headers.ts';
import { uiPages } from './ui-pages.ts';
import { API_ROOT, type WebServices } from './web-services.ts';

export interface WebServerOptions {
  readonly store: Store;
  readonly config: Config;
  readonly logger: Logger;
  /** Folder of the attempts' log segments. */
  readonly logsDir: string;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Folder of the built UI. Default: the one that comes with this package. */
  readonly uiDir?: string;
}

/** A web server; `url` is known once it has started. */
export interface WebServer extends Service {
  readonly url: string;
}

/** How long a stop waits for answers under way before it closes their connections. */
const STOP_GRACE_MS = 5_000;

/**
 * The REST API, live changes and the browser UI over a metadata database. Never imports user code, and everything that changes a DAG
 * goes to its scheduler as an intent.
 *
 * `start` throws {@link PortTakenError} when another process has the port.
 */
export function createWebServer(options: WebServerOptions): WebServer {
  return new HttpWebServer(options);
}

class HttpWebServer implements WebServer {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #services: WebServices;
  readonly #server: Server;
  #isListening = false;

  constructor(options: WebServerOptions) {
    this.#config = options.config;
    this.#logger = options.logger;
    this.#services = composeServices(options);
    const uiDir = options.uiDir ?? fileURLToPath(new URL('./ui', import.meta.url));
    this.#server = createServer(composeApp(this.#services, uiDir));
    // Slow readers of headers hold a connection, not a process: Node's defaults (60 s, 300 s) made shorter.
    this.#server.headersTimeout = 15_000;
    this.#server.requestTimeout = 60_000;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    const { host, basePath } = this.#config;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}${basePath === '/' ? '' : basePath}`;
  }

  async start(): Promise<void> {
    const { host, port } = this.#config;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? new PortTakenError(host, port) : error);
      });
      this.#server.listen(port, host, resolve);
    });
    this.#isListening = true;
    await this.#services.live.start();
    this.#logger.info('The web server listens.', { url: this.url });
  }

  async stop(): Promise<void> {
    this.#services.loginLimits.stop();
    await this.#services.live.stop();
    if (!this.#isListening) return;
    this.#isListening = false;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), STOP_GRACE_MS);
    await closed;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function composeServices({
  store,
  config,
  logger,
  logsDir,
  clock = systemClock,
}: WebServerOptions): WebServices {
  const sessions = new Sessions(store, clock);
  const live = new LiveFeed(store, clock, logger, async (request) => {
    return (await authenticate(request, { store, sessions, clock, config })) !== null;
  });
  const api = composeApiServices({ store, config, clock, logsDir });
  return {
    ...api,
    config,
    logger,
    sessions,
    loginLimits: new LoginLimits(),
    live,
    openApi: openApiDocument(routeTable, api.version),
  };
}

/** What is served at all. There is no cross-origin use, so nobody needs OPTIONS. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** From the outside in: id, headers, host, then the three things that are served, then errors. */
function composeApp(services: WebServices, uiDir: string): Express {
  const { config, logger } = services;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  // Repeated parameters become lists, which schemas refuse; brackets mean nothing.
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.locals.requestId = randomUUID();
    response.set('X-Request-Id', response.locals.requestId);
    next();
  });
  app.use(...securityHeaders());
  app.use(hostGuard(config.host, config.allowedHosts));
  app.use((request, _response, next) => {
    // Express would answer OPTIONS by itself, and tell which methods a path has.
    if (!METHODS.has(request.method)) throw new NoSuchPathError(request.path);
    next();
  });

  const site = express.Router({ caseSensitive: true, strict: true });
  site.get('/health', health(services));
  site.use(API_ROOT, mountRoutes(routeTable, services));
  site.use(uiPages(uiDir, config.basePath));
  // Load balancers ask the server itself, not what a proxy made of it.
  if (config.basePath !== '/') app.get('/health', health(services));
  app.use(config.basePath, site);
  app.use((request) => {
    throw new NoSuchPathError(request.path);
  });
  app.use(errorResponse(logger));
  return app;
}
