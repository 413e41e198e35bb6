import type { Dialect } from '../dialect.ts';
import { DatabaseError } from '../store-errors.ts';

export class PostgresDialect {
  static async open(_url: string, _poolSize: number): Promise<Dialect> {
    throw new DatabaseError('driver_missing', 'PostgreSQL is on its way.');
  }
}
