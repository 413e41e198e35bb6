import type { SchemaWords } from '../dialect.ts';
import { foundation } from './0001-foundation.ts';
import { schedulerProcess } from './0002-scheduler-process.ts';
import { waiting } from './0003-waiting.ts';
import { outbox } from './0004-outbox.ts';
import { limitsAndRecovery } from './0005-limits-and-recovery.ts';
import { assets } from './0007-assets.ts';
import { earlierLogs } from './0008-earlier-logs.ts';
import { timetableHorizons } from './0011-timetable-horizons.ts';
import { groupRetries } from './0012-group-retries.ts';
import { livePools } from './0013-live-pools.ts';
import { mapIndexNames } from './0014-map-index-names.ts';
import { clearsOfInstances } from './0015-clears-of-instances.ts';

/** One step of the schema. Runs once, in a transaction of its own; a published step is never edited. */
export interface Migration {
  readonly name: string;
  statements(words: SchemaWords): readonly string[];
}

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  foundation,
  schedulerProcess,
  waiting,
  outbox,
  limitsAndRecovery,
  assets,
  earlierLogs,
  timetableHorizons,
  groupRetries,
  livePools,
  mapIndexNames,
  clearsOfInstances,
];
