// npm run bench [name] [-- arguments]: runs benchmarks/<name>.ts, or lists them. Node 20 reads no TypeScript, so the file is bundled
// first, below benchmarks/, where its packages resolve.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, ensureInstalled, root } from './installation.mjs';

ensureInstalled();
const folder = join(root, 'benchmarks');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();
const [name, ...args] = process.argv.slice(2);

if (name === undefined || !names.includes(name)) {
  if (name !== undefined) console.error(`There is no benchmark "${name}".`);
  console.log(`npm run bench <name>, one of: ${names.join(', ') || '(none yet)'}`);
  process.exit(name === undefined ? 0 : 2);
}

build();
// As deep as the files of test/support: what is bundled in finds the repository from its own place.
const outfile = join(folder, 'support', `.${name}.${process.pid}.mjs`);
try {
  // A dependency of the benchmarks, not of the repository.
  const { build: bundle } = createRequire(join(folder, 'package.json'))('esbuild');
  await bundle({
    entryPoints: [join(folder, `${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    // Node 20 knows no `await using`.
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', outfile, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(outfile, { force: true });
}
