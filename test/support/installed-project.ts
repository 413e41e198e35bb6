import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, type Store } from '@tsflow/core/store';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSFLOW = join(ROOT, 'packages/cli/bin/tsflow.js');

/** What a command printed, and its exit code (or the signal that ended it). */
export interface CommandResult {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A project of its own in a temporary folder: DAG files, a database, the real `tsflow` processes. Everything as it is installed,
 * isolation on, SQLite with synchronous FULL, and none of the settings of whoever runs the tests.
 */
export class InstalledProject implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tsflow-project-'));
  readonly home = join(this.folder, '.tsflow');
  readonly #processes: ChildProcess[] = [];
  #store: Store | null = null;
  readonly #databaseUrl: string | undefined;

  /**
   * @param files by their names in the dags folder
   * @param databaseUrl default: what tsflow takes when nobody says anything, a SQLite file in its home
   */
  constructor(files: Readonly<Record<string, string>> = {}, databaseUrl?: string) {
    this.#databaseUrl = databaseUrl;
    mkdirSync(join(this.folder, 'dags'));
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(this.folder, 'dags', name, '..'), { recursive: true });
      writeFileSync(join(this.folder, 'dags', name), text);
    }
  }

  /** Adds files, by their paths in the project. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
  ): Promise<CommandResult> {
    const child = this.spawn(args, options.env, options.cwd);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.end(options.input ?? '');
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'));
    });
    return { code, stdout, stderr };
  }

  /** Runs `tsflow … --json`; the result as it was printed. Throws with everything that was said unless the exit code is 0. */
  async json<T = unknown>(...args: readonly string[]): Promise<T> {
    const result = await this.run([...args, '--json']);
    if (result.code === 0) return JSON.parse(result.stdout) as T;
    throw new Error(`tsflow ${args.join(' ')} ended with ${result.code}: ${result.stdout}${result.stderr}`);
  }

  /** Starts a command whose input and output are the test's business. */
  spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = this.folder) {
    const child = spawn(process.execPath, [TSFLOW, ...args], {
      cwd,
      env: { ...this.#env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#processes.push(child);
    return child;
  }

  /** Starts a long-lived command. Its output is passed on when TSFLOW_TEST_VERBOSE is set. */
  start(...args: string[]): ChildProcess {
    return this.startWith({}, ...args);
  }

  /** The same with more in its environment. */
  startWith(env: Readonly<Record<string, string>>, ...args: string[]): ChildProcess {
    return this.#start(args, process.env.TSFLOW_TEST_VERBOSE === undefined ? 'ignore' : 'inherit', env);
  }

  /** Starts a long-lived command and returns the file that its output goes to. */
  startLogged(...args: string[]): string {
    const path = join(this.folder, 'output.txt');
    const output = openSync(path, 'a');
    this.#start(args, ['ignore', output, output]);
    closeSync(output);
    return path;
  }

  #start(
    args: readonly string[],
    stdio: StdioOptions,
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const child = spawn(process.execPath, [TSFLOW, ...args], {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio,
    });
    this.#processes.push(child);
    return child;
  }

  async store(): Promise<Store> {
    if (this.#store === null) {
      mkdirSync(this.home, { recursive: true, mode: 0o700 });
      this.#store = await openStore(this.#databaseUrl ?? `sqlite:${join(this.home, 'tsflow.db')}`, {
        poolSize: 2,
      });
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

  /** Every file that the installation keeps, the key of its secrets excepted. */
  async files(): Promise<readonly string[]> {
    const found = await readdir(this.home, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile() && entry.name !== 'secret.key')
      .map((entry) => join(entry.parentPath, entry.name));
  }

  get #env(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(TSFLOW_|NODE_OPTIONS|FORCE_COLOR)/.test(name),
    );
    const database = this.#databaseUrl === undefined ? {} : { TSFLOW_DATABASE_URL: this.#databaseUrl };
    return { ...Object.fromEntries(inherited), ...database };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) await stop(child);
    await this.#store?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Triggers a run as somebody would, without waiting for its answer. */
export async function freshRunOf(store: Store, dagId: string, conf: object = {}): Promise<void> {
  await store.intents.submit({
    dagId,
    kind: 'trigger',
    payload: JSON.stringify({ conf }),
    actor: 'ann',
    requestedAt: Date.now(),
    idempotencyKey: null,
  });
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
