import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DagProcessorProject } from './dag-processor-project.ts';

/** Every way to break a DAG file, all in one folder with good ones: each is named with its place, and nothing else suffers. */
test('each broken file is an import error of its own, and the others are parsed', async () => {
  await using project = await DagProcessorProject.create();
  project.copy('good', 'broken');
  const running = await project.start();
  // Not until it is idle: the first to fail are tried again before the last has timed out.
  await running.seen(dagFiles(project.dags));
  await running.processor.stop();

  const errors = await project.store.catalog.importErrors();
  // Which of the two comes first is chance while others hang: the one that was recorded first stays.
  const duplicate = errors.find((error) => error.kind === 'duplicate_dag_id')!;
  const loaded = duplicate.file === 'duplicate-a.ts' ? 'duplicate-b.ts' : 'duplicate-a.ts';
  const found = new Map(errors.map(({ file, kind, line }) => [file, [kind, line]]));
  expect(Object.fromEntries(found)).toEqual({
    'abort.ts': ['exit', null],
    'bad-cron.ts': ['invalid_schedule', 3],
    'buffer-bomb.ts': ['memory', null],
    'cycle.ts': ['cycle', 7],
    [duplicate.file]: ['duplicate_dag_id', duplicate.file === 'duplicate-a.ts' ? 3 : 5],
    'endless-loop.ts': ['timeout', null],
    'endless-wait.ts': ['timeout', null],
    'exit-zero.ts': ['exit', 4],
    'heap-bomb.ts': ['memory', null],
    'hostile-id.ts': ['invalid_id', 3],
    'kill-parent.ts': ['exit', null],
    'kill-self.ts': ['exit', null],
    'long-list.ts': ['invalid_option', 5],
    'missing-export.ts': ['missing_import', 1],
    'missing-file.ts': ['missing_file', 4],
    'missing-import.ts': ['missing_import', 2],
    'missing-package.ts': ['missing_import', 2],
    'native-block.ts': ['timeout', null],
    'never-settles.ts': ['timeout', null],
    'redos.ts': ['timeout', null],
    'shared-throws.ts': ['load', 1],
    'stdout-flood.ts': ['timeout', null],
    'syntax.ts': ['syntax', 4],
    'throws.ts': ['load', 4],
    'uncaught.ts': ['uncaught_exception', 5],
    'unhandled-rejection.ts': ['unhandled_rejection', 4],
    'unknown-option.ts': ['unknown_option', 4],
  });

  const message = (file: string) => errors.find((error) => error.file === file)!.message;
  expect(duplicate.message).toContain(`defined in both ${loaded} and ${duplicate.file}`);
  expect(message('unknown-option.ts')).toContain('Did you mean "retries"?');
  expect(message('shared-throws.ts')).toContain('lib/explodes.ts:1');
  expect(message('missing-package.ts')).toContain('npm install left-pad-that-nobody-installed');
  expect(message('long-list.ts')).toContain('raise TSFLOW_MAX_MAP_LENGTH');
  expect(message('endless-loop.ts')).toContain('2.5 s');
  expect(message('heap-bomb.ts')).toContain('192 MB');
  const frame = errors.find((error) => error.file === 'throws.ts')!.codeFrame!.split('\n');
  expect(frame).toContain("> 4 |   throw new Error('the settings are not there');");
  for (const error of errors) expect(`${error.message}\n${error.stack}`).not.toContain('/parse/');

  const dags = await project.store.db.selectFrom('dag').select('dagId').orderBy('dagId').execute();
  expect(dags.map(({ dagId }) => dagId)).toEqual(['daily_report', 'hello', 'twice', 'two_anna', 'two_ben']);
});

function dagFiles(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts') && !/^(lib|shared)\//.test(file));
}
