import { InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { Store } from '@tsflow/core/store';
import { createApiToken, deleteApiToken, listApiTokens } from '@tsflow/webserver';
import type { Command } from 'commander';
import { type CommandContext, perform } from '../command-context.ts';
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
  const store = await context.store();
  const tokens = (await listApiTokens(store, await userId(store, user))).map((token) => ({
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    createdAt: iso(token.createdAt),
    expiresAt: iso(token.expiresAt),
    lastUsedAt: iso(token.lastUsedAt),
  }));
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
  const store = await context.store();
  const { token, record } = await createApiToken(store, {
    userId: await userId(store, user),
    name: options.name,
    now: Date.now(),
    expiresAt:
      options.expires === undefined ? null : Date.parse(instantIn('UTC', options.expires, '--expires')),
  });
  const { id, name, expiresAt } = record;
  context.out.result({ id, user, name, expiresAt: iso(expiresAt), token }, () => {
    const until = expiresAt === null ? '' : `, until ${formatInstant(expiresAt)}`;
    return `Token ${id} of ${user}${until} is ${token} (shown only this once).`;
  });
  return undefined;
}

async function revoke(context: CommandContext, user: string, given: string): Promise<undefined> {
  if (!/^\d+$/.test(given)) throw new InvalidInputError(`token: expected its number, got "${given}".`);
  const store = await context.store();
  await deleteApiToken(store, await userId(store, user), Number(given));
  context.out.result({ id: Number(given), user, revoked: true }, () => `Token ${given} of ${user} is ended.`);
  return undefined;
}

async function userId(store: Store, name: string): Promise<number> {
  const row = await store.db.selectFrom('user').select('id').where('name', '=', name).executeTakeFirst();
  if (row !== undefined) return row.id;
  throw new NotFoundError('User', name, 'See `tsflow users list`.');
}

const iso = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant).toISOString();
