import { InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { ApiTokenTable, Store } from '@tsflow/core/store';
import { isRole } from './role.ts';
import { randomSecret, tokenHash } from './secret-token.ts';
import type { Account } from './session.ts';

/** What a token shows of itself: enough to recognise it, not to use it. */
export interface ApiToken {
  readonly id: number;
  readonly name: string;
  readonly prefix: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

/** How tokens begin, so that scanners of repositories find the ones that leaked. */
const SCHEME = 'tsflow_';
const PREFIX_LENGTH = SCHEME.length + 6;
/** How exactly the last use is known. */
const USED_EVERY_MS = 60_000;

/** Makes a token for a user and returns its text: the only copy there is. */
export async function createApiToken(
  store: Store,
  args: {
    readonly userId: number;
    readonly name: string;
    readonly now: number;
    readonly expiresAt: number | null;
  },
): Promise<{ readonly token: string; readonly record: ApiToken }> {
  if (args.name.trim() === '') throw new InvalidInputError('name: expected what the token is for.');
  if (args.expiresAt !== null && args.expiresAt <= args.now) {
    throw new InvalidInputError('expiresAt: expected an instant in the future.');
  }
  const token = SCHEME + randomSecret();
  const row = {
    userId: args.userId,
    name: args.name,
    prefix: token.slice(0, PREFIX_LENGTH),
    tokenHash: tokenHash(token),
    createdAt: args.now,
    expiresAt: args.expiresAt,
    lastUsedAt: null,
  };
  const { id } = await store.db
    .insertInto('apiToken')
    .values(row as typeof row & Pick<ApiTokenTable, 'id'>)
    .returning('id')
    .executeTakeFirstOrThrow();
  return { token, record: apiToken({ ...row, id }) };
}

/** The tokens of a user, newest first. */
export async function listApiTokens(store: Store, userId: number): Promise<readonly ApiToken[]> {
  const rows = await store.db
    .selectFrom('apiToken')
    .selectAll()
    .where('userId', '=', userId)
    .orderBy('id', 'desc')
    .execute();
  return rows.map(apiToken);
}

/** Ends a token. Throws {@link NotFoundError} when the user has none with that id. */
export async function deleteApiToken(store: Store, userId: number, id: number): Promise<void> {
  const { numDeletedRows } = await store.db
    .deleteFrom('apiToken')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .executeTakeFirst();
  if (Number(numDeletedRows) === 0) throw new NotFoundError('API token', String(id));
}

/** The account behind a token; null when it is unknown or expired, or the user was disabled. */
export async function accountOfApiToken(store: Store, token: string, now: number): Promise<Account | null> {
  if (!token.startsWith(SCHEME)) return null;
  const row = await store.db
    .selectFrom('apiToken')
    .innerJoin('user', 'user.id', 'apiToken.userId')
    .select([
      'apiToken.id',
      'apiToken.expiresAt',
      'apiToken.lastUsedAt',
      'user.id as userId',
      'user.name',
      'user.role',
    ])
    .where('apiToken.tokenHash', '=', tokenHash(token))
    .where('user.disabledAt', 'is', null)
    .executeTakeFirst();
  if (row === undefined || !isRole(row.role)) return null;
  if (row.expiresAt !== null && row.expiresAt <= now) return null;
  if (row.lastUsedAt === null || row.lastUsedAt < now - USED_EVERY_MS) {
    await store.db.updateTable('apiToken').set({ lastUsedAt: now }).where('id', '=', row.id).execute();
  }
  return { userId: row.userId, name: row.name, role: row.role };
}

function apiToken(row: Omit<ApiTokenTable, 'userId' | 'tokenHash'>): ApiToken {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    lastUsedAt: row.lastUsedAt,
  };
}
