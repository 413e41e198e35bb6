import { dags } from './dags.ts';
import { deadlines } from './deadlines.ts';
import { recovery } from './recovery.ts';
import { resources } from './resources.ts';
import { runs } from './runs.ts';
import { shell } from './shell.ts';
import { starting } from './starting.ts';
import { words } from './words.ts';

/** Every word of the UI, a file per area. `ja` has the same keys; `catalogue.test.ts` and the type of `ja` see to it. */
export const en = {
  ...words,
  ...shell,
  ...dags,
  ...runs,
  ...recovery,
  ...starting,
  ...deadlines,
  ...resources,
} as const;
