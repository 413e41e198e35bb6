import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '@tsflow/core/store';

/** Tests and benchmarks are run from the root of the repository. */
const ROOT = process.cwd();
const TSFLOW = join(ROOT, 'packages/cli/bin/tsflow.js');

/**
 * A project of its own in a temporary folder: generated DAG files, a database, the real `tsflow` processes. Everything as it is
 * installed, isolation on, SQLite with synchronous FULL.
 */
export class InstalledProject implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tsflow-project-'));
  readonly home = join(this.folder, '.tsflow');
  readonly #processes: ChildProcess[] = [];
  #store: Store | null = null;

  readonly #databaseUrl: string;

  /** @param databaseUrl default: a SQLite file in the project */
  constructor(files: Readonly<Record<string, string>>, databaseUrl?: string) {
    this.#databaseUrl = databaseUrl ?? `sqlite:${join(this.home, 'tsflow.db')}`;
    mkdirSync(join(this.folder, 'dags'));
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, 'dags', name), text);
  }

  /** Runs a command to its end and gives its output. */
  run(...args: string[]): string {
    return execFileSync(process.execPath, [TSFLOW, ...args], {
      cwd: this.folder,
      env: this.env,
      encoding: 'utf8',
    });
  }

  /** Starts a long-lived command. Its output is passed on when TSFLOW_TEST_VERBOSE is set. */
  start(...args: string[]): ChildProcess {
    return this.startWith({}, ...args);
  }

  /** Starts a long-lived command and returns the file that its output goes to. */
  startLogged(...args: string[]): string {
    const path = join(this.folder, 'output.txt');
    const output = openSync(path, 'a');
    const stdio: StdioOptions = ['ignore', output, output];
    this.#processes.push(
      spawn(process.execPath, [TSFLOW, ...args], { cwd: this.folder, env: this.env, stdio }),
    );
    closeSync(output);
    return path;
  }

  /** The same with more in its environment. */
  startWith(env: Readonly<Record<string, string>>, ...args: string[]): ChildProcess {
    const stdio = process.env.TSFLOW_TEST_VERBOSE === undefined ? 'ignore' : 'inherit';
    const child = spawn(process.execPath, [TSFLOW, ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio,
    });
    this.#processes.push(child);
    return child;
  }

  async store(): Promise<Store> {
    if (this.#store === null) {
      mkdirSync(this.home, { recursive: true, mode: 0o700 });
      this.#store = await openStore(this.#databaseUrl, { poolSize: 2 });
      await this.#store.migrate();
    }
    return this.#store;
  }

  /** Waits until the dag processor has recorded this many DAGs, then stops it: parsing is another row's business. */
  async parse(count: number): Promise<void> {
    const store = await this.store();
    const processor = this.start('dag-processor');
    await until(`${count} DAGs are parsed`, async () => {
      const row = await store.db
        .selectFrom('dag')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow();
      return Number(row.n) === count;
    });
    await stop(processor);
  }

  /** Pids of the direct children of a process, as `/proc` has them. */
  async childrenOf(pid: number): Promise<readonly number[]> {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return text.trim().split(' ').filter(Boolean).map(Number);
  }

  get env(): NodeJS.ProcessEnv {
    const { NODE_OPTIONS: _, ...env } = process.env;
    return {
      ...env,
      TSFLOW_HOME: this.home,
      TSFLOW_DAGS: join(this.folder, 'dags'),
      TSFLOW_DATABASE_URL: this.#databaseUrl,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) await stop(child);
    await this.#store?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

export async function until(
  what: string,
  ask: () => Promise<boolean> | boolean,
  limitMs = 120_000,
  everyMs = 10,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs / 1000} s in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
