import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Clock, systemClock, type Timer } from '@tsflow/core/clock';
import type { DagProcessorOptions } from '@tsflow/scheduler/dag-processor';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { DagProcessorProject } from './dag-processor-project.ts';

const dagFile = (dagId: string, more = '') =>
  `import { DAG } from '@tsflow/core';\n${more}\nnew DAG({ dagId: '${dagId}' }, () => {});\n`;

/** The machine's clock, whose monotonic time can be made to stand still, so that nothing comes to rest in between. */
class StandingClock implements Clock {
  readonly now = systemClock.now;
  #stoodAt: number | null = null;
  #passed = 0;
  #seen = (): void => undefined;

  monotonic(): number {
    return (this.#stoodAt ?? systemClock.monotonic()) - this.#passed;
  }

  /** The processor looks every second, and sooner when it saw something that is still moving. */
  setTimer(delayMs: number, callback: () => void): Timer {
    if (this.#stoodAt !== null && delayMs > 10 && delayMs < 1_000) this.#seen();
    return systemClock.setTimer(delayMs, callback);
  }

  looksAgainSoon(): Promise<void> {
    return new Promise((resolve) => {
      this.#seen = resolve;
    });
  }

  stand(): void {
    this.#stoodAt = systemClock.monotonic();
  }

  goOn(): void {
    this.#passed += systemClock.monotonic() - this.#stoodAt!;
    this.#stoodAt = null;
  }
}

describe('versions', () => {
  test('hold the bundle, its source map and the files that the DAG reads, laid out as the dags folder', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('good');
    await project.parsed();

    const [version] = await project.versions('daily_report');
    expect(version).toMatchObject({ number: 1, file: 'reports/daily.ts', entry: 'reports/daily.bundle.mjs' });
    const files = await project.store.catalog.versionFiles(version!.bundle);
    expect(files.map(({ path }) => path)).toEqual([
      'reports/daily.bundle.mjs',
      'reports/daily.bundle.mjs.map',
      'reports/query.sql',
      'reports/sql/one.sql',
    ]);
    const map = JSON.parse(files[1]!.content) as { sources: string[]; sourcesContent: string[] };
    expect(map.sources).toEqual(['daily.ts']);
    expect(map.sourcesContent[0]).toBe(readFileSync(join(project.dags, 'reports/daily.ts'), 'utf8'));
  });

  test('are the same on another machine: neither the project folder nor the home is part of them', async () => {
    await using one = await DagProcessorProject.create();
    await using other = await DagProcessorProject.create();
    const names = await Promise.all(
      [one, other].map(async (project) => {
        project.copy('good');
        await project.parsed();
        return project.store.db
          .selectFrom('dagVersion')
          .select(['dagId', 'version'])
          .orderBy('dagId')
          .execute();
      }),
    );
    expect(names[0]!.length).toBe(4);
    expect(names[0]).toEqual(names[1]);
  });

  test('a home outside of the project finds the packages of the dags folder', async () => {
    await using project = await DagProcessorProject.create();
    const home = mkdtempSync(join(tmpdir(), 'tsflow-home-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    project.copy('good');
    const { events } = await project.parsed({ home });
    expect(events.filter((event) => event.type === 'recorded' && event.failed.length > 0)).toEqual([]);
    expect(await project.dag('hello')).toMatchObject({ isStale: 0 });
  });
});

describe('edits', () => {
  test('one is a new version within a second of saving', async () => {
    await using project = await DagProcessorProject.create();
    project.write('a.ts', dagFile('a'));
    project.write('b.ts', dagFile('b'));
    const running = await project.parsed();

    const saved = performance.now();
    const seen = running.parsed('a.ts');
    project.write('a.ts', dagFile('a', 'export const edited = true;'));
    await seen;
    console.log(`edit visible after ${Math.round(performance.now() - saved)} ms`);
    expect((await project.versions('a')).map(({ number }) => number)).toEqual([1, 2]);
    expect(running.times('b.ts')).toBe(1);
  });

  test('one of a shared module makes new versions of its users alone', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('good');
    const running = await project.parsed();
    const seen = running.parsed('two.ts');
    project.write('shared/owners.ts', "export const owners = ['anna', 'carla'];\n");
    await seen;
    expect(await project.dag('two_anna')).toMatchObject({ isStale: 0 });
    expect(await project.dag('two_ben')).toMatchObject({ isStale: 1 });
    expect(await project.dag('two_carla')).toMatchObject({ isStale: 0 });
    expect(running.times('hello.ts')).toBe(1);
  });

  test('one of a file that a DAG reads makes a new version, and so does a new file that its pattern matches', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('good');
    const running = await project.parsed();
    const edited = running.parsed('reports/daily.ts');
    project.write('reports/query.sql', 'select 2');
    await edited;
    const added = running.parsed('reports/daily.ts');
    project.write('reports/sql/two.sql', 'select 2');
    await added;
    const versions = await project.versions('daily_report');
    expect(versions.length).toBe(3);
    const files = await project.store.catalog.versionFiles(versions[2]!.bundle);
    expect(files.map(({ path }) => path)).toContain('reports/sql/two.sql');
    expect(files.find(({ path }) => path === 'reports/query.sql')?.content).toBe('select 2');
  });

  test('a file that is only touched is not parsed again', async () => {
    await using project = await DagProcessorProject.create();
    project.write('a.ts', dagFile('a'));
    project.write('b.ts', dagFile('b'));
    const running = await project.parsed();
    project.write('a.ts', dagFile('a'));
    const seen = running.parsed('b.ts');
    project.write('b.ts', dagFile('b', 'export const edited = true;'));
    await seen;
    expect(running.times('a.ts')).toBe(1);
  });

  test('one is seen while another file hangs', async () => {
    await using project = await DagProcessorProject.create();
    project.write('a.ts', dagFile('a'));
    const running = await project.start({ limits: { timeoutMs: 60_000, memoryMb: 192 } });
    await running.idle();
    project.copy('broken/endless-loop.ts');
    const first = running.parsed('b.ts');
    project.write('b.ts', dagFile('b'));
    await first;
    const second = running.parsed('a.ts');
    project.write('a.ts', dagFile('a', 'export const edited = true;'));
    await second;
    expect((await project.versions('a')).length).toBe(2);
  });
});

describe('a file that fails', () => {
  test('keeps its last good version, and an edit mends it at once', async () => {
    await using project = await DagProcessorProject.create();
    project.write('a.ts', dagFile('a'));
    const running = await project.parsed();
    const before = await project.dag('a');
    const broken = running.failed('a.ts');
    project.write('a.ts', dagFile('a', "throw new Error('no');"));
    expect(await broken).toMatchObject({ kind: 'load', line: 2, message: 'no' });
    expect(await project.dag('a')).toEqual(before);

    const mended = running.parsed('a.ts');
    project.write('a.ts', dagFile('a'));
    await mended;
    expect(await project.store.catalog.importErrors()).toEqual([]);
    expect((await project.versions('a')).length).toBe(1);
  });

  test('is left alone while it waits, and not tried at each look', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('broken/throws.ts');
    const running = await project.parsed();
    project.write('a.ts', dagFile('a'));
    await running.parsed('a.ts');
    const failures = running.events.filter((event) => event.type === 'recorded' && event.failed.length > 0);
    expect(failures.length).toBe(1);
  });

  test('is mended by the file that it missed', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('broken/missing-import.ts', 'broken/missing-file.ts');
    const running = await project.parsed();
    const mended = [running.parsed('missing-import.ts'), running.parsed('missing-file.ts')];
    project.write('not-there.ts', 'export const rows = 1;\n');
    project.write('no-such-query.sql', 'select 1');
    await Promise.all(mended);
    expect(await project.store.catalog.importErrors()).toEqual([]);
  });

