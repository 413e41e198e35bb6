import { join } from 'node:path';
import type { Config } from '@tsflow/core/config';

/** Folder of the attempts' log segments: runners write there, web server and command line read. */
export function logsFolder(config: Pick<Config, 'home'>): string {
  return join(config.home, 'logs');
}
