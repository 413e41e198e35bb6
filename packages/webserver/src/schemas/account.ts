import { z } from 'zod';
import type { ApiToken } from '../auth/api-token.ts';
import { ROLES } from '../auth/role.ts';
import type { User } from '../auth/user.ts';
import { instant, instantParameter, iso, isoOrNull } from './instant.ts';

export const roleSchema = z.enum(ROLES).meta({ id: 'Role' });

export const meSchema = z.object({ user: z.object({ name: z.string(), role: roleSchema }) });

export const loginBody = z
  .strictObject({ name: z.string().min(1).max(200), password: z.string().min(1).max(1000) })
  .meta({ id: 'Login' });

export const passwordBody = z
  .strictObject({ current: z.string().max(1000), next: z.string().max(1000) })
  .meta({ id: 'PasswordChange' });

export const userSchema = z
  .object({
    name: z.string(),
    role: roleSchema,
    createdAt: instant,
    disabledAt: instant.nullable(),
  })
  .meta({ id: 'User' });

export function userJson(user: User): z.input<typeof userSchema> {
  return {
    name: user.name,
    role: user.role,
    createdAt: iso(user.createdAt),
    disabledAt: isoOrNull(user.disabledAt),
  };
}

export const userPath = z.object({ name: z.string().min(1).max(200) });

export const newUserBody = z
  .strictObject({ name: z.string(), password: z.string(), role: roleSchema })
  .meta({ id: 'NewUser' });

export const userPatch = z
  .strictObject({
    role: roleSchema.optional(),
    password: z.string().optional(),
    isDisabled: z.boolean().optional(),
  })
  .meta({ id: 'UserPatch' });

export const apiTokenSchema = z
  .object({
    id: z.number().int(),
    name: z.string(),
    prefix: z.string(),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
  })
  .meta({ id: 'ApiToken' });

export function apiTokenJson(token: ApiToken): z.input<typeof apiTokenSchema> {
  return {
    ...token,
    createdAt: iso(token.createdAt),
    expiresAt: isoOrNull(token.expiresAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
  };
}

export const newApiTokenBody = z
  .strictObject({
    name: z.string().min(1).max(200),
    expiresAt: instantParameter.nullable().default(null).describe('Null: until it is deleted.'),
  })
  .meta({ id: 'NewApiToken' });

export const newApiTokenSchema = apiTokenSchema
  .extend({ token: z.string().describe('Shown this once.') })
  .meta({ id: 'CreatedApiToken' });
