// npm start: installs if needed, builds, and runs the whole installation with the examples. Arguments go to `tsflow standalone`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, ensureInstalled, root } from './installation.mjs';

ensureInstalled();
console.log('Building…');
build();

const standalone = spawn(
  process.execPath,
  [join(root, 'packages', 'cli', 'bin', 'tsflow.js'), 'standalone', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
// A terminal sends Ctrl-C to the whole group; `kill` reaches this process alone, so it is passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => standalone.kill(signal));
process.on('SIGINT', () => undefined);
standalone.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
