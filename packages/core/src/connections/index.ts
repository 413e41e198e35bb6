export type { Connection, ConnectionPort } from './connection.ts';
