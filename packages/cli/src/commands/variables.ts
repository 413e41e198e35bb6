import { readFile } from 'node:fs/promises';
import { misspeltOwnVariable, ownVariables, validateVariable } from '@tsflow/core/config';
import { InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import type { VariableTable } from '@tsflow/core/store';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { formatInstant } from '../output/table.ts';
import { readStandardInput } from './standard-input.ts';

export function register(program: Command): void {
  const variables = program
    .command('variables')
    .description('read and change Variables, live limits such as parallelism among them');

  variables
    .command('list')
    .description("every Variable; tsflow's own also when they were never set")
    .action(perform(list));
  variables
    .command('get <key>')
    .description('print one value: text as it is, anything else as JSON')
    .action(perform(get));
  variables
    .command('set <key> <value>')
    .description('set a Variable; what reads as JSON is stored as JSON, everything else as text')
    .option('--description <text>', 'what it is for')
    .option('--secret', 'never print it again, and mask it in logs')
    .option('--text', 'store the value as text even if it reads as JSON')
    .action(perform(set));
  variables
    .command('delete <key>')
    .description('delete a Variable; its default applies')
    .action(perform(remove));
  variables
    .command('import <file>')
    .description('set every Variable of a JSON file { "key": value }; "-" reads standard input')
    .action(perform(importFile));
  variables
    .command('export')
    .description('print every Variable that is no secret as JSON that `import` reads')
    .action(perform(exportAll));
  variables
    .command('history <key>')
    .description('who changed it, when, from what to what')
    .action(perform(history));
}

async function list(context: CommandContext): Promise<undefined> {
  const store = await context.store();
  const stored = (await store.variables.list()).map(asItem);
  const unset = Object.entries(ownVariables)
    .filter(([key]) => !stored.some((item) => item.key === key))
    .map(([key, own]) => ({
      key,
      value: own.default as Json,
      description: own.description as string | null,
      isSecret: false,
      isDefault: true,
      updatedAt: null,
      updatedBy: null,
    }));
  const items = [...unset, ...stored].sort((a, b) => (a.key < b.key ? -1 : 1));
  context.out.table(
    items,
    [
      { title: 'key', value: (item) => item.key },
      { title: 'value', value: (item) => (item.isSecret ? '***' : asText(item.value)) },
      { title: 'changed', value: (item) => formatInstant(item.updatedAt) || '(default)' },
      { title: 'by', value: (item) => item.updatedBy },
      { title: 'description', value: (item) => item.description },
    ],
    'There are no Variables.',
  );
  return undefined;
}

async function get(context: CommandContext, key: string): Promise<undefined> {
  const store = await context.store();
  const stored = await store.variables.get(key);
  if (stored !== null) {
    if (stored.isSecret === 1) {
      throw new InvalidInputError(`Variable ${key} is a secret: only tasks read it.`);
    }
    const value = JSON.parse(stored.value) as Json;
    context.out.result(asItem(stored), () => asText(value));
    return undefined;
  }
  const own = ownVariables[key];
  if (own === undefined) throw new NotFoundError('Variable', key, 'See `tsflow variables list`.');
  context.out.result({ key, value: own.default, isDefault: true }, () => String(own.default));
  return undefined;
}

async function set(
  context: CommandContext,
  key: string,
  given: string,
  options: { description?: string; secret?: boolean; text?: boolean },
): Promise<undefined> {
  const value = validateVariable(key, options.text === true ? given : jsonOrText(given));
  const store = await context.store();
  const before = await store.variables.get(key);
  await store.variables.set({
    key,
    value: JSON.stringify(value),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.secret === undefined ? {} : { isSecret: options.secret }),
    actor: context.actor,
    at: Date.now(),
  });
  const isSecret = options.secret ?? before?.isSecret === 1;
  context.out.result({ key, value: isSecret ? null : value, isSecret }, () => {
    if (isSecret) return `${key} is set.`;
    const old = before === null ? '' : ` (was ${asText(JSON.parse(before.value) as Json)})`;
    return `${key} = ${asText(value)}${old}`;
  });
  const meant = misspeltOwnVariable(key);
  if (meant !== undefined) {
    context.out.note(`warning: tsflow itself reads "${meant}"; "${key}" is a Variable of your own DAGs.`);
  }
  return undefined;
}

async function remove(context: CommandContext, key: string): Promise<undefined> {
  const store = await context.store();
  if (!(await store.variables.delete(key, context.actor, Date.now())))
    throw new NotFoundError('Variable', key);
  const own = ownVariables[key];
  context.out.result({ key, deleted: true }, () =>
    own === undefined ? `${key} is deleted.` : `${key} is back at its default, ${own.default}.`,
  );
  return undefined;
}

async function importFile(context: CommandContext, file: string): Promise<undefined> {
  const values = readValues(file === '-' ? await readStandardInput() : await readFile(file, 'utf8'), file);
  // All of them are checked before the first is written.
  const checked = Object.entries(values).map(([key, value]) => ({
    key,
    value: validateVariable(key, value),
  }));
  const store = await context.store();
  for (const { key, value } of checked) {
    await store.variables.set({ key, value: JSON.stringify(value), actor: context.actor, at: Date.now() });
  }
  context.out.result({ imported: checked.map(({ key }) => key) }, () =>
    checked.length === 1 ? '1 Variable is set.' : `${checked.length} Variables are set.`,
  );
  return undefined;
}

async function exportAll(context: CommandContext): Promise<undefined> {
  const store = await context.store();
  const stored = await store.variables.list();
  const secrets = stored.filter((row) => row.isSecret === 1);
  const values = Object.fromEntries(
    stored.filter((row) => row.isSecret !== 1).map((row) => [row.key, JSON.parse(row.value) as Json]),
  );
  context.out.print(JSON.stringify(values, null, 2));
  if (secrets.length > 0)
    context.out.note(`Left out, being secret: ${secrets.map((row) => row.key).join(', ')}.`);
  return undefined;
}

async function history(context: CommandContext, key: string): Promise<undefined> {
  const store = await context.store();
  const isSecret = (await store.variables.get(key))?.isSecret === 1;
  const shown = (text: string | null) =>
    text === null ? null : isSecret ? '***' : (JSON.parse(text) as Json);
  const changes = (await store.variables.history(key)).map((change) => ({
    at: new Date(change.at).toISOString(),
    actor: change.actor,
    from: shown(change.fromValue),
    to: shown(change.toValue),
  }));
  context.out.table(
    changes,
    [
      { title: 'when', value: (change) => formatInstant(change.at) },
      { title: 'who', value: (change) => change.actor },
      { title: 'from', value: (change) => (change.from === null ? '' : asText(change.from)) },
      { title: 'to', value: (change) => (change.to === null ? '(deleted)' : asText(change.to)) },
    ],
    `${key} was never changed.`,
  );
  return undefined;
}

function asItem(row: VariableTable) {
  return {
    key: row.key,
    value: row.isSecret === 1 ? null : (JSON.parse(row.value) as Json),
    description: row.description ?? ownVariables[row.key]?.description ?? null,
    isSecret: row.isSecret === 1,
    isDefault: false,
    updatedAt: new Date(row.updatedAt).toISOString(),
    updatedBy: row.updatedBy,
  };
}

function jsonOrText(given: string): Json {
  try {
    return JSON.parse(given) as Json;
  } catch {
    return given;
  }
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function readValues(text: string, file: string): Record<string, Json> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw new InvalidInputError(`${file}: expected JSON.`, { cause: thrown });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Record<string, Json>;
  throw new InvalidInputError(`${file}: expected a JSON object { "key": value, … }.`);
}