  test('a file written in two halves is never read half', async () => {
    await using project = await DagProcessorProject.create();
    const whole = `${dagFile('a')}${dagFile('b').split('\n').slice(1).join('\n')}`;
    project.write('both.ts', whole);
    const clock = new StandingClock();
    const running = await project.parsed({ clock });
    const edited = whole.replace("dagId: 'b'", "dagId: 'b', tags: ['x']");
    const seen = running.parsed('both.ts');
    // The first half is valid by itself, and would make b stale.
    clock.stand();
    project.write('both.ts', edited.slice(0, edited.indexOf('new DAG', edited.indexOf('new DAG') + 1)));
    await clock.looksAgainSoon();
    project.write('both.ts', edited);
    clock.goOn();
    await seen;
    expect(running.times('both.ts')).toBe(2);
    expect((await project.versions('b')).length).toBe(2);
    expect(await project.dag('b')).toMatchObject({ isStale: 0 });
  });
});

describe('two files with one DAG', () => {
  test('the loaded one keeps running, and the other takes over when it is gone', async () => {
    await using project = await DagProcessorProject.create();
    project.write('first.ts', dagFile('same'));
    const running = await project.parsed();
    const refused = running.failed('another.ts');
    project.write('another.ts', dagFile('same', 'export const mine = 1;'));
    expect(await refused).toMatchObject({
      kind: 'duplicate_dag_id',
      line: 3,
      message: expect.stringContaining('first.ts and another.ts'),
    });
    expect(await project.dag('same')).toMatchObject({ file: 'first.ts', isStale: 0 });

    const taken = running.parsed('another.ts');
    project.remove('first.ts');
    await taken;
    expect(await project.dag('same')).toMatchObject({ file: 'another.ts', isStale: 0 });
    expect(await project.store.catalog.importErrors()).toEqual([]);
  });

  test('a renamed file takes its DAGs along, without an error in between', async () => {
    await using project = await DagProcessorProject.create();
    project.write('old.ts', dagFile('moved'));
    const running = await project.parsed();
    const removed = running.removed('old.ts');
    project.rename('old.ts', 'new.ts');
    await removed;
    expect(await project.dag('moved')).toMatchObject({ file: 'new.ts', isStale: 0 });
    const failures = running.events.filter((event) => event.type === 'recorded' && event.failed.length > 0);
    expect(failures).toEqual([]);
  });
});

