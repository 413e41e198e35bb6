import type { BackfillPayload } from '@tsflow/core/intents';
import { chainFile } from '../test/support/dag-files.ts';
import { InstalledProject } from '../test/support/installed-project.ts';
import { attemptRate, triggerRuns } from './support/rate.ts';
import { report } from './support/report.ts';

// T8: a backfill of ten years, daily, of 10 chained tasks, 16 runs at once. The plan is the real command with --dry-run, its process
// included; the backfill itself is asked for before the scheduler starts. Beside it T1's shape.

const YEARS = { start: '2010-01-01', end: '2019-12-31' };
const RUNS = 3_652;
const CHAIN = 10;
/** Two runs of the same work differ by a few per cent: this share of T1's throughput counts as the same. */
const NOISE = 0.95;

await using project = new InstalledProject({
  'daily.ts': chainFile(['daily'], CHAIN, { schedule: '0 0 * * *' }),
});
await project.parse(1);

const range = ['--start', YEARS.start, '--end', YEARS.end];
const started = performance.now();
const { total } = await project.json<{ total: number }>('backfill', 'daily', ...range, '--dry-run');
const planMs = performance.now() - started;
if (total !== RUNS) throw new Error(`the plan has ${total} runs, and ten years have ${RUNS}`);

const version = performance.now();
await project.run(['--version']);
const processMs = performance.now() - version;

const rate = await backfillRate();
const raw = { name: "T1's shape, 1,000 runs x 10 tasks", value: await chainRate() };
report('t8', `backfill of ten years, ${RUNS} runs x ${CHAIN} tasks`, [
  {
    name: 'plan (tsflow backfill --dry-run)',
    value: planMs,
    unit: 'ms',
    target: { value: 2_000, sense: 'at most' },
    raw: { name: 'ms of tsflow --version', value: processMs },
  },
  {
    name: 'throughput',
    value: rate,
    unit: 'tasks/s',
    target: { value: NOISE * raw.value, sense: 'at least' },
    raw,
  },
]);

async function backfillRate(): Promise<number> {
  const payload: BackfillPayload = {
    start: `${YEARS.start}T00:00:00Z`,
    end: `${YEARS.end}T00:00:00Z`,
    reprocess: 'none',
    reverse: false,
    maxActiveRuns: 16,
    conf: {},
  };
  const store = await project.store();
  await store.intents.submit({
    dagId: 'daily',
    kind: 'backfill',
    payload: JSON.stringify(payload),
    actor: 'bench',
    requestedAt: 0,
    idempotencyKey: null,
  });
  return await attemptRate(project, RUNS);
}

async function chainRate(): Promise<number> {
  const dagIds = Array.from({ length: 100 }, (_, i) => `chain_${i}`);
  await using chains = new InstalledProject({ 'chains.ts': chainFile(dagIds, CHAIN) });
  await chains.parse(dagIds.length);
  return await attemptRate(chains, await triggerRuns(await chains.store(), dagIds, 10));
}
