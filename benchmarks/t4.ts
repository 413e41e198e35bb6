import { chainFile } from '../test/support/dag-files.ts';
import { InstalledProject } from '../test/support/installed-project.ts';
import { attemptRate, triggerRuns } from './support/rate.ts';
import { type Figure, report } from './support/report.ts';

// T4: what a task costs must not grow with the DAG or the map that it is part of. 5,000 tasks each time, in runs that are larger and
// larger: chains of 10 side by side in one DAG, and one task mapped over a list that another returned. Beside it T1's shape, which
// the cost is a ratio to.

const TASKS = 5_000;
const CHAIN = 10;
const SIZES = [50, 500, 5_000];

/** Milliseconds per task. */
async function costPerTask(file: string, dagIds: readonly string[], runsPerDag: number): Promise<number> {
  await using project = new InstalledProject({ 'bench.ts': file });
  await project.parse(dagIds.length);
  const runs = await triggerRuns(await project.store(), dagIds, runsPerDag);
  return 1_000 / (await attemptRate(project, runs, { TSFLOW_MAX_MAP_LENGTH: String(TASKS) }));
}

const manyDags = Array.from({ length: 100 }, (_, i) => `chain_${i}`);
const baseline = await costPerTask(chainFile(manyDags, CHAIN), manyDags, TASKS / CHAIN / manyDags.length);
const raw = { name: "T1's shape, 500 runs x 10 tasks", value: baseline };
const figures: Figure[] = [{ name: raw.name, value: baseline, unit: 'ms/task' }];
for (const [shape, file] of [
  ['one DAG of', wideFile],
  ['one task mapped', mappedFile],
] as const) {
  for (const size of SIZES) {
    figures.push({
      name: `${shape} ${size}, ${TASKS / size} runs`,
      value: await costPerTask(file(size), ['bench'], TASKS / size),
      unit: 'ms/task',
      raw,
      ...(size === TASKS ? { target: { value: 1.3 * baseline, sense: 'at most' as const } } : {}),
    });
  }
}
report('t4', 'cost of a task by the size of its DAG and of its map', figures);

function wideFile(tasks: number): string {
  return `import { DAG, task } from '@tsflow/core';
new DAG({ dagId: 'bench' }, () => {
  for (let chain = 0; chain < ${tasks / CHAIN}; chain++) {
    let previous = task(\`c\${chain}_t0\`, () => 1);
    for (let i = 1; i < ${CHAIN}; i++) {
      previous = task(\`c\${chain}_t\${i}\`, (_context, { n }) => (n ?? 0) + 1, { n: previous.output });
    }
  }
});
`;
}

function mappedFile(length: number): string {
  return `import { DAG, expand, task } from '@tsflow/core';
new DAG({ dagId: 'bench' }, () => {
  const numbers = task('numbers', () => Array.from({ length: ${length} }, (_, i) => i));
  task('double', (_context, { n }) => n * 2, { n: expand(numbers.output) });
});
`;
}