describe('files that go', () => {
  test('a removed file makes its DAGs stale and keeps their history', async () => {
    await using project = await DagProcessorProject.create();
    project.write('a.ts', dagFile('a'));
    project.write('b.ts', dagFile('b'));
    const running = await project.parsed();
    const removed = running.removed('a.ts');
    project.remove('a.ts');
    await removed;
    expect(await project.dag('a')).toMatchObject({ isStale: 1 });
    expect((await project.versions('a')).length).toBe(1);
    const back = running.parsed('a.ts');
    project.write('a.ts', dagFile('a'));
    await back;
    expect(await project.dag('a')).toMatchObject({ isStale: 0 });
  });

  test('a removed file stops the schedule of its DAGs, also while younger ones go on', async () => {
    await using tsflow = await SchedulerHarness.start('sqlite', [], () => null);
    await using project = DagProcessorProject.on(tsflow.store);
    const daily = (dagId: string) =>
      `import { DAG } from '@tsflow/core';\nnew DAG({ dagId: '${dagId}', schedule: '@daily' }, () => {});\n`;
    const ticks = async (dagId: string) => (await project.dag(dagId))?.nextTick ?? null;
    project.write('old.ts', daily('old'));
    const running = await project.parsed();
    const parsed = running.parsed('young.ts');
    project.write('young.ts', daily('young'));
    await parsed;
    tsflow.scheduler.ping('versions');
    await until('both tick', async () => (await ticks('old')) !== null && (await ticks('young')) !== null);
    const removed = running.removed('old.ts');
    project.remove('old.ts');
    await removed;
    await until('the old one ticks no longer', async () => (await ticks('old')) === null);
    expect(await ticks('young')).not.toBeNull();
  });

  test('a dags folder that is not there says nothing about its files', async () => {
    await using project = await DagProcessorProject.create();
    project.write('a.ts', dagFile('a'));
    const running = await project.parsed();
    const degraded = running.next((event) => event.type === 'degraded');
    project.rename('.', '../unmounted');
    await degraded;
    project.rename('../unmounted', '.');
    const seen = running.parsed('b.ts');
    project.write('b.ts', dagFile('b'));
    await seen;
    expect(await project.dag('a')).toMatchObject({ isStale: 0 });
    expect(running.events.filter((event) => event.type === 'recorded' && event.removed.length > 0)).toEqual(
      [],
    );
  });
});

