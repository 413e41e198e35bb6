import { readFile } from 'node:fs/promises';
import { type Connection, connectionOf, parseConnection } from '@tsflow/core/connections';
import { InvalidInputError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { ConnectionVault, KeyFile } from '@tsflow/core/store';
import type { Command } from 'commander';
import { type CommandContext, type LocalContext, perform, performHere } from '../command-context.ts';
import { testConnection } from '../compose/connection-test.ts';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';
import { formatInstant } from '../output/table.ts';
import { readStandardInput } from './standard-input.ts';

export function register(program: Command): void {
  const connections = program
    .command('connections')
    .description('how tasks and notifiers reach other systems; secrets are sealed and never printed');
  connections
    .command('list')
    .description('every connection, of the environment (TSFLOW_CONN_<ID>) and of the store')
    .action(perform(list));
  connections.command('get <id>').description('one connection without its secrets').action(perform(get));
  connections
    .command('set <id> <uri>')
    .alias('add')
    .description(
      'set a connection: a URI or JSON; "-" reads it from standard input, so that no shell keeps it',
    )
    .option('--description <text>', 'what it is for')
    .action(perform(set));
  connections.command('delete <id>').description('delete a connection of the store').action(perform(remove));
  connections
    .command('test <id>')
    .description('reach the system: connects, sends nothing that changes it')
    .action(performHere('installation', test));
  connections
    .command('import <file>')
    .description('set every connection of a JSON file { "id": "uri" or { … } }; "-" reads standard input')
    .action(perform(importFile));
  connections
    .command('export')
    .description('print the connections of the store as JSON that `import` reads')
    .option('--with-secrets', 'with passwords and extras in plain text')
    .action((options: { withSecrets?: boolean }, command: Command) =>
      options.withSecrets === true
        ? performHere('installation', exportWithSecrets)(command)
        : perform(exportOpen)(command),
    );
  connections
    .command('rotate-key')
    .description('make a new key and seal every secret with it')
    .action(performHere('installation', rotate));
}

async function vaultOf(context: LocalContext): Promise<ConnectionVault> {
  const { home } = await context.config();
  return new ConnectionVault(await context.store(), new KeyFile(home), process.env);
}

async function list(context: CommandContext): Promise<undefined> {
  const { api } = await context.door();
  const { items } = await answerOf(api.GET('/connections'));
  context.out.table(
    items,
    [
      { title: 'id', value: (item) => item.connectionId },
      { title: 'type', value: (item) => item.type },
      { title: 'host', value: (item) => (item.port === null ? item.host : `${item.host}:${item.port}`) },
      { title: 'schema', value: (item) => item.schema },
      { title: 'login', value: (item) => item.login },
      { title: 'password', value: (item) => (item.hasPassword ? '***' : null) },
      { title: 'extra', value: (item) => item.extraKeys.join(', ') },
      { title: 'from', value: (item) => item.source },
      { title: 'changed', value: (item) => formatInstant(item.updatedAt) },
    ],
    'There are no connections.',
  );
  return undefined;
}

async function get(context: CommandContext, connectionId: string): Promise<undefined> {
  const { api } = await context.door();
  const found = await answerOf(
    api.GET('/connections/{connectionId}', { params: { path: { connectionId } } }),
  );
  context.out.result(found, () =>
    Object.entries({ ...found, hasPassword: undefined, password: found.hasPassword ? '***' : null })
      .filter(([, value]) => value !== undefined && value !== null && value !== '')
      .map(([name, value]) => `${name.padEnd(14)}${String(value)}`)
      .join('\n'),
  );
  return undefined;
}

async function set(
  context: CommandContext,
  connectionId: string,
  given: string,
  options: { description?: string },
): Promise<undefined> {
  const text = given === '-' ? await readStandardInput() : given;
  const connection = parseConnection(connectionId, text, 'The connection');
  await setConnection(await context.door(), connection, options.description);
  context.out.result({ connectionId, type: connection.type }, () => `${connectionId} is set.`);
  if (given !== '-' && (connection.password !== null || Object.keys(connection.extra).length > 0)) {
    context.out.note(
      'warning: secrets on a command line stay in the shell\'s history; "-" reads them from standard input.',
    );
  }
  return undefined;
}

async function remove(context: CommandContext, connectionId: string): Promise<undefined> {
  const { api } = await context.door();
  await answerOf(api.DELETE('/connections/{connectionId}', { params: { path: { connectionId } } }));
  context.out.result({ connectionId, deleted: true }, () => `${connectionId} is deleted.`);
  return undefined;
}

async function test(context: LocalContext, connectionId: string): Promise<undefined> {
  const connection = await (await vaultOf(context)).get(connectionId);
  const said = await testConnection(connection);
  context.out.result({ connectionId, reached: true, said }, () => `${connectionId} answers: ${said}.`);
  return undefined;
}

async function importFile(context: CommandContext, file: string): Promise<undefined> {
  const given = jsonObject(file === '-' ? await readStandardInput() : await readFile(file, 'utf8'), file);
  // All of them are checked before the first is written.
  const connections = Object.entries(given).map(([id, value]): [Connection, string | null] => {
    const where = `${file}: ${id}`;
    if (typeof value === 'string') return [parseConnection(id, value, where), null];
    const members = value as JsonObject;
    const { description = null } = members;
    return [connectionOf(id, members, where), typeof description === 'string' ? description : null];
  });
  const door = await context.door();
  for (const [connection, description] of connections) await setConnection(door, connection, description);
  const imported = connections.map(([{ connectionId }]) => connectionId);
  context.out.result({ imported }, () =>
    imported.length === 1 ? '1 connection is set.' : `${imported.length} connections are set.`,
  );
  return undefined;
}

/** As `import` reads it, without what is secret. */
async function exportOpen(context: CommandContext): Promise<undefined> {
  const { api } = await context.door();
  const { items } = await answerOf(api.GET('/connections'));
  const stored = items.filter(({ source }) => source === 'store');
  const all = stored.map(({ connectionId, type, host, port, login, schema, description }) => [
    connectionId,
    { type, host, port, login, schema, description },
  ]);
  context.out.print(JSON.stringify(Object.fromEntries(all), null, 2));
  if (stored.some(({ hasPassword, extraKeys }) => hasPassword || extraKeys.length > 0))
    context.out.note('Passwords and extras are left out: --with-secrets prints them.');
  return undefined;
}

/** The same with the secrets, which takes the key of the installation: no server gives them away. */
async function exportWithSecrets(context: LocalContext): Promise<undefined> {
  const vault = await vaultOf(context);
  const stored = (await vault.list()).filter(({ source }) => source === 'store');
  const all: Record<string, unknown> = {};
  for (const { connectionId, description } of stored) {
    const { connectionId: _, password, extra, ...open } = await vault.get(connectionId);
    all[connectionId] = { ...open, password, extra, description };
  }
  context.out.print(JSON.stringify(all, null, 2));
  return undefined;
}

async function rotate(context: LocalContext): Promise<undefined> {
  const sealed = await (await vaultOf(context)).rotate();
  context.out.result({ sealed }, () => `There is a new key; ${sealed} secrets are sealed with it.`);
  return undefined;
}

/** All of it is said: what is not in it is not kept from before. */
async function setConnection(
  { api }: Door,
  { connectionId, extra, ...open }: Connection,
  description: string | null | undefined,
): Promise<void> {
  const body: Schemas['NewConnection'] = {
    ...open,
    extra: { ...extra },
    ...(description === undefined ? {} : { description }),
  };
  await answerOf(api.PUT('/connections/{connectionId}', { params: { path: { connectionId } }, body }));
}

function jsonObject(text: string, file: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Without the parser's words: they quote what may be a secret.
    throw new InvalidInputError(`${file}: expected JSON.`);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as JsonObject;
  throw new InvalidInputError(`${file}: expected a JSON object { "id": … }.`);
}
