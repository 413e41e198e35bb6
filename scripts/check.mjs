// npm run check: format, lint, types, layers, dead exports. Runs all of them, prints a table, fails when one of them failed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment, ensureInstalled, root } from './installation.mjs';

ensureInstalled();
const bin = (name) => join(root, 'node_modules', '.bin', name);
const node = process.execPath;
const ui = join('packages', 'webserver', 'ui', 'tsconfig.json');

const checks = [
  {
    name: 'format and lint',
    command: bin('biome'),
    args: ['ci', '--colors=off', '--max-diagnostics=50', '.'],
  },
  { name: 'types', command: bin('tsc'), args: ['-b', '--pretty', 'false'] },
  { name: 'types of tests', command: bin('tsc'), args: ['-p', 'tsconfig.test.json', '--pretty', 'false'] },
  ...(existsSync(join(root, ui))
    ? [{ name: 'types of the UI', command: bin('tsc'), args: ['-p', ui, '--noEmit', '--pretty', 'false'] }]
    : []),
  { name: 'types of the API', command: node, args: [join('scripts', 'check-api-types.mjs')] },
  { name: 'layers', command: node, args: [join('scripts', 'check-layers.mjs')] },
  { name: 'dead exports', command: bin('knip'), args: ['--no-progress'] },
];

const results = checks.map(({ name, command, args }) => {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...buildEnvironment(), NO_COLOR: '1' },
    maxBuffer: 256 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  const passed = status === 0;
  const output = [stdout, stderr, error?.message]
    .filter((text) => text)
    .join('\n')
    .trim();
  if (!passed) console.log(`--- ${name}\n${output}\n`);
  return {
    name,
    passed,
    seconds: (performance.now() - started) / 1000,
    last: output.split('\n').at(-1) ?? '',
  };
});

const width = Math.max(...results.map(({ name }) => name.length));
for (const { name, passed, seconds, last } of results) {
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  console.log(
    `${name.padEnd(width)}  ${passed ? 'ok    ' : 'FAILED'}  ${time}${passed && name === 'layers' ? `  ${last}` : ''}`,
  );
}
process.exit(results.every(({ passed }) => passed) ? 0 : 1);
