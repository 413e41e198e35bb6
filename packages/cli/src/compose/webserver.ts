import { createWebServer, ensureAdmin } from '@tsflow/webserver';
import { openAlertDesk } from './alerts/alert-desk.ts';
import { logsFolder } from './folders.ts';
import type { ProcessDeps, ProcessPart } from './process-life.ts';

/** The web server. The first one of an installation makes the account `admin` and prints its password once. */
export async function composeWebserver({ config, store, logger }: ProcessDeps): Promise<ProcessPart> {
  const first = await ensureAdmin(store);
  if (first !== null) {
    process.stdout.write(
      `Sign in as "${first.name}" with the password ${first.password} (shown only this once).\n`,
    );
  }
  const server = createWebServer({ store, config, logger, logsDir: logsFolder(config) });
  const desk = openAlertDesk({ config, store, logger }, { watchesSchedulers: true });
  return {
    async start() {
      await server.start();
      await desk.start();
    },
    async stop() {
      await desk.stop();
      await server.stop();
    },
  };
}