test('a file that says something else each time is named, and its last good form stays', async () => {
  await using project = await DagProcessorProject.create();
  project.write(
    'random.ts',
    dagFile('random').replace("'random' }", "'random', description: String(Math.random()) }"),
  );
  project.write('steady.ts', dagFile('steady'));
  const running = await project.start({ refreshMs: 300 });
  const failure = await running.failed('random.ts', 0);
  expect(failure.kind).toBe('not_deterministic');
  expect((await project.versions('random')).length).toBe(3);
  expect((await project.versions('steady')).length).toBe(1);
  expect(await project.dag('random')).toMatchObject({ isStale: 0 });
});

test('another maxMapLength reads what is there again', async () => {
  await using project = await DagProcessorProject.create();
  const tasks = "task('load', (_context, { n }) => n, { n: expand([1, 2, 3]) })";
  project.write(
    'long.ts',
    `import { DAG, expand, task } from '@tsflow/core';\nnew DAG({ dagId: 'long' }, () => void ${tasks});\n`,
  );
  const strict = await project.parsed({ maxMapLength: 2 });
  expect(await project.store.catalog.importErrors()).toMatchObject([{ file: 'long.ts', line: 2 }]);
  await strict.processor.stop();
  await project.parsed({ maxMapLength: 3 });
  expect(await project.store.catalog.importErrors()).toEqual([]);
  expect(await project.dag('long')).toMatchObject({ isStale: 0 });
});

test('what is no DAG file is not read: tests, declarations, hidden folders, swap files, ignored ones, loops of links', async () => {
  await using project = await DagProcessorProject.create();
  const bomb = "throw new Error('tsflow should not read this');\n";
  for (const path of [
    'a.test.ts',
    'a.d.ts',
    '.hidden/a.ts',
    'node_modules/x/a.js',
    '.#a.ts',
    'a.ts~',
    'a.tmp.ts',
    'drafts/a.ts',
    'notes.txt',
  ]) {
    project.write(path, bomb);
  }
  project.write('.tsflowignore', 'drafts/\n');
  project.write('no-dag.ts', "throw new Error('not mentioned');\n");
  project.write('team/a.ts', dagFile('a'));
  symlinkSync('..', join(project.dags, 'team/up'));
  symlinkSync('loop', join(project.dags, 'loop'));
  const running = await project.parsed();
  expect(await project.store.catalog.importErrors()).toEqual([]);
  expect(running.events.flatMap((event) => (event.type === 'recorded' ? event.parsed : []))).toEqual([
    'team/a.ts',
  ]);
});

test('a file that makes its DAGs by a factory is one, however far away the factory says what it is', async () => {
  await using project = await DagProcessorProject.create();
  const factory = `export const make = (dagId: string) => new DAG({ dagId }, () => {});`;
  project.write('lib/factory.ts', `import { DAG } from '@tsflow/core';\n${factory}\n`);
  project.write('lib/all.ts', "export * from './factory.js';\nexport * from './ring';\n");
  project.write('lib/ring.ts', "import './all';\n");
  project.write('near.ts', "import { make } from './lib/factory.ts';\nmake('near');\n");
  project.write(
    'far.ts',
    "import { make } from './lib/all';\nimport ids from './ids.json' with { type: 'json' };\nfor (const id of ids) make(id);\n",
  );
  project.write('ids.json', '["far_1", "far_2"]');
  project.write(
    'no-dag.ts',
    "import './other.ts';\nimport 'zod';\nthrow new Error('nothing to do with it');\n",
  );
  project.write('other.ts', "import './no-dag.ts';\n");
  await project.parsed();
  expect(await project.store.catalog.importErrors()).toEqual([]);
  const rows = await project.store.db.selectFrom('dag').select('dagId').orderBy('dagId').execute();
  expect(rows.map(({ dagId }) => dagId)).toEqual(['far_1', 'far_2', 'near']);
});

