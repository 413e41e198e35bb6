/**
 * The runner process: `node main.js <home> <socket path> <runner id>`. Everything else comes over the socket; nothing secret is in
 * its arguments, which everybody on the machine can read.
 */
import { Runner } from './runner.ts';

const [home, socketPath, runnerId] = process.argv.slice(2);
if (home === undefined || socketPath === undefined || runnerId === undefined) {
  process.stderr.write('usage: node main.js <home> <socket path> <runner id>\n');
  process.exit(64);
}
new Runner({ home, socketPath, runnerId }).start();
