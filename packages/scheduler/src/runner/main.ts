/**
 * The runner process: `node main.js <home> <socket path> <runner id>`. Everything else comes over the socket; nothing secret is in
 * its arguments, which everybody on the machine can read.
 */
import { TRIGGERS_PREFIX } from '../task-api/protocol.ts';
import { Runner } from './runner.ts';
import { TriggerRunner } from './trigger-runner.ts';

const [home, socketPath, runnerId] = process.argv.slice(2);
if (home === undefined || socketPath === undefined || runnerId === undefined) {
  process.stderr.write('usage: node main.js <home> <socket path> <runner id>\n');
  process.exit(64);
}
const Kind = runnerId.startsWith(TRIGGERS_PREFIX) ? TriggerRunner : Runner;
new Kind({ home, socketPath, runnerId }).start();
