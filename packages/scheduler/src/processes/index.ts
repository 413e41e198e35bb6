export { bootId, identityOf, isAlive } from './process-table.ts';
