import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDags } from '@tsflow/scheduler/dag-processor';
import { expect, test } from 'vitest';
import { DagProcessorProject } from './dag-processor-project.ts';

test('a good folder has no problems, types included', async () => {
  await using project = await DagProcessorProject.create();
  project.copy('good');
  const report = await checkDags(project.dags);
  expect(report.problems).toEqual([]);
  expect(report).toMatchObject({
    errors: 0,
    warnings: 0,
    files: 3,
    dagIds: ['daily_report', 'hello', 'two_anna', 'two_ben'],
  });
  expect(readdirSync(join(project.home, 'check'))).toEqual(['types.tsbuildinfo']);
});

test('names every problem of every file at once, with its place', async () => {
  await using project = await DagProcessorProject.create();
  project.copy(
    'good',
    ...['bad-cron', 'cycle', 'duplicate-a', 'duplicate-b', 'exit-zero', 'missing-file', 'missing-import'].map(
      fixture,
    ),
    ...['syntax', 'throws', 'unhandled-rejection', 'unknown-option'].map(fixture),
  );
  const report = await checkDags(project.dags, { typecheck: false });
  expect(report.problems.map(({ file, kind, line }) => [file, kind, line])).toEqual([
    ['bad-cron.ts', 'invalid_schedule', 3],
    ['cycle.ts', 'cycle', 7],
    ['duplicate-b.ts', 'duplicate_dag_id', 5],
    ['exit-zero.ts', 'exit', 4],
    ['missing-file.ts', 'missing_file', 4],
    ['missing-import.ts', 'missing_import', 2],
    ['syntax.ts', 'syntax', 4],
    ['throws.ts', 'load', 4],
    ['unhandled-rejection.ts', 'unhandled_rejection', 4],
    ['unknown-option.ts', 'unknown_option', 4],
  ]);
  expect(report.errors).toBe(10);
});

test('checks types as the compiler does, by the project’s own configuration or strictly', async () => {
  await using project = await DagProcessorProject.create();
  project.write(
    'typed.ts',
    `import { DAG, task } from '@tsflow/core';

new DAG({ dagId: 'typed' }, () => {
  const rows = task('rows', async () => [{ name: 'a' }]);
  task('report', async (_context, { rows }) => rows[0].nam, { rows: rows.output });
});
`,
  );
  const strict = await checkDags(project.dags);
  expect(strict.problems.map(({ kind, line, message }) => [kind, line, message.split(' (')[1]])).toEqual([
    ['type', 5, 'TS2532)'],
    ['type', 5, 'TS2551)'],
  ]);
  expect(strict.problems[1]!.codeFrame).toContain('> 5 |   task(');

  project.write('../tsconfig.json', '{ "files": [], "references": [{ "path": "packages/core" }] }');
  expect((await checkDags(project.dags)).problems).toEqual(strict.problems);

  project.write(
    '../tsconfig.json',
    '{ "compilerOptions": { "strict": true, "module": "NodeNext", "target": "ES2022", "skipLibCheck": true, "outDir": "dist", "composite": true }, "include": ["src"] }',
  );
  const own = await checkDags(project.dags);
  expect(own.problems.map(({ line, message }) => [line, message.split(' (')[1]])).toEqual([[5, 'TS2551)']]);
});

test('finds nothing to say of the examples', async () => {
  const report = await checkDags(fileURLToPath(new URL('../../dags', import.meta.url)));
  expect(report.problems).toEqual([]);
});

test('warns of an edge that a longer way makes superfluous', async () => {
  await using project = await DagProcessorProject.create();
  project.write(
    'edges.ts',
    `import { chain, DAG, EmptyOperator } from '@tsflow/core';

new DAG({ dagId: 'edges' }, () => {
  const [a, b, c] = ['a', 'b', 'c'].map((taskId) => new EmptyOperator({ taskId }));
  chain(a!, b!, c!);
  chain(a!, c!);
});
`,
  );
  const report = await checkDags(project.dags);
  expect(report).toMatchObject({ errors: 0, warnings: 1 });
  expect(report.problems[0]).toMatchObject({
    kind: 'redundant_edge',
    severity: 'warning',
    line: 4,
    message: expect.stringContaining('from "a" to "c" changes nothing'),
  });
});

test('a folder that does not exist is refused in words', async () => {
  await expect(checkDags('/nowhere/dags')).rejects.toThrow('The dags folder /nowhere/dags does not exist.');
});

function fixture(name: string): string {
  return `broken/${name}.ts`;
}
