/** A file with `dags` DAGs, each a chain of function tasks that pass a value on. `millis`: how long each task works. */
export function chainFile(
  dagIds: readonly string[],
  length: number,
  options: { millis?: number; schedule?: string } = {},
): string {
  const { millis = 0, schedule } = options;
  const work = millis === 0 ? '(n ?? 0) + 1' : `work((n ?? 0) + 1)`;
  return `import { DAG, task } from '@tsflow/core';
async function work(value: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, ${millis}));
  return value;
}
for (const dagId of ${JSON.stringify(dagIds)}) {
  new DAG({ dagId${schedule === undefined ? '' : `, schedule: ${JSON.stringify(schedule)}`} }, () => {
    let previous = task('t0', () => { const n = 0; return ${work}; });
    for (let i = 1; i < ${length}; i++) {
      previous = task(\`t\${i}\`, (_context, { n }) => ${work}, { n: previous.output });
    }
  });
}
`;
}
