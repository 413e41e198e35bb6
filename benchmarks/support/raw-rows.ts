import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Row updates a second in transactions of `batch`, WAL and synchronous FULL: what the disk and SQLite allow at best. */
export function rawRowUpdates(batch: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-raw-'));
  const database = new Database(join(folder, 'raw.db'));
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  database.exec('create table t (key integer primary key, state text, at integer)');
  const insert = database.prepare('insert into t values (?, ?, ?)');
  database.transaction(() => {
    for (let key = 0; key < 10_000; key++) insert.run(key, 'none', 0);
  })();
  const update = database.prepare('update t set state = ?, at = ? where key = ?');
  let rows = 0;
  const start = performance.now();
  while (performance.now() - start < 1_000) {
    database
      .transaction(() => {
        for (let i = 0; i < batch; i++) update.run('success', rows, rows++ % 10_000);
      })
      .immediate();
  }
  const rate = (rows / (performance.now() - start)) * 1_000;
  database.close();
  rmSync(folder, { recursive: true, force: true });
  return rate;
}
