import type { Dialect } from './dialect.ts';
import type { RunnerPort } from './store.ts';
import type { RunnerTable } from './tables.ts';

export class Runners implements RunnerPort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async started(runner: RunnerTable): Promise<void> {
    await this.#dialect.db.insertInto('runner').values(runner).execute();
  }

  async ended(runnerId: string, at: number): Promise<void> {
    await this.#dialect.db
      .updateTable('runner')
      .set({ endedAt: at })
      .where('runnerId', '=', runnerId)
      .where('endedAt', 'is', null)
      .execute();
  }

  open(host: string): Promise<readonly RunnerTable[]> {
    return this.#dialect.db
      .selectFrom('runner')
      .selectAll()
      .where('host', '=', host)
      .where('endedAt', 'is', null)
      .orderBy('startedAt')
      .execute();
  }
}
