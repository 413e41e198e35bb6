export type { Connection, ConnectionPort } from './connection.ts';
export {
  type ConnectionReference,
  type ConnectionSchema,
  connection,
  connectionValue,
  isConnectionReference,
} from './connection-reference.ts';
export { connectionOf, parseConnection } from './connection-text.ts';
