import { workerData } from 'node:worker_threads';
import { loadSqlite } from './sqlite-database.ts';

/** Often enough that the writer's own checkpoint finds little left; each one costs two fsyncs, on this thread. */
const EVERY_MS = 500;

const open = await loadSqlite();
const database = open(workerData as string);
// The timer keeps the thread, which is unreferenced, so not the process.
setInterval(() => {
  try {
    database.exec('pragma wal_checkpoint(passive)');
  } catch {
    // Busy, full or gone: the writer meets the same and says so; the next time is soon.
  }
}, EVERY_MS);
