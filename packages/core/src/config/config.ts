/**
 * The settings of one installation. Sources, later ones win: the defaults here, `tsflow.config.ts` in the project, TSFLOW_* in the
 * environment, flags. All problems are reported at once. Durations are milliseconds.
 */
export interface Config {
  /** State of the installation: database, logs, versions, spool, sockets, keys. 0700. `TSFLOW_HOME`, default `.tsflow`. */
  readonly home: string;
  /** Folder of DAG files. `TSFLOW_DAGS`, default `dags`. */
  readonly dags: string;
  /** `sqlite:<path>` or `postgres://…`. `TSFLOW_DATABASE_URL`, default `sqlite:<home>/tsflow.db`. */
  readonly databaseUrl: string;
  /** SQLite's synchronous: `full` loses nothing in a power cut, `normal` may lose the last commits. `TSFLOW_SQLITE_SYNCHRONOUS`. */
  readonly sqliteSynchronous: 'full' | 'normal';
  /** Connections per process on PostgreSQL. `TSFLOW_POOL_SIZE`, default 10. */
  readonly poolSize: number;
  /** `TSFLOW_HOST`, default 127.0.0.1. */
  readonly host: string;
  /** `TSFLOW_PORT`, default 8080. */
  readonly port: number;
  /** Path under which the web server is mounted behind a proxy: `/` or `/tsflow`. `TSFLOW_BASE_PATH`. */
  readonly basePath: string;
  /**
   * Host names, comma-separated, by which the web server may be asked besides its own: those of a proxy in front of it.
   * `TSFLOW_ALLOWED_HOSTS`, default none.
   */
  readonly allowedHosts: string;
  /** Address under which people reach the web UI, for links in notifications. `TSFLOW_PUBLIC_URL`, default: host and port. */
  readonly publicUrl: string;
  /**
   * Who is told of failures, recoveries, missed deadlines, import errors and schedulers that are down, without a line in any DAG: a list
   * of `AlertRule`, kept as JSON. `TSFLOW_ALERTS`, default: nobody.
   */
  readonly alerts: string;
  /** Zone of DAGs that name none. `TSFLOW_DEFAULT_TIMEZONE`, default UTC. */
  readonly defaultTimezone: string;
  readonly parseTimeoutMs: number;
  readonly parseMemoryMb: number;
  /** How long SIGTERM waits for running tasks. */
  readonly shutdownGraceMs: number;
  /** How long a runner whose scheduler is gone waits for another. */
  readonly orphanGraceMs: number;
  /** Between TERM and KILL. */
  readonly killGraceMs: number;
  readonly infraRetries: number;
  /** Most instances that a task or group may be mapped to, and most elements of what it is mapped over. Default 1,024. */
  readonly maxMapLength: number;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}
