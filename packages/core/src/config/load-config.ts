import { chmodSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { didYouMean, InvalidInputError } from '../errors.ts';
import type { AlertRule } from '../notifiers/alert.ts';
import type { Config } from './config.ts';
import { absolutePaths, inconsistencies, settingDefinitions } from './settings.ts';

/** What `tsflow.config.ts` exports and what flags give: any part of {@link Config}. Durations may be text such as `'30s'`. */
export type UserConfig = {
  readonly [K in keyof Config]?: K extends 'alerts'
    ? string | readonly AlertRule[]
    : Config[K] extends number
      ? number | string
      : Config[K];
};

/** Checks the content of a `tsflow.config.ts` while it is typed: `export default defineConfig({ port: 9000 })`. */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}

/** Where settings come from; later members win. */
export interface ConfigSources {
  /** The project: relative paths are read from here. */
  readonly cwd: string;
  /** What `tsflow.config.ts` exported, and its path for messages. */
  readonly file?: { readonly path: string; readonly values: unknown } | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: Readonly<Partial<Record<keyof Config, string | number | undefined>>>;
}

/** One line of `tsflow config list`. */
export interface Setting {
  readonly name: keyof Config;
  readonly variable: string;
  readonly value: string | number;
  readonly source: 'default' | 'file' | 'environment' | 'flag';
  readonly description: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly settings: readonly Setting[];
}

/**
 * Puts the settings together. Throws one {@link InvalidInputError} that lists every problem: values that do not fit, names
 * that do not exist (with the name that was probably meant), settings that contradict each other.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const problems: string[] = [];
  const fromFile = fileValues(sources.file, problems);
  problems.push(...unknownVariables(sources.env));

  const found = new Map<keyof Config, { value: string | number; source: Setting['source'] }>();
  const base = { cwd: sources.cwd, home: '' };
  for (const name of settingNames) {
    const definition = settingDefinitions[name];
    const given = newest(sources, fromFile, name);
    if (given === null) {
      found.set(name, { value: definition.fallback(base), source: 'default' });
    } else {
      const parsed = definition.schema.safeParse(given.value);
      if (parsed.success) found.set(name, { value: parsed.data, source: given.source });
      else
        problems.push(`${given.label}: expected ${definition.expected}, got ${JSON.stringify(given.value)}.`);
    }
    // `home` is the first setting: the default of the database hangs on it.
    if (name === 'home') base.home = resolve(sources.cwd, String(found.get('home')?.value ?? '.tsflow'));
  }

  if (problems.length === 0) {
    const values = Object.fromEntries([...found].map(([name, { value }]) => [name, value]));
    const config = absolutePaths(values as unknown as Config, sources.cwd);
    problems.push(...inconsistencies(config));
    if (problems.length === 0) return { config, settings: describe(config, found) };
  }
  throw new InvalidInputError(
    problems.length === 1
      ? `The configuration has a problem: ${problems[0]}`
      : `The configuration has ${problems.length} problems:\n${problems.map((p) => `- ${p}`).join('\n')}`,
  );
}

/** The settings of an installation in `cwd` about which nobody said anything. */
export function defaults(cwd: string): Config {
  return loadConfig({ cwd, env: {} }).config;
}

/** Makes the home of the installation, for its owner alone. Loose permissions of an existing one are tightened. */
export function makeHome(config: Pick<Config, 'home'>): void {
  mkdirSync(config.home, { recursive: true, mode: 0o700 });
  // mkdir's mode passes through the umask and does nothing for a folder that exists.
  chmodSync(config.home, 0o700);
}

/** A database URL without its password: for logs and screens. */
export function maskedDatabaseUrl(url: string): string {
  return url
    .replace(/^(postgres(?:ql)?:\/\/[^:@/]*):[^@]*@/, '$1:***@')
    .replace(/([?&]password=)[^&]*/g, '$1***');
}

