import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStore, type Store } from '@tsflow/core/store';
import {
  DagProcessor,
  type DagProcessorEvent,
  type DagProcessorOptions,
  type ImportFailure,
} from '@tsflow/scheduler/dag-processor';

const ROOT = process.cwd();
const FIXTURES = join(ROOT, 'test/fixtures/dags');

/** Small, so that a bomb goes off soon; Node with the loader takes some 75 MB. */
const LIMITS = { timeoutMs: 2_500, memoryMb: 192 };

/** A project in a temporary folder with real files, a database in memory, and the dag processors that a test starts in it. */
export class DagProcessorProject implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tsflow-dag-processor-'));
  readonly dags = join(this.folder, 'dags');
  readonly home = join(this.folder, '.tsflow');
  readonly store: Store;
  readonly #running: RunningProcessor[] = [];
  readonly #ownsStore: boolean;

  private constructor(store: Store, ownsStore: boolean) {
    this.store = store;
    this.#ownsStore = ownsStore;
    mkdirSync(this.dags);
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  static async create(): Promise<DagProcessorProject> {
    const store = await openStore('sqlite::memory:');
    await store.migrate();
    return new DagProcessorProject(store, true);
  }

  /** On a database of somebody else's, who closes it: where a scheduler is at work too. */
  static on(store: Store): DagProcessorProject {
    return new DagProcessorProject(store, false);
  }

  /** Copies fixtures, files or folders, to the root of the dags folder. */
  copy(...fixtures: readonly string[]): void {
    for (const fixture of fixtures) {
      const source = join(FIXTURES, fixture);
      const target =
        fixture === 'good' || fixture === 'broken'
          ? this.dags
          : join(this.dags, fixture.split('/').slice(1).join('/'));
      cpSync(source, target, { recursive: true });
    }
  }

  write(path: string, text: string): void {
    const target = join(this.dags, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  remove(path: string): void {
    rmSync(join(this.dags, path), { recursive: true });
  }

  rename(from: string, to: string): void {
    renameSync(join(this.dags, from), join(this.dags, to));
  }

  async start(options: Partial<DagProcessorOptions> = {}): Promise<RunningProcessor> {
    const running = new RunningProcessor(this, options);
    this.#running.push(running);
    await running.processor.start();
    return running;
  }

  /** Starts a processor and waits until everything that is there is recorded. */
  async parsed(options: Partial<DagProcessorOptions> = {}): Promise<RunningProcessor> {
    const running = await this.start(options);
    await running.idle();
    return running;
  }

  async dag(dagId: string) {
    return this.store.db.selectFrom('dag').selectAll().where('dagId', '=', dagId).executeTakeFirst();
  }

  async versions(dagId: string) {
    return this.store.db
      .selectFrom('dagVersion')
      .selectAll()
      .where('dagId', '=', dagId)
      .orderBy('number')
      .execute();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.processor.stop();
    if (this.#ownsStore) await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A dag processor and everything that it has said. */
export class RunningProcessor {
  readonly processor: DagProcessor;
  readonly events: DagProcessorEvent[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(project: DagProcessorProject, options: Partial<DagProcessorOptions>) {
    this.processor = new DagProcessor({
      store: project.store,
      folder: project.dags,
      home: project.home,
      limits: LIMITS,
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        for (const look of this.#waiting) look();
      },
    });
  }

  /** The next event from now on that `test` likes; those that came before do not count. */
  async next(
    test: (event: DagProcessorEvent) => boolean,
    since = this.events.length,
  ): Promise<DagProcessorEvent> {
    for (let i = since; ; i++) {
      while (i >= this.events.length) await this.#somethingMore();
      if (test(this.events[i]!)) return this.events[i]!;
    }
  }

  /** Everything seen so far, and before this call if it had come already, is recorded. */
  async idle(): Promise<void> {
    await this.next((event) => event.type === 'idle', 0);
  }

  /** Each of these files was recorded, as loaded or as failed. */
  async seen(files: readonly string[]): Promise<void> {
    const missing = new Set(files);
    await this.next((event) => {
      if (event.type === 'recorded') for (const file of event.parsed) missing.delete(file);
      if (event.type === 'recorded') for (const { file } of event.failed) missing.delete(file);
      return missing.size === 0;
    }, 0);
  }

  async parsed(file: string, since = this.events.length): Promise<void> {
    await this.next((event) => event.type === 'recorded' && event.parsed.includes(file), since);
  }

  async failed(file: string, since = this.events.length): Promise<ImportFailure> {
    let found: ImportFailure | undefined;
    await this.next((event) => {
      if (event.type === 'recorded') found = event.failed.find((failure) => failure.file === file);
      return found !== undefined;
    }, since);
    return found!;
  }

  async removed(file: string): Promise<void> {
    await this.next((event) => event.type === 'recorded' && event.removed.includes(file));
  }

  /** How often a file was parsed. */
  times(file: string): number {
    return this.events.filter((event) => event.type === 'recorded' && event.parsed.includes(file)).length;
  }

  #somethingMore(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}
