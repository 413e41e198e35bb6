// Part of npm run check: the types by which the UI and the command line speak to the API are generated out of openapi.json, and not behind it. That
// openapi.json itself is not behind the routes is a test (test/integration/web-openapi.test.ts).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './installation.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tsflow-api-types-'));
const fresh = join(folder, 'openapi.ts');
try {
  // npm puts the tool where the web server finds it, which need not be the root.
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['exec', '--workspace', '@tsflow/webserver', '--', 'openapi-typescript', 'openapi.json', '-o', fresh],
    { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new Error(`openapi-typescript ended with ${status}: ${stdout}${stderr}`);
  const kept = join('packages', 'webserver', 'src', 'generated', 'openapi.ts');
  if (readFileSync(fresh, 'utf8') !== readFileSync(join(root, kept), 'utf8')) {
    console.log(`${kept} is behind openapi.json: npm run openapi --workspace @tsflow/webserver`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
