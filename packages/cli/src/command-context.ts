import { userInfo } from 'node:os';
import type { Config, LoadedConfig } from '@tsflow/core/config';
import type { Store } from '@tsflow/core/store';
import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';
import { Output } from './output/output.ts';

/** What a command works with. Configuration and database are opened when they are first asked for. */
export class CommandContext implements AsyncDisposable {
  readonly out: Output;
  readonly cwd = process.cwd();
  readonly #flags: Flags;
  #loaded: Promise<LoadedConfig> | null = null;
  #store: Promise<Store> | null = null;

  constructor(flags: Flags) {
    this.#flags = flags;
    this.out = new Output({ json: flags.json === true, verbose: flags.verbose === true });
  }

  /** Who asks, for the audit trail. */
  get actor(): string {
    return `cli:${userInfo().username}`;
  }

  settings(): Promise<LoadedConfig> {
    this.#loaded ??= import('./compose/project.ts').then((project) =>
      project.loadProject(this.cwd, process.env, this.#flags),
    );
    return this.#loaded;
  }

  async config(): Promise<Config> {
    return (await this.settings()).config;
  }

  /** The project's database, with the schema of this release. A SQLite file that does not exist yet is made. */
  store(): Promise<Store> {
    this.#store ??= Promise.all([import('./compose/project.ts'), this.config()]).then(([project, config]) =>
      project.openProjectStore(config),
    );
    return this.#store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const store = await this.#store?.catch(() => null);
    await store?.close();
  }
}

/** Global options, and those of a command that are settings. */
export interface Flags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly home?: string;
  readonly dags?: string;
  readonly databaseUrl?: string;
  readonly host?: string;
  readonly port?: string;
}

/**
 * A handler as commander wants it: the arguments and options of the command follow the context, and the number it returns
 * becomes the exit code.
 */
export function perform<Given extends readonly unknown[]>(
  handler: (context: CommandContext, ...given: Given) => Promise<ExitCode | undefined>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    await using context = new CommandContext(command.optsWithGlobals());
    const exitCode = await handler(context, ...(all.slice(0, -1) as unknown as Given));
    if (exitCode !== undefined) process.exitCode = exitCode;
  };
}
