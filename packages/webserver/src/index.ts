export { type ApiToken, createApiToken, deleteApiToken, listApiTokens } from './auth/api-token.ts';
export { ROLES, type Role } from './auth/role.ts';
export { changeUser, createUser, ensureAdmin, listUsers, type User } from './auth/user.ts';
export { PortTakenError } from './http-errors.ts';
export { openApiDocument } from './open-api.ts';
export type { Route } from './routes/route.ts';
export { routeTable } from './routes/route-table.ts';
export { createWebServer, type WebServer, type WebServerOptions } from './web-server.ts';
