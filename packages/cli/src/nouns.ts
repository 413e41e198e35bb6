import type { Command } from 'commander';

/** A first word of the command line, and where its code is. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  /** Loads its module: only the noun that was asked for, so that `tsflow --version` costs nothing. */
  readonly load: () => Promise<{ readonly register: (program: Command) => void }>;
}

/** Every noun of the command line, in the order of `tsflow --help`. */
export const nouns: readonly Noun[] = [
  {
    name: 'standalone',
    summary: 'run everything on this machine: scheduler, dag processor and web server',
    load: () => import('./commands/standalone.ts'),
  },
  {
    name: 'scheduler',
    summary: 'run the scheduler alone',
    load: () => import('./commands/scheduler.ts'),
  },
  {
    name: 'webserver',
    summary: 'run the web server alone',
    load: () => import('./commands/webserver.ts'),
  },
  {
    name: 'dag-processor',
    summary: 'run the dag processor alone',
    load: () => import('./commands/dag-processor.ts'),
  },
  { name: 'init', summary: 'start a project with a first DAG', load: () => import('./commands/init.ts') },
  {
    name: 'check',
    summary: 'load and type-check every DAG file, without a server',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'simulate',
    summary: 'play the schedules of a folder: what fires when, and whether it fits the limits',
    load: () => import('./commands/simulate.ts'),
  },
  {
    name: 'dags',
    summary: 'list, show, test, trigger, pause and unpause DAGs',
    load: () => import('./commands/dags.ts'),
  },
  {
    name: 'deadlines',
    summary: 'deadlines to come, and which were met and missed',
    load: () => import('./commands/deadlines.ts'),
  },
  { name: 'runs', summary: 'list, show, clear and mark runs', load: () => import('./commands/runs.ts') },
  {
    name: 'tasks',
    summary: 'list, clear, kill and explain task instances, and read their logs',
    load: () => import('./commands/tasks.ts'),
  },
  {
    name: 'backfill',
    summary: 'run a DAG for a range of logical dates',
    load: () => import('./commands/backfill.ts'),
  },
  {
    name: 'variables',
    summary: 'read and change Variables, live limits such as parallelism among them',
    load: () => import('./commands/variables.ts'),
  },
  {
    name: 'pools',
    summary: 'slots that tasks of all DAGs share',
    load: () => import('./commands/pools.ts'),
  },
  {
    name: 'assets',
    summary: 'data that DAGs are scheduled on: list, show, post events',
    load: () => import('./commands/assets.ts'),
  },
  {
    name: 'connections',
    summary: 'how tasks reach other systems: set, list, test, import and export connections',
    load: () => import('./commands/connections.ts'),
  },
  { name: 'users', summary: 'accounts of the web server', load: () => import('./commands/users.ts') },
  { name: 'tokens', summary: 'API tokens of accounts', load: () => import('./commands/tokens.ts') },
  {
    name: 'config',
    summary: 'print every setting and where it comes from',
    load: () => import('./commands/config.ts'),
  },
  { name: 'db', summary: 'migrate and check the metadata database', load: () => import('./commands/db.ts') },
];
