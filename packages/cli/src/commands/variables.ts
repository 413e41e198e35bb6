import { readFile } from 'node:fs/promises';
import { misspeltOwnVariable, ownVariables, validateVariable } from '@tsflow/core/config';
import { defined } from '@tsflow/core/defined';
import { InvalidInputError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerIfAny, answerOf, type Schemas } from '../door/api.ts';
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
  const { api } = await context.door();
  const items = (await answerOf(api.GET('/variables'))).items.map(asItem);
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
  const { api } = await context.door();
  const item = asItem(await answerOf(api.GET('/variables/{key}', { params: { path: { key } } })));
  if (item.isSecret) throw new InvalidInputError(`Variable ${key} is a secret: only tasks read it.`);
  context.out.result(item, () => asText(item.value));
  return undefined;
}

async function set(
  context: CommandContext,
  key: string,
  text: string,
  options: { description?: string; secret?: boolean; text?: boolean },
): Promise<undefined> {
  const value = validateVariable(key, options.text === true ? text : jsonOrText(text));
  const { api } = await context.door();
  const params = { path: { key } };
  const before = await answerIfAny(api.GET('/variables/{key}', { params }));
  const { description, secret } = options;
  const { isSecret } = await answerOf(
    api.PUT('/variables/{key}', { params, body: { value, ...defined({ description, isSecret: secret }) } }),
  );
  context.out.result({ key, value: isSecret ? null : value, isSecret }, () => {
    if (isSecret) return `${key} is set.`;
    const isNew = before === null || before.updatedAt === null;
    const old = isNew ? '' : ` (was ${before.isSecret ? 'a secret' : asText(before.value)})`;
    return `${key} = ${asText(value)}${old}`;
  });
  const meant = misspeltOwnVariable(key);
  if (meant !== undefined) {
    context.out.note(`warning: tsflow itself reads "${meant}"; "${key}" is a Variable of your own DAGs.`);
  }
  return undefined;
}

async function remove(context: CommandContext, key: string): Promise<undefined> {
  const { api } = await context.door();
  await answerOf(api.DELETE('/variables/{key}', { params: { path: { key } } }));
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
  const { api } = await context.door();
  for (const { key, value } of checked) {
    await answerOf(api.PUT('/variables/{key}', { params: { path: { key } }, body: { value } }));
  }
  context.out.result({ imported: checked.map(({ key }) => key) }, () =>
    checked.length === 1 ? '1 Variable is set.' : `${checked.length} Variables are set.`,
  );
  return undefined;
}

async function exportAll(context: CommandContext): Promise<undefined> {
  const { api } = await context.door();
  const { items } = await answerOf(api.GET('/variables'));
  // Defaults of tsflow's own that nobody has set are no decision of this installation.
  const stored = items.filter(({ updatedAt }) => updatedAt !== null);
  const secrets = stored.filter(({ isSecret }) => isSecret);
  const values = Object.fromEntries(
    stored.filter(({ isSecret }) => !isSecret).map(({ key, value }) => [key, value]),
  );
  context.out.print(JSON.stringify(values, null, 2));
  if (secrets.length > 0)
    context.out.note(`Left out, being secret: ${secrets.map((row) => row.key).join(', ')}.`);
  return undefined;
}

async function history(context: CommandContext, key: string): Promise<undefined> {
  const { api } = await context.door();
  const { items: changes } = await answerOf(
    api.GET('/variables/{key}/history', { params: { path: { key } } }),
  );
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

function asItem({ key, value, description, isSecret, updatedAt, updatedBy }: Schemas['Variable']) {
  return { key, value, description, isSecret, isDefault: updatedAt === null, updatedAt, updatedBy };
}

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function asText(value: unknown): string {
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
