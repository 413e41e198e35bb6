import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';

/** A PostgreSQL database of one test file: `migrated` has the tables of this release, `empty` has none. Dropped when disposed. */
export interface LentDatabase extends AsyncDisposable {
  readonly url: string;
}

export async function lendPostgres(kind: 'migrated' | 'empty' = 'migrated'): Promise<LentDatabase> {
  const socket = connect(inject('postgresBroker'));
  socket.write(`${kind}\n`);
  const [line] = (await new Promise<string[]>((resolve, reject) => {
    socket.on('error', reject);
    const lines = createInterface({ input: socket });
    lines.on('error', reject);
    lines.once('line', (text) => resolve([text]));
  })) as [string];
  const { url, error } = JSON.parse(line) as { url?: string; error?: string };
  if (url === undefined) throw new Error(`No PostgreSQL database: ${error}`);
  return {
    url,
    async [Symbol.asyncDispose]() {
      socket.end();
    },
  };
}
