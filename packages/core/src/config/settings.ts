import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Duration, durationMs } from '../duration.ts';
import { alertsSchema } from './alert-rules.ts';
import type { Config } from './config.ts';

/** One setting: where it comes from, what it may be, and what it is when nobody says anything. */
export interface SettingDefinition<T> {
  /** Its name in the environment. */
  readonly variable: string;
  readonly description: string;
  /** What is accepted, in words: the end of "expected …". */
  readonly expected: string;
  /** Takes what the environment (text), a flag or `tsflow.config.ts` (text, number) gave. */
  readonly schema: z.ZodType<T>;
  /** `home` and `cwd` are known before the others. */
  readonly fallback: (base: { readonly cwd: string; readonly home: string }) => T;
}

type SettingDefinitions = { readonly [K in keyof Config]: SettingDefinition<Config[K]> };

/** Every setting of {@link Config}, in the order in which `tsflow config list` prints them. */
export const settingDefinitions: SettingDefinitions = {
  home: {
    variable: 'TSFLOW_HOME',
    description: 'State of the installation: database, logs, versions, spool, sockets, keys (0700)',
    ...folder(),
    fallback: ({ cwd }) => join(cwd, '.tsflow'),
  },
  dags: {
    variable: 'TSFLOW_DAGS',
    description: 'Folder of DAG files',
    ...folder(),
    fallback: ({ cwd }) => join(cwd, 'dags'),
  },
  databaseUrl: {
    variable: 'TSFLOW_DATABASE_URL',
    description: 'Metadata database',
    expected: '"sqlite:<path>" or "postgres://user:password@host/database"',
    schema: z.string().regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/s),
    fallback: ({ home }) => `sqlite:${join(home, 'tsflow.db')}`,
  },
  sqliteSynchronous: {
    variable: 'TSFLOW_SQLITE_SYNCHRONOUS',
    description: 'full loses nothing in a power cut; normal is faster and may lose the last commits',
    ...oneOf(['full', 'normal']),
    fallback: () => 'full',
  },
  poolSize: {
    variable: 'TSFLOW_POOL_SIZE',
    description: 'Connections per process on PostgreSQL',
    ...wholeNumber(1, 1000),
    fallback: () => 10,
  },
  host: {
    variable: 'TSFLOW_HOST',
    description: 'Address on which the web server listens',
    expected: 'a host name or an address',
    schema: z.string().regex(/^[\w.:-]+$/),
    fallback: () => '127.0.0.1',
  },
  port: {
    variable: 'TSFLOW_PORT',
    description: 'Port of the web server',
    ...wholeNumber(1, 65_535),
    fallback: () => 8080,
  },
  basePath: {
    variable: 'TSFLOW_BASE_PATH',
    description: 'Path under which the web server is mounted behind a proxy',
    expected: 'a path such as "/" or "/tsflow"',
    schema: z
      .string()
      .regex(/^\/([\w.~-]+(\/[\w.~-]+)*\/?)?$/)
      .transform((path) => (path === '/' ? path : path.replace(/\/$/, ''))),
    fallback: () => '/',
  },
  allowedHosts: {
    variable: 'TSFLOW_ALLOWED_HOSTS',
    description: 'Host names, comma-separated, by which the web server may be asked besides its own',
    expected: 'host names such as "tsflow.example.com,localhost"',
    schema: z
      .string()
      .regex(/^[\w.:-]+(\s*,\s*[\w.:-]+)*$/)
      .transform((hosts) => hosts.toLowerCase().replaceAll(/\s+/g, '')),
    fallback: () => '',
  },
  publicUrl: {
    variable: 'TSFLOW_PUBLIC_URL',
    description: 'Address under which people reach the web UI, for links; empty: host and port',
    expected: 'an address such as "https://flows.example.com"',
    schema: z.string().regex(/^(https?:\/\/\S+)?$/),
    fallback: () => '',
  },
  alerts: {
    variable: 'TSFLOW_ALERTS',
    description:
      'Who is told of failures, recoveries, missed deadlines, what is overdue, import errors, dead schedulers',
    expected: 'a JSON list such as [{ "to": "slack", "channel": "#ops", "on": ["task_failure"] }]',
    schema: alertsSchema,
    fallback: () => '[]',
  },
  defaultTimezone: {
    variable: 'TSFLOW_DEFAULT_TIMEZONE',
    description: 'Zone of DAGs that name none',
    expected: 'an IANA time zone such as "Asia/Tokyo"',
    schema: z.string().refine(isTimezone),
    fallback: () => 'UTC',
  },
  parseTimeoutMs: {
    variable: 'TSFLOW_PARSE_TIMEOUT',
    description: 'Longest time that loading one DAG file may take',
    ...duration('100ms', '1h'),
    fallback: () => 30_000,
  },
  parseMemoryMb: {
    variable: 'TSFLOW_PARSE_MEMORY_MB',
    description: 'Most memory that loading DAG files may take, in MiB',
    ...wholeNumber(64, 65_536),
    fallback: () => 512,
  },
  shutdownGraceMs: {
    variable: 'TSFLOW_SHUTDOWN_GRACE',
    description: 'How long SIGTERM waits for running tasks',
    ...duration('0s', '24h'),
    fallback: () => 60_000,
  },
  orphanGraceMs: {
    variable: 'TSFLOW_ORPHAN_GRACE',
    description: 'How long a runner whose scheduler is gone waits for another',
    ...duration('0s', '24h'),
    fallback: () => 600_000,
  },
  killGraceMs: {
    variable: 'TSFLOW_KILL_GRACE',
    description: 'Time between TERM and KILL when a task is ended',
    ...duration('0s', '1h'),
    fallback: () => 10_000,
  },
  infraRetries: {
    variable: 'TSFLOW_INFRA_RETRIES',
    description: 'How often an attempt lost by infrastructure is started again, uncounted as a try',
    ...wholeNumber(0, 100),
    fallback: () => 3,
  },
  maxMapLength: {
    variable: 'TSFLOW_MAX_MAP_LENGTH',
    description: 'Most instances that a task or group may be mapped to',
    ...wholeNumber(1, 100_000),
    fallback: () => 1024,
  },
  heartbeatMs: {
    variable: 'TSFLOW_HEARTBEAT',
    description: 'How often a scheduler says that it lives',
    ...duration('100ms', '10m'),
    fallback: () => 10_000,
  },
  leaseMs: {
    variable: 'TSFLOW_LEASE',
    description: 'Silence after which another scheduler takes over',
    ...duration('300ms', '1h'),
    fallback: () => 30_000,
  },
  logLevel: {
    variable: 'TSFLOW_LOG_LEVEL',
    description: 'Least important lines that processes print',
    ...oneOf(['debug', 'info', 'warn', 'error']),
    fallback: () => 'info',
  },
};

