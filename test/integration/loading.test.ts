import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { LoadProblem } from '@tsflow/core/loader';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'tsflow-loading-'));
const dags = join(root, 'dags');

beforeAll(() => {
  mkdirSync(dags);
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
});
afterAll(() => rmSync(root, { recursive: true }));

interface Loaded {
  readonly dagIds?: readonly string[];
  readonly readFiles?: readonly string[];
  readonly problem?: LoadProblem;
}

/** Bundles `files` as the dag processor does and loads the first of them in a process of its own. */
async function load(files: Readonly<Record<string, string>>): Promise<Loaded> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dags, name)), { recursive: true });
    writeFileSync(join(dags, name), text);
  }
  const source = join(dags, Object.keys(files)[0]!);
  const bundle = join(root, `${Math.random().toString(36).slice(2)}.bundle.mjs`);
  await build({
    entryPoints: [source],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  const script = `
    import { describeLoadError, loadBundle } from '@tsflow/core/loader';
    import { serializeDag } from '@tsflow/core/serialization';
    try {
      const loaded = await loadBundle(${JSON.stringify(bundle)}, ${JSON.stringify({ baseDirectory: dirname(source), sourceRoot: dags })});
      loaded.dags.map(serializeDag);
      console.log(JSON.stringify({ dagIds: loaded.dags.map((dag) => dag.dagId), readFiles: loaded.readFiles }));
    } catch (error) {
      console.log(JSON.stringify({ problem: describeLoadError(error, { sources: ${JSON.stringify(dags)} }) }));
    }`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--enable-source-maps', '--input-type=module', '-e', script],
    { env: { PATH: process.env.PATH } },
  );
  return JSON.parse(stdout);
}

/** Line, from 1, of the one that holds `mark`. */
const lineOf = (text: string, mark: string) => text.split('\n').findIndex((line) => line.includes(mark)) + 1;

test('every DAG that a file constructs counts, and every file it reads, relative to the DAG file', async () => {
  const loaded = await load({
    'sales/daily.ts': `
      import { BashOperator, DAG, include } from '@tsflow/core';
      for (const region of ['east', 'west']) {
        new DAG({ dagId: region, files: ['./sql/*.txt'] }, () => {
          new BashOperator({ taskId: 'load', commandFile: './load.sh' });
          new BashOperator({ taskId: 'sql', command: include('../shared/q.sql') });
        });
      }`,
    'sales/load.sh': 'echo {{ ds }}',
    'sales/sql/a.txt': 'a',
    'sales/sql/b.md': 'b',
    'shared/q.sql': '{% include "./part.sql" %}',
    'shared/part.sql': 'select 1',
  });
  expect(loaded.dagIds).toEqual(['east', 'west']);
  const names = ['sales/sql/a.txt', 'sales/load.sh', 'shared/q.sql', 'shared/part.sql'];
  expect(loaded.readFiles).toEqual(names.map((name) => join(dags, name)));
});

const erroneous: readonly (readonly [what: string, kind: string, message: RegExp, text: string])[] = [
  ['a throw', 'load', /boom/, `const fail = () => {\n  throw new Error('boom'); // here\n};\nfail();`],
  [
    'an unknown option',
    'unknown_option',
    /"retrys".*mean "retries"/,
    `new DAG({ dagId: 'd' }, () => {\n  chain(\n    new EmptyOperator({ taskId: 'a' }),\n    new EmptyOperator({ taskId: 'b', retrys: 1 }), // here\n  );\n});`,
  ],
  [
    'a cycle',
    'cycle',
    /a -> b -> a/,
    `new DAG({ dagId: 'd' }, () => {\n  const a = new EmptyOperator({ taskId: 'a' });\n  const b = new EmptyOperator({ taskId: 'b' });\n  a.before(b);\n  chain(b, a); // here\n});`,
  ],
  [
    'a duplicate id',
    'duplicate_task_id',
    /two tasks "a"/,
    `new DAG({ dagId: 'd' }, () => {\n  task('a', () => 1);\n  task('a', () => 2); // here\n});`,
  ],
  [
    'a bad cron',
    'invalid_schedule',
    /DAG "d"/,
    `\nexport default new DAG({ dagId: 'd', schedule: '61 * * * *' }, () => {}); // here`,
  ],
  [
    'a missing file',
    'missing_file',
    /"\.\/nope\.sql"/,
    `new DAG({ dagId: 'd' }, () => {\n  task('a', () => 1, {});\n  include('./nope.sql'); // here\n});`,
  ],
  [
    'a file outside',
    'missing_file',
    /outside the dags folder/,
    `new DAG({ dagId: 'd' }, () => {\n  include('../../etc/passwd'); // here\n});`,
  ],
  [
    'an absolute file',
    'missing_file',
    /outside the dags folder/,
    `new DAG({ dagId: 'd' }, () => {\n  include('/etc/passwd'); // here\n});`,
  ],
  ['a task outside of a DAG', 'misplaced', /outside of a DAG/, `\ntask('a', () => 1); // here`],
  [
    'two DAGs of one id',
    'duplicate_dag_id',
    /twice/,
    `new DAG({ dagId: 'd' }, () => {});\nnew DAG({ dagId: 'd' }, () => {}); // here`,
  ],
  [
    'a param that is a date',
    'invalid_params',
    /params\.day/,
    `import { z } from 'zod';\nnew DAG({ dagId: 'd', params: z.object({ day: z.date() }) }, () => {}); // here`,
  ],
];

