// npm start: installs if needed, builds, and runs the whole installation with the examples. Arguments go to `tsflow standalone`.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled, root } from './installation.mjs';

ensureInstalled();
console.log('Building…');
build();

const standalone = spawn(
  process.execPath,
  [join(root, 'packages', 'cli', 'bin', 'tsflow.js'), 'standalone', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...exampleConnections(), ...process.env } },
);
// A terminal sends Ctrl-C to the whole group; `kill` reaches this process alone, so it is passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => standalone.kill(signal));
process.on('SIGINT', () => undefined);
standalone.on('exit', (code, signal) => process.exit(signal === null ? code : 1));

/** What the example DAGs connect to: a SQLite file, and services on this machine that they start when they need them. */
function exampleConnections() {
  const folder = join(resolve(root, process.env.TSFLOW_HOME ?? '.tsflow'), 'examples');
  mkdirSync(folder, { recursive: true });
  return {
    TSFLOW_CONN_EXAMPLES_DB: `sqlite:///${join(folder, 'examples.db')}`,
    TSFLOW_CONN_EXAMPLES_API: 'http://127.0.0.1:8095',
    TSFLOW_CONN_EXAMPLES_MAIL: 'smtp://127.0.0.1:8096?from=examples@example.com',
    TSFLOW_CONN_EXAMPLES_HOOK: 'http://127.0.0.1:8095/hooks',
    TSFLOW_CONN_EXAMPLES_SLACK: '{"type":"slack","password":"http://127.0.0.1:8095/hooks"}',
  };
}
