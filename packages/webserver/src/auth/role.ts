import type { Request } from 'express';
import { ForbiddenError } from '../http-errors.ts';

/**
 * What people may do, each role including those before it. Viewer: see everything but secrets. Operator: trigger, clear, mark, kill,
 * pause, backfill. Editor: Variables. Admin: users and secret Variables.
 */
export const ROLES = ['Viewer', 'Operator', 'Editor', 'Admin'] as const;

export type Role = (typeof ROLES)[number];

/** Who sent a request. */
export interface Caller {
  readonly userId: number;
  /** Name of the user: the actor of what happens. */
  readonly name: string;
  readonly role: Role;
  /**
   * How they proved it. A session is what a browser sends by itself; a token is sent on purpose; `process` is who opened the database
   * on their own machine.
   */
  readonly by: 'session' | 'token' | 'process' | 'nothing';
  /** Address of the other end of the connection. */
  readonly address: string;
}

/** The caller of an open route. */
export function nobody(request: Request): Caller {
  return { userId: 0, name: '', role: 'Viewer', by: 'nothing', address: request.ip ?? '' };
}

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

export function hasRole(caller: Caller, least: Role): boolean {
  return caller.by !== 'nothing' && ROLES.indexOf(caller.role) >= ROLES.indexOf(least);
}

/** Throws {@link ForbiddenError} unless the caller's role is `least` or above. */
export function requireRole(caller: Caller, least: Role): void {
  if (hasRole(caller, least)) return;
  throw new ForbiddenError(`This takes the role ${least}; ${caller.name} is ${caller.role}.`);
}
