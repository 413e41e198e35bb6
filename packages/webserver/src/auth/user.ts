import { ConflictError, InvalidInputError, NotFoundError } from '@tsflow/core/errors';
import type { Store, UserTable } from '@tsflow/core/store';
import { generatePassword, hashPassword, verifyPassword } from './password.ts';
import { isRole, ROLES, type Role } from './role.ts';
import { type Account, closeSessionsOf } from './session.ts';

/** A user, without anything secret. Instants are milliseconds UTC. */
export interface User {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  /** Null: may log in. */
  readonly disabledAt: number | null;
}

/** Name of the first user. */
const FIRST_USER = 'admin';

/**
 * Makes the first user, `admin`, when there is none, and returns the password to print once; null when somebody exists. There are no
 * default credentials.
 */
export async function ensureAdmin(
  store: Store,
  now: number = Date.now(),
): Promise<{ readonly name: string; readonly password: string } | null> {
  const anybody = await store.db.selectFrom('user').select('id').limit(1).executeTakeFirst();
  if (anybody !== undefined) return null;
  const password = generatePassword();
  try {
    await createUser(store, { name: FIRST_USER, password, role: 'Admin', now });
  } catch (error) {
    // Another process was first.
    if (error instanceof ConflictError) return null;
    throw error;
  }
  return { name: FIRST_USER, password };
}

/** Throws {@link InvalidInputError} for a bad name, role or password and {@link ConflictError} when the name is taken. */
export async function createUser(
  store: Store,
  args: { readonly name: string; readonly password: string; readonly role: string; readonly now: number },
): Promise<User> {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]{0,99}$/u.test(args.name)) {
    throw new InvalidInputError(
      `name: expected 1 to 100 letters, digits, "_", ".", "@", "+" or "-", got ${JSON.stringify(args.name)}.`,
    );
  }
  const row = {
    name: args.name,
    passwordHash: await hashPassword(args.password),
    role: checkedRole(args.role),
    createdAt: args.now,
    disabledAt: null,
  };
  const inserted = await store.db
    .insertInto('user')
    .values(row as typeof row & Pick<UserTable, 'id'>)
    .onConflict((on) => on.column('name').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted === undefined) throw new ConflictError(`User "${args.name}" exists.`, { name: args.name });
  return user({ ...row, id: inserted.id });
}

export async function listUsers(store: Store): Promise<readonly User[]> {
  return (await store.db.selectFrom('user').selectAll().orderBy('name').execute()).map(user);
}

/**
 * Changes a user. A new password, and being disabled, ends their sessions. Throws {@link NotFoundError}, and {@link ConflictError}
 * rather than leaving nobody with the role Admin.
 */
export async function changeUser(
  store: Store,
  name: string,
  change: {
    readonly role?: string | undefined;
    readonly password?: string | undefined;
    readonly isDisabled?: boolean | undefined;
    readonly now: number;
  },
): Promise<User> {
  const before = await userRow(store, name);
  const after = {
    ...before,
    role: change.role === undefined ? before.role : checkedRole(change.role),
    passwordHash: change.password === undefined ? before.passwordHash : await hashPassword(change.password),
    disabledAt:
      change.isDisabled === undefined
        ? before.disabledAt
        : change.isDisabled
          ? (before.disabledAt ?? change.now)
          : null,
  };
  if (after.role !== 'Admin' || after.disabledAt !== null) await assertAnotherAdmin(store, before);
  const { role, passwordHash, disabledAt } = after;
  await store.db
    .updateTable('user')
    .set({ role, passwordHash, disabledAt })
    .where('id', '=', before.id)
    .execute();
  if (change.password !== undefined || after.disabledAt !== null) await closeSessionsOf(store, before.id);
  return user(after);
}

/** The account behind a name and a password; null when they do not fit, which takes equally long for any reason. */
export async function accountOfPassword(
  store: Store,
  name: string,
  password: string,
): Promise<Account | null> {
  const row = await store.db.selectFrom('user').selectAll().where('name', '=', name).executeTakeFirst();
  const isRight = await verifyPassword(password, row?.passwordHash ?? null);
  if (!isRight || row === undefined || row.disabledAt !== null || !isRole(row.role)) return null;
  return { userId: row.id, name: row.name, role: row.role };
}

/** One user. Throws {@link NotFoundError}. */
export async function getUser(store: Store, name: string): Promise<User> {
  return user(await userRow(store, name));
}

async function userRow(store: Store, name: string): Promise<UserTable> {
  const row = await store.db.selectFrom('user').selectAll().where('name', '=', name).executeTakeFirst();
  if (row === undefined) throw new NotFoundError('User', name, 'See `tsflow users list`.');
  return row;
}

async function assertAnotherAdmin(store: Store, leaving: UserTable): Promise<void> {
  if (leaving.role !== 'Admin' || leaving.disabledAt !== null) return;
  const other = await store.db
    .selectFrom('user')
    .select('id')
    .where('role', '=', 'Admin')
    .where('disabledAt', 'is', null)
    .where('id', '!=', leaving.id)
    .limit(1)
    .executeTakeFirst();
  if (other !== undefined) return;
  throw new ConflictError(`${leaving.name} is the only Admin: make another user Admin first.`, {
    name: leaving.name,
  });
}

function checkedRole(role: string): Role {
  if (isRole(role)) return role;
  throw new InvalidInputError(`role: expected ${ROLES.join(', ')}, got ${JSON.stringify(role)}.`);
}

function user(row: UserTable): User {
  return {
    id: row.id,
    name: row.name,
    role: checkedRole(row.role),
    createdAt: row.createdAt,
    disabledAt: row.disabledAt,
  };
}
