import { userInfo } from 'node:os';
import type { Config, LoadedConfig } from '@tsflow/core/config';
import { InvalidInputError } from '@tsflow/core/errors';
import type { Store } from '@tsflow/core/store';
import type { Command } from 'commander';
import type { Door } from './door/door.ts';
import type { ExitCode } from './exit-code.ts';
import { Output } from './output/output.ts';

/** Global options, and those of a command that are settings. */
export interface Flags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly home?: string;
  readonly dags?: string;
  readonly databaseUrl?: string;
  readonly host?: string;
  readonly port?: string;
  readonly server?: string;
  readonly tokenFile?: string;
}

/** What a command works with that is about this machine. Configuration and database are opened when they are first asked for. */
export class LocalContext implements AsyncDisposable {
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

/** What a command works with that is about an installation, wherever that is: this machine's database, or a server. */
export class CommandContext implements AsyncDisposable {
  readonly out: Output;
  readonly #flags: Flags;
  readonly #local: LocalContext;
  #door: Promise<Door> | null = null;

  constructor(flags: Flags) {
    this.#flags = flags;
    this.#local = new LocalContext(flags);
    this.out = this.#local.out;
  }

  /** The door to the installation; opened when it is first asked for. */
  door(): Promise<Door> {
    this.#door ??= this.#open();
    return this.#door;
  }

  async #open(): Promise<Door> {
    const note = (text: string) => this.out.note(text);
    const address = serverOf(this.#flags, process.env);
    if (address !== null) {
      const { databaseUrl, home, dags, tokenFile } = this.#flags;
      const local = Object.entries({ '--database-url': databaseUrl, '--home': home, '--dags': dags });
      const [flag] = local.find(([, value]) => value !== undefined) ?? [];
      if (flag !== undefined) {
        throw new InvalidInputError(
          `${flag} is about this machine, and ${address.name} names a server: give one of them.`,
        );
      }
      const { openServerDoor } = await import('./door/server-door.ts');
      return openServerDoor({ address, tokenFile, env: process.env, note });
    }
    const [{ openDatabaseDoor }, store, config] = await Promise.all([
      import('./door/database-door.ts'),
      this.#local.store(),
      this.#local.config(),
    ]);
    return openDatabaseDoor({ store, config, actor: this.#local.actor, note });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const door = await this.#door?.catch(() => null);
    await door?.[Symbol.asyncDispose]();
    await this.#local[Symbol.asyncDispose]();
  }
}

/** The server that was named, and where; null: none. It never comes out of a file of the current folder. */
export function serverOf(
  { server }: Pick<Flags, 'server'>,
  env: NodeJS.ProcessEnv,
): { readonly text: string; readonly name: string } | null {
  if (server !== undefined) return { text: server, name: '--server' };
  const text = env.TSFLOW_SERVER_URL;
  return text === undefined || text === '' ? null : { text, name: 'TSFLOW_SERVER_URL' };
}

/**
 * A handler as commander wants it: the arguments and options of the command follow the context, and the number it returns
 * becomes the exit code.
 */
export function perform<Given extends readonly unknown[]>(
  handler: (context: CommandContext, ...given: Given) => Promise<ExitCode | undefined>,
): (...given: [...Given, Command]) => Promise<void> {
  return performWith((command) => new CommandContext(command.optsWithGlobals()), handler);
}

/**
 * The same for a command that works on this machine alone. With `--server` it says so; one that works on this machine's
 * `installation`, and not on its `files` only, also when the environment names a server: whoever set that means another installation.
 */
export function performHere<Given extends readonly unknown[]>(
  works: 'files' | 'installation',
  handler: (context: LocalContext, ...given: Given) => Promise<ExitCode | undefined>,
): (...given: [...Given, Command]) => Promise<void> {
  return performWith((command) => {
    const flags = command.optsWithGlobals<Flags>();
    const named = serverOf(flags, works === 'files' ? {} : process.env);
    if (named !== null) throw new InvalidInputError(staysHere(nameOf(command), named.name, works));
    return new LocalContext(flags);
  }, handler);
}

function staysHere(command: string, name: string, works: 'files' | 'installation'): string {
  const on = works === 'files' ? "this machine's files" : "this machine's own installation";
  const remedy =
    name === '--server'
      ? 'leave --server out'
      : `run it there, or without that: env -u ${name} tsflow ${command} …`;
  return `\`tsflow ${command}\` works on ${on}, not through a server (${name}): ${remedy}.`;
}

/** `connections test` of the command that has this name. */
function nameOf(command: Command): string {
  const parent = command.parent;
  return parent?.parent == null ? command.name() : `${nameOf(parent)} ${command.name()}`;
}

function performWith<Context extends AsyncDisposable, Given extends readonly unknown[]>(
  contextOf: (command: Command) => Context,
  handler: (context: Context, ...given: Given) => Promise<ExitCode | undefined>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...all) => {
    await using context = contextOf(all.at(-1) as Command);
    const exitCode = await handler(context, ...(all.slice(0, -1) as unknown as Given));
    if (exitCode !== undefined) process.exitCode = exitCode;
  };
}