/** Problems that only show when settings are seen together. */
export function inconsistencies(config: Config): string[] {
  const problems: string[] = [];
  if (config.leaseMs < config.heartbeatMs * 2) {
    problems.push(
      `TSFLOW_LEASE: expected at least twice TSFLOW_HEARTBEAT (${config.heartbeatMs} ms), got ${config.leaseMs} ms.`,
    );
  }
  return problems;
}

/** Paths are absolute once read: a process may change its directory, and children start in another. */
export function absolutePaths(config: Config, cwd: string): Config {
  return {
    ...config,
    home: resolve(cwd, config.home),
    dags: resolve(cwd, config.dags),
    databaseUrl: absoluteDatabase(config.databaseUrl, cwd),
  };
}

function absoluteDatabase(url: string, cwd: string): string {
  if (!url.startsWith('sqlite:') || url === 'sqlite::memory:') return url;
  const path = url.slice('sqlite:'.length);
  return isAbsolute(path) ? url : `sqlite:${resolve(cwd, path)}`;
}

function folder() {
  return { expected: 'a folder', schema: z.string().min(1) };
}

function oneOf<const T extends string>(words: readonly [T, ...T[]]) {
  return { expected: words.join(' or '), schema: z.enum(words) as z.ZodType<T> };
}

function wholeNumber(min: number, max: number) {
  return {
    expected: `a whole number from ${min} to ${max}`,
    schema: z
      .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
      .pipe(z.number().int().min(min).max(max)),
  };
}

/** Text is a duration with its unit ("90s"); a number (in `tsflow.config.ts`) is milliseconds, as the setting's name says. */
function duration(min: Duration, max: Duration) {
  const text = z.string().transform((given, context) => {
    try {
      return durationMs(given);
    } catch {
      context.addIssue({ code: 'custom', message: 'not a duration' });
      return z.NEVER;
    }
  });
  return {
    expected: `a duration from ${min} to ${max} such as "30s" or "10m"`,
    schema: z.union([z.number(), text]).pipe(z.number().min(durationMs(min)).max(durationMs(max))),
  };
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
