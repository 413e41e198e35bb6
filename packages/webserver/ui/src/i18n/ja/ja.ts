import type { Catalogue } from '../catalogue.ts';
import type { en } from '../en/en.ts';
import { dags } from './dags.ts';
import { deadlines } from './deadlines.ts';
import { recovery } from './recovery.ts';
import { resources } from './resources.ts';
import { runs } from './runs.ts';
import { shell } from './shell.ts';
import { starting } from './starting.ts';
import { words } from './words.ts';

export const ja: Catalogue<typeof en> = {
  ...words,
  ...shell,
  ...dags,
  ...runs,
  ...recovery,
  ...starting,
  ...deadlines,
  ...resources,
};
