import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
// git and the formatter leave folders of this name alone.
const projects = join(root, 'test', '.tsflow');
mkdirSync(projects, { recursive: true });
const bin = join(root, 'packages', 'cli', 'bin', 'tsflow.js');

/** What a command printed, and its exit code (or the signal that ended it). */
export interface CommandResult {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of its own, inside the repository so that `@tsflow/core` resolves from its DAG files. Deleted when disposed. */
export class TsflowProject implements Disposable {
  readonly folder = mkdtempSync(join(projects, 'project-'));

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  /** Starts `tsflow` in the project, with none of the settings of whoever runs the tests. */
  spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(TSFLOW_|NODE_OPTIONS|FORCE_COLOR)/.test(name),
    );
    return spawn(process.execPath, [bin, ...args], {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Runs `tsflow` to its end. */
  async run(
    args: readonly string[],
    options: { env?: Record<string, string>; input?: string } = {},
  ): Promise<CommandResult> {
    const child = this.spawn(args, options.env);
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

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
