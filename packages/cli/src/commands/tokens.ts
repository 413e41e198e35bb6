import { InvalidInputError } from '@tsflow/core/errors';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
import { answerOf } from '../door/api.ts';
import { formatInstant } from '../output/table.ts';
import { instantIn } from './date-option.ts';

export function register(program: Command): void {
  const tokens = program.command('tokens').description('API tokens of accounts');
  tokens.command('list <user>').description('the tokens of an account').action(perform(list));
  tokens
    .command('create <user>')
    .description('make a token with the role of an account; it is printed once')
    .requiredOption('--name <text>', 'what it is for')
    .option('--expires <date>', 'when it ends, UTC unless it says otherwise (default: never)')
    .action(perform(create));
  tokens.command('revoke <user> <id>').description('end a token').action(perform(revoke));
}

async function list(context: CommandContext, user: string): Promise<undefined> {
  const { api } = await context.door();
  const { items: tokens } = await answerOf(
    api.GET('/users/{name}/tokens', { params: { path: { name: user } } }),
  );
  context.out.table(
    tokens,
    [
      { title: 'id', value: (token) => token.id, align: 'right' },
      { title: 'name', value: (token) => token.name },
      { title: 'token', value: (token) => `${token.prefix}…` },
      { title: 'made', value: (token) => token.createdAt },
      { title: 'expires', value: (token) => token.expiresAt ?? 'never' },
      { title: 'last used', value: (token) => token.lastUsedAt ?? 'never' },
    ],
    `${user} has no tokens.`,
  );
  return undefined;
}

async function create(
  context: CommandContext,
  user: string,
  options: { name: string; expires?: string },
): Promise<undefined> {
  const { api } = await context.door();
  const expires = options.expires === undefined ? null : instantIn('UTC', options.expires, '--expires');
  const { id, name, expiresAt, token } = await answerOf(
    api.POST('/users/{name}/tokens', {
      params: { path: { name: user } },
      body: { name: options.name, expiresAt: expires },
    }),
  );
  context.out.result({ id, user, name, expiresAt, token }, () => {
    const until = expiresAt === null ? '' : `, until ${formatInstant(expiresAt)}`;
    return `Token ${id} of ${user}${until} is ${token} (shown only this once).`;
  });
  return undefined;
}

async function revoke(context: CommandContext, user: string, given: string): Promise<undefined> {
  if (!/^\d+$/.test(given)) throw new InvalidInputError(`token: expected its number, got "${given}".`);
  const id = Number(given);
  const { api } = await context.door();
  await answerOf(api.DELETE('/users/{name}/tokens/{id}', { params: { path: { name: user, id } } }));
  context.out.result({ id, user, revoked: true }, () => `Token ${id} of ${user} is ended.`);
  return undefined;
}
