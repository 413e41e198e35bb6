// npm run layers: the rules of .dependency-cruiser.cjs. Counts what was looked at, because dependency-cruiser says "no violations"
// just as well when it has found no modules (another TypeScript, a pattern that does not match).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './installation.mjs';

const folders = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/src`);
const { stdout, stderr, status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    ...folders,
  ],
  { cwd: root, encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 },
);
if (stdout === '') {
  console.error(stderr || `dependency-cruiser ended with ${status}`);
  process.exit(1);
}

const { modules, summary } = JSON.parse(stdout);
const own = modules.filter(({ source }) => /^packages\/[^/]+\/src\//.test(source));
const seen = new Set(own.map(({ source }) => source));
const missed = folders.flatMap(sources).filter((source) => !seen.has(source));
const edges = own.flatMap(({ dependencies }) =>
  dependencies.filter(({ resolved }) => /\/dist\/|@tsflow/.test(resolved)),
);

for (const { rule, from, to, cycle } of summary.violations) {
  const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ');
  console.log(`${rule.name}: ${from} -> ${path}`);
}
for (const source of missed) console.log(`${source} was not looked at: the configuration misses it.`);
if (edges.length === 0)
  console.log('No import from one package to another was seen: the packages are not built, or not linked.');
console.log(
  `${own.length} modules, ${edges.length} imports between packages, ${summary.violations.length} violations`,
);
process.exit(summary.violations.length > 0 || missed.length > 0 || edges.length === 0 ? 1 : 0);

function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}