describe('a restart', () => {
  test('with nothing changed parses nothing', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('good');
    await (await project.parsed()).processor.stop();
    const again = await project.parsed();
    expect(again.events).toEqual([{ type: 'idle', files: 3 }]);
  });

  test('finds what was edited, added, mended and removed meanwhile', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('good', 'broken/throws.ts');
    await (await project.parsed()).processor.stop();
    project.write('shared/owners.ts', "export const owners = ['dora'];\n");
    project.write('added.ts', dagFile('added'));
    project.write('throws.ts', dagFile('mended'));
    project.remove('hello.ts');
    const again = await project.start();
    await again.removed('hello.ts');
    await again.idle();
    const parsed = again.events.flatMap((event) => (event.type === 'recorded' ? event.parsed : []));
    expect(parsed.sort()).toEqual(['added.ts', 'throws.ts', 'two.ts']);
    expect(await project.dag('hello')).toMatchObject({ isStale: 1 });
    expect(await project.store.catalog.importErrors()).toEqual([]);
  });

  test('with other packages parses everything', async () => {
    await using project = await DagProcessorProject.create();
    project.copy('good');
    await (await project.parsed()).processor.stop();
    project.write('../package-lock.json', '{}');
    const again = await project.parsed();
    expect(again.times('hello.ts')).toBe(1);
    // The same text is the same version: the lockfile is beside its name.
    expect((await project.versions('hello')).length).toBe(1);
  });
});

test('a database that refuses for a while is tried again, and nothing is lost', async () => {
  await using project = await DagProcessorProject.create();
  project.write('a.ts', dagFile('a'));
  let refusals = 2;
  const { store } = project;
  const flaky: DagProcessorOptions['store'] = {
    catalog: {
      files: () => store.catalog.files(),
      importErrors: () => store.catalog.importErrors(),
      record: async (pass) => {
        if (refusals-- > 0) throw new Error('the database is away');
        await store.catalog.record(pass);
      },
    },
    horizons: store.horizons,
  };
  const running = await project.parsed({ store: flaky });
  expect(running.events.filter((event) => event.type === 'degraded').length).toBe(2);
  expect(await project.dag('a')).toMatchObject({ isStale: 0 });
});

test('kill -9 of the processor leaves no process behind, not even one in an endless loop', async () => {
  await using project = await DagProcessorProject.create();
  project.write(
    'loop.ts',
    "import { DAG } from '@tsflow/core';\nimport { writeFileSync } from 'node:fs';\n" +
      `writeFileSync('${join(project.folder, 'pid')}', String(process.pid));\nwhile (true) {}\nnew DAG({ dagId: 'x' }, () => {});\n`,
  );
  const script = `
    import { openStore } from '@tsflow/core/store';
    import { DagProcessor } from '@tsflow/scheduler/dag-processor';
    const store = await openStore('sqlite::memory:');
    await store.migrate();
    await new DagProcessor({ store, folder: 'dags', home: '.tsflow' }).start();
    const { existsSync } = await import('node:fs');
    setInterval(() => existsSync('pid') && console.log('looping'), 20);`;
  const processor = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: processor.stdout })) if (line === 'looping') break;
  const pid = Number(readFileSync(join(project.folder, 'pid'), 'utf8'));
  expect(isAlive(pid)).toBe(true);
  processor.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});

/** A zombie that nobody reaps in a container counts as dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
