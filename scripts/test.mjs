// npm test: installs if needed, gets what the tests need, builds, runs all of them. Arguments go to vitest (`npm test -- cron`).
// The last line is the sum, out of the runner's own report.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { build, ensureInstalled, root } from './installation.mjs';

ensureInstalled();
console.log('Building…');
build();
const chromium = ensureChromium();

const folder = mkdtempSync(join(tmpdir(), 'tsflow-test-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...(chromium === null ? {} : { TSFLOW_TEST_CHROMIUM: chromium }) },
  },
);

const sum = summary(report);
rmSync(folder, { recursive: true, force: true });
console.log(`tests: ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed > 0 || sum.passed === 0 ? status || 1 : (status ?? 1));

function summary(path) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0 };
  const { testResults, ...counts } = JSON.parse(readFileSync(path, 'utf8'));
  // A file that could not be loaded has no failed test in it, and is a failure all the same.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: counts.numPassedTests,
    failed: counts.numFailedTests + unloaded.length,
    skipped: counts.numPendingTests + counts.numTodoTests,
  };
}
