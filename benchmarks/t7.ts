import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@tsflow/core/store';
import { DagProcessor, type DagProcessorEvent } from '@tsflow/scheduler/dag-processor';
import { build } from 'esbuild';
import { report } from './support/report.ts';

// T7: 1,000 DAG files: read for the first time, found unchanged after a restart, one edited. A shared module, a query, SQLite on disk
// with synchronous FULL, default limits. Beside it esbuild alone on the same files. The curve: a tenth of them.

const FILES = Number(process.argv[2] ?? 1_000);
const EDITS = 10;

const small = await measure(Math.ceil(FILES / 10));
const full = await measure(FILES);
report('t7', `${FILES} DAG files`, [
  { name: 'esbuild alone', value: full.esbuildMs / 1_000, unit: 's' },
  {
    name: 'cold',
    value: full.coldMs / 1_000,
    unit: 's',
    target: { value: 20, sense: 'at most' },
    raw: { name: 'esbuild alone', value: full.esbuildMs / 1_000 },
  },
  { name: 'cold, a file', value: full.coldMs / FILES, unit: 'ms' },
  { name: 'cold, a file of a tenth as many', value: small.coldMs / Math.ceil(FILES / 10), unit: 'ms' },
  {
    name: 'restart with nothing changed',
    value: full.restartMs / 1_000,
    unit: 's',
    target: { value: 1, sense: 'at most' },
  },
  {
    name: 'edit to version in the database, worst of 10',
    value: full.editMs / 1_000,
    unit: 's',
    target: { value: 1, sense: 'at most' },
  },
  { name: 'idle, share of a core', value: full.idleShare * 100, unit: '%' },
]);

async function measure(files: number) {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-t7-'));
  try {
    const dags = join(folder, 'dags');
    mkdirSync(dags);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(
      join(dags, 'names.ts'),
      "export const owner = 'data';\nexport const label = (n: number) => 'DAG ' + n;\n",
    );
    for (let i = 0; i < files; i++) writeFileSync(join(dags, `dag${i}.ts`), dagFile(i));
    const esbuildMs = await timed(() => esbuildAlone(dags, files));

    await using store = await openStore(`sqlite:${join(folder, 'tsflow.db')}`);
    await store.migrate();
    const open = async () => {
      const events: DagProcessorEvent[] = [];
      let heard: () => void = () => undefined;
      const processor = new DagProcessor({
        store,
        folder: dags,
        home: join(folder, '.tsflow'),
        onEvent: (event) => {
          events.push(event);
          heard();
        },
      });
      const until = async (test: (event: DagProcessorEvent) => boolean) => {
        const alive = setInterval(() => undefined, 1_000);
        while (!events.some(test)) await new Promise<void>((resolve) => (heard = resolve));
        clearInterval(alive);
        events.length = 0;
      };
      return { processor, until };
    };
    const isIdle = (event: DagProcessorEvent) => event.type === 'idle';

    const first = await open();
    const coldMs = await timed(async () => {
      await first.processor.start();
      await first.until(isIdle);
    });
    await first.processor.stop();
    const { count } = await store.db
      .selectFrom('dagVersion')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) !== files)
      throw new Error(`${count} versions of ${files} files: the benchmark is broken.`);

    const second = await open();
    const restartMs = await timed(async () => {
      await second.processor.start();
      await second.until(isIdle);
    });

    let editMs = 0;
    for (let i = 0; i < EDITS; i++) {
      const file = `dag${i}.ts`;
      const seen = second.until((event) => event.type === 'recorded' && event.parsed.includes(file));
      const tookMs = await timed(async () => {
        writeFileSync(join(dags, file), `${dagFile(i)}// edited\n`);
        await seen;
      });
      editMs = Math.max(editMs, tookMs);
    }
    const idleShare = await shareOfCore(5_000);
    await second.processor.stop();
    return { esbuildMs, coldMs, restartMs, editMs, idleShare };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dagFile(i: number): string {
  return `import { BashOperator, chain, DAG, EmptyOperator, task } from '@tsflow/core';
import { label, owner } from './names.ts';

export default new DAG({ dagId: 'dag_${i}', schedule: '${i % 60} ${i % 24} * * *', owner, description: label(${i}) }, () => {
  const extract = task('extract', async () => [{ id: ${i} }]);
  const load = new BashOperator({ taskId: 'load', command: 'echo load', env: { DAY: '{{ ds }}' } });
  const count = task('count', async (_context, { rows }) => rows.length, { rows: extract.output });
  chain(extract, [load, count], new EmptyOperator({ taskId: 'publish' }));
});
`;
}

async function esbuildAlone(dags: string, files: number): Promise<void> {
  await build({
    absWorkingDir: dags,
    entryPoints: Array.from({ length: files }, (_, i) => `dag${i}.ts`),
    outdir: join(dags, '../out'),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    sourcemap: 'linked',
    logLevel: 'warning',
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function shareOfCore(ms: number): Promise<number> {
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / ms;
}