/** How the command line finds a server. They are no settings of an installation, and no file of a folder can set them. */
const SERVER_NAMES = [
  'TSFLOW_SERVER_URL',
  'TSFLOW_SERVER_TIMEOUT',
  'TSFLOW_TOKEN',
  'TSFLOW_TOKEN_FILE',
  'TSFLOW_ALLOW_HTTP',
] as const;

/**
 * Names with our prefix that are no settings: what a task's commands find in their environment, what tests use. A task may call
 * `tsflow`, so they are not reported as unknown.
 */
const otherNames: ReadonlySet<string> = new Set([
  ...SERVER_NAMES,
  'TSFLOW_CONFIG',
  'TSFLOW_FAILPOINT',
  'TSFLOW_SEED',
  'TSFLOW_ATTEMPT_ID',
  'TSFLOW_DAG_ID',
  'TSFLOW_RUN_ID',
  'TSFLOW_RUN_TYPE',
  'TSFLOW_TASK_ID',
  'TSFLOW_MAP_INDEX',
  'TSFLOW_TRY_NUMBER',
  'TSFLOW_LOGICAL_DATE',
  'TSFLOW_DATA_INTERVAL_START',
  'TSFLOW_DATA_INTERVAL_END',
  'TSFLOW_DS',
  'TSFLOW_TIMEZONE',
  'TSFLOW_PARAMS',
]);
const otherPrefixes = ['TSFLOW_PARAM_', 'TSFLOW_VAR_', 'TSFLOW_CONN_', 'TSFLOW_TEST_'];

const settingNames = Object.keys(settingDefinitions) as (keyof Config)[];

function unknownVariables(env: ConfigSources['env']): string[] {
  const known = settingNames.map((name) => settingDefinitions[name].variable);
  return Object.keys(env)
    .filter((name) => name.startsWith('TSFLOW_') && !known.includes(name) && !otherNames.has(name))
    .filter((name) => !otherPrefixes.some((prefix) => name.startsWith(prefix)))
    .map(
      (name) =>
        `${name}: there is no such setting.${suggestion(name, [...known, ...SERVER_NAMES, 'TSFLOW_CONFIG'])}`,
    );
}

function fileValues(file: ConfigSources['file'], problems: string[]): Record<string, unknown> {
  if (file === undefined) return {};
  if (typeof file.values !== 'object' || file.values === null || Array.isArray(file.values)) {
    problems.push(`${file.path}: expected \`export default defineConfig({ … })\` with an object.`);
    return {};
  }
  for (const name of Object.keys(file.values)) {
    if (!(settingNames as string[]).includes(name)) {
      problems.push(`${name} in ${file.path}: there is no such setting.${suggestion(name, settingNames)}`);
    }
  }
  return file.values as Record<string, unknown>;
}

/** What was said last about a setting. An empty environment variable says nothing. */
function newest(
  { env, flags, file }: ConfigSources,
  fromFile: Record<string, unknown>,
  name: keyof Config,
): { value: unknown; source: Setting['source']; label: string } | null {
  const { variable } = settingDefinitions[name];
  const flag = flags?.[name];
  if (flag !== undefined) return { value: flag, source: 'flag', label: `--${kebab(name)}` };
  const text = env[variable];
  if (text !== undefined && text !== '') return { value: text, source: 'environment', label: variable };
  const value = fromFile[name];
  if (value !== undefined) return { value, source: 'file', label: `${name} in ${file?.path}` };
  return null;
}

function describe(
  config: Config,
  found: ReadonlyMap<keyof Config, { source: Setting['source'] }>,
): readonly Setting[] {
  return settingNames.map((name) => ({
    name,
    variable: settingDefinitions[name].variable,
    value: name === 'databaseUrl' ? maskedDatabaseUrl(config.databaseUrl) : config[name],
    source: found.get(name)!.source,
    description: settingDefinitions[name].description,
  }));
}

function suggestion(given: string, known: readonly string[]): string {
  // Half a name says more than one of a similar length.
  const meant = known.find((name) => name.startsWith(`${given}_`)) ?? didYouMean(given, known);
  return meant === undefined ? '' : ` Did you mean ${meant}?`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
