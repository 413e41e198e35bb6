import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { nearestNodeModules, type Workload } from '@tsflow/scheduler/executors';
import type { ExecutorHarness } from './executor-harness.ts';

interface Said {
  readonly kind: 'started' | 'outcome' | 'gone' | 'group';
  readonly report: { readonly attemptId: number; readonly pid: number; readonly processGroup: number };
}

/** A supervisor that can be killed for real: a process of its own, on the home of a harness. */
export class SupervisorProcess {
  readonly #child: ChildProcess;
  readonly #said: Said[] = [];
  readonly #waiting = new Set<() => void>();
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;

  constructor(
    harness: ExecutorHarness,
    workloads: readonly Workload[],
    environment: Record<string, string> = {},
  ) {
    writeFileSync(join(harness.home, 'dag.bundle.mjs'), String(harness.versions.get('v1')![0]!.content));
    this.#child = spawn(
      process.execPath,
      [
        resolve(import.meta.dirname, 'supervisor-process.mjs'),
        harness.home,
        ...workloads.map((workload) => JSON.stringify(workload)),
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...environment, TEST_NODE_MODULES: nearestNodeModules(import.meta.dirname)! },
      },
    );
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#said.push(JSON.parse(line) as Said);
      for (const look of this.#waiting) look();
    });
    this.exited = new Promise((done) => this.#child.once('exit', (code, signal) => done({ code, signal })));
  }

  /** The first report of `kind`, now or later. */
  said(kind: Said['kind']): Promise<Said['report']> {
    return new Promise((done) => {
      const look = (): void => {
        const found = this.#said.find((said) => said.kind === kind);
        if (found === undefined) return;
        this.#waiting.delete(look);
        done(found.report);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** The rows of runners that a killed supervisor left open. */
export function leftRunnerRows(harness: ExecutorHarness): void {
  const path = join(harness.home, 'runner-rows.json');
  if (!existsSync(path)) return;
  for (const row of JSON.parse(readFileSync(path, 'utf8'))) harness.rows.rows.set(row.runnerId, row);
}