test.each(erroneous)('%s is described with its line in the source', async (_what, kind, message, text) => {
  const source = `import { chain, DAG, EmptyOperator, include, task } from '@tsflow/core';\n${text}`;
  const { problem } = await load({ 'bad.ts': source });
  expect(problem).toMatchObject({ kind, path: join(dags, 'bad.ts'), line: lineOf(source, '// here') });
  expect(problem!.message).toMatch(message);
});

test('an error in an imported file is placed there', async () => {
  const { problem } = await load({
    'importer.ts': `import './lib/broken';`,
    'lib/broken.ts': `export const x = 1;\nthrow new Error('in lib');`,
  });
  expect(problem).toMatchObject({ path: join(dags, 'lib/broken.ts'), line: 2 });
});

test('a package that is not installed is named, with the way out', async () => {
  const { problem } = await load({ 'absent.ts': `import 'no-such-package-here'; new URL('x');` });
  expect(problem!.message).toContain('npm install no-such-package-here');
});

/** Writes the address of each module that the process imports. */
const SHOW_IMPORTS = `
  import { writeSync } from 'node:fs';
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    writeSync(1, resolved.url + '\\n');
    return resolved;
  }`;

test('importing @tsflow/core loads no database driver and no library that only some DAGs need', async () => {
  const hook = `data:text/javascript,${encodeURIComponent(SHOW_IMPORTS)}`;
  const script = `
    import { register } from 'node:module';
    register(${JSON.stringify(hook)});
    await import('@tsflow/core');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const packages = [...stdout.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name);
  expect(stdout).toMatch(/dag\/dag\.js/);
  expect(packages.filter((name) => name !== 'cron-parser')).toEqual([]);
});

test('scripts that a command names belong to the version, wherever they stand in it', async () => {
  const loaded = await load({
    'team/shell.ts': `
      import { BashOperator, DAG } from '@tsflow/core';
      export default new DAG({ dagId: 'shell' }, () => {
        new BashOperator({ taskId: 'a', command: './run.sh "$DAY" && python3 ../lib/x.py; . ./lib/env' });
        new BashOperator({ taskId: 'b', command: 'cat <./in.txt >./out.txt; ls ./lib ../..; curl http://x/./no.txt', cwd: './sub' });
        new BashOperator({ taskId: 'c', command: ({ ds }) => './unseen.sh ' + ds });
      });`,
    'team/run.sh': '',
    'team/lib/env': '',
    'lib/x.py': '',
    'team/sub/in.txt': '',
    'team/unseen.sh': '',
  });
  const names = ['team/run.sh', 'lib/x.py', 'team/lib/env', 'team/sub/in.txt'];
  expect(loaded.readFiles).toEqual(names.map((name) => join(dags, name)));
});

test('a script outside of the dags folder is refused where it is named', async () => {
  writeFileSync(join(root, 'outside.sh'), '');
  const { problem } = await load({
    'outside.ts': `
      import { BashOperator, DAG } from '@tsflow/core';
      export default new DAG({ dagId: 'outside' }, () => {
        new BashOperator({ taskId: 'a', command: '../outside.sh' });
      });`,
  });
  expect(problem).toMatchObject({ message: expect.stringContaining('outside the dags folder') });
});
