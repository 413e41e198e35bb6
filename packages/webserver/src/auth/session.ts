import type { Clock } from '@tsflow/core/clock';
import type { Store } from '@tsflow/core/store';
import { isRole, type Role } from './role.ts';
import { randomSecret, tokenHash } from './secret-token.ts';

/** A session that nobody used for this long has ended. */
const IDLE_MS = 7 * 86_400_000;
/** A session ends after this long in any case. */
const LIFETIME_MS = 30 * 86_400_000;
/** How exactly the last use is known: not every request is a write. */
const SEEN_EVERY_MS = 5 * 60_000;

/** Whom a session or a token belongs to, as their row says at this moment. */
export interface Account {
  readonly userId: number;
  readonly name: string;
  readonly role: Role;
}

/**
 * Sessions of browsers, in the database: ending one, disabling its user or changing their role counts from the next request on, in
 * every process.
 */
export class Sessions {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Opens a session and returns its token: the only copy there is. Sessions that expired are swept on the way. */
  async open(userId: number): Promise<{ readonly token: string; readonly maxAgeMs: number }> {
    const token = randomSecret();
    const now = this.#clock.now();
    await this.#store.db.deleteFrom('session').where('expiresAt', '<', now).execute();
    await this.#store.db
      .insertInto('session')
      .values({
        tokenHash: tokenHash(token),
        userId,
        createdAt: now,
        expiresAt: now + LIFETIME_MS,
        lastSeenAt: now,
      })
      .execute();
    return { token, maxAgeMs: LIFETIME_MS };
  }

  /** The account behind a session's token; null when it is unknown or over, or the user was disabled. */
  async account(token: string): Promise<Account | null> {
    const now = this.#clock.now();
    const hash = tokenHash(token);
    const row = await this.#store.db
      .selectFrom('session')
      .innerJoin('user', 'user.id', 'session.userId')
      .select(['user.id as userId', 'user.name', 'user.role', 'session.lastSeenAt'])
      .where('session.tokenHash', '=', hash)
      .where('session.expiresAt', '>', now)
      .where('session.lastSeenAt', '>', now - IDLE_MS)
      .where('user.disabledAt', 'is', null)
      .executeTakeFirst();
    if (row === undefined || !isRole(row.role)) return null;
    if (row.lastSeenAt < now - SEEN_EVERY_MS) {
      await this.#store.db
        .updateTable('session')
        .set({ lastSeenAt: now })
        .where('tokenHash', '=', hash)
        .execute();
    }
    return { userId: row.userId, name: row.name, role: row.role };
  }

  async close(token: string): Promise<void> {
    await this.#store.db.deleteFrom('session').where('tokenHash', '=', tokenHash(token)).execute();
  }
}

/** Ends every session of a user, but for the one with the token `except`. */
export async function closeSessionsOf(store: Store, userId: number, except?: string): Promise<void> {
  let query = store.db.deleteFrom('session').where('userId', '=', userId);
  if (except !== undefined) query = query.where('tokenHash', '!=', tokenHash(except));
  await query.execute();
}
