import { readFile } from 'node:fs/promises';
import { type Connection, connectionOf, parseConnection } from '@tsflow/core/connections';
import { InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { JsonObject } from '@tsflow/core/json';
import { type ConnectionFacts, ConnectionVault, KeyFile } from '@tsflow/core/store';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { testConnection } from '../compose/connection-test.ts';
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
    .action(perform(test));
  connections
    .command('import <file>')
    .description('set every connection of a JSON file { "id": "uri" or { … } }; "-" reads standard input')
    .action(perform(importFile));
  connections
    .command('export')
    .description('print the connections of the store as JSON that `import` reads')
    .option('--with-secrets', 'with passwords and extras in plain text')
    .action(perform(exportAll));
  connections
    .command('rotate-key')
    .description('make a new key and seal every secret with it')
    .action(perform(rotate));
}

async function vaultOf(context: CommandContext): Promise<ConnectionVault> {
  const { home } = await context.config();
  return new ConnectionVault(await context.store(), new KeyFile(home), process.env);
}

async function list(context: CommandContext): Promise<undefined> {
  const found = await (await vaultOf(context)).list();
  context.out.table(
    found.map(record),
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
  const vault = await vaultOf(context);
  // Says what it says to a task when there is none.
  await vault.get(connectionId);
  const found = (await vault.list()).find((facts) => facts.connectionId === connectionId)!;
  context.out.result(record(found), () =>
    Object.entries({ ...record(found), hasPassword: undefined, password: found.hasPassword ? '***' : null })
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
  const { description } = options;
  const change = {
    ...(description === undefined ? {} : { description }),
    actor: context.actor,
    at: Date.now(),
  };
  await (await vaultOf(context)).set(connection, change);
  context.out.result({ connectionId, type: connection.type }, () => `${connectionId} is set.`);
  if (given !== '-' && (connection.password !== null || Object.keys(connection.extra).length > 0)) {
    context.out.note(
      'warning: secrets on a command line stay in the shell\'s history; "-" reads them from standard input.',
    );
  }
  return undefined;
}

async function remove(context: CommandContext, connectionId: string): Promise<undefined> {
  if (!(await (await vaultOf(context)).delete(connectionId, context.actor, Date.now()))) {
    throw new NotFoundError('Connection', connectionId, 'One of the environment is deleted there.');
  }
  context.out.result({ connectionId, deleted: true }, () => `${connectionId} is deleted.`);
  return undefined;
}

async function test(context: CommandContext, connectionId: string): Promise<undefined> {
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
  const vault = await vaultOf(context);
  for (const [connection, description] of connections)
    await vault.set(connection, { description, actor: context.actor, at: Date.now() });
  const imported = connections.map(([{ connectionId }]) => connectionId);
  context.out.result({ imported }, () =>
    imported.length === 1 ? '1 connection is set.' : `${imported.length} connections are set.`,
  );
  return undefined;
}

async function exportAll(context: CommandContext, options: { withSecrets?: boolean }): Promise<undefined> {
  const vault = await vaultOf(context);
  const stored = (await vault.list()).filter(({ source }) => source === 'store');
  const all: Record<string, unknown> = {};
  for (const { connectionId, description } of stored) {
    const { password, extra, connectionId: _, ...open } = await vault.get(connectionId);
    const secrets = options.withSecrets === true ? { password, extra } : {};
    all[connectionId] = { ...open, ...secrets, description };
  }
  context.out.print(JSON.stringify(all, null, 2));
  if (
    options.withSecrets !== true &&
    stored.some(({ hasPassword, extraKeys }) => hasPassword || extraKeys.length > 0)
  )
    context.out.note('Passwords and extras are left out: --with-secrets prints them.');
  return undefined;
}

async function rotate(context: CommandContext): Promise<undefined> {
  const sealed = await (await vaultOf(context)).rotate();
  context.out.result({ sealed }, () => `There is a new key; ${sealed} secrets are sealed with it.`);
  return undefined;
}

function record(facts: ConnectionFacts) {
  const { updatedAt } = facts;
  return { ...facts, updatedAt: updatedAt === null ? null : new Date(updatedAt).toISOString() };
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
