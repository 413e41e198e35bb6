import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, systemClock, type Timer } from '@tsflow/core/clock';
import { errorMessage } from '@tsflow/core/errors';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { Service } from '@tsflow/core/service';
import type { CatalogPort, HorizonPort, HorizonSurvey, ParsedFile, ParsePass } from '@tsflow/core/store';
import { releaseBundler } from './bundle.ts';
import { DagFolder, type KnownFile } from './dag-folder.ts';
import { digestOf } from './digest.ts';
import { DagFileFinder } from './discover.ts';
import { separateDuplicates } from './duplicates.ts';
import { FormHistory } from './form-history.ts';
import type { ImportFailure } from './import-failure.ts';
import { InputIndex } from './input-index.ts';
import { lockfileOf } from './lockfile.ts';
import { type FileOutcome, type FileToParse, parseFiles } from './parse-pipeline.ts';
import { ParsePool } from './parse-pool.ts';
import type { ParseLimits } from './parse-process.ts';
import { programDigest } from './program-digest.ts';
import { FolderWatch } from './watch.ts';

/** What a dag processor needs to know. Durations in milliseconds. */
export interface DagProcessorOptions {
  readonly store: DagStore;
  /** The dags folder (`config.dags`). It may not exist yet. */
  readonly folder: string;
  /** State of the installation (`config.home`): bundles are written below it while they are loaded. */
  readonly home: string;
  /** Default 30 s a file, 512 MB a child (`config.parseTimeoutMs`, `config.parseMemoryMb`). */
  readonly limits?: Partial<ParseLimits>;
  /**
   * How often unedited files are read again, for DAGs that are generated from something outside of the dags folder. Default 10
   * min: a thousand files cost a few seconds of one core each time.
   */
  readonly refreshMs?: number;
  /** Variables that DAG files may see while they load, beside PATH and its like. Default none. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Most instances that something may be mapped to. Default 1,024. */
  readonly maxMapLength?: number;
  readonly logger?: Logger;
  readonly onEvent?: (event: DagProcessorEvent) => void;
}

/** The part of a store that a dag processor uses. */
export interface DagStore {
  readonly catalog: Pick<CatalogPort, 'files' | 'importErrors' | 'record'>;
  readonly horizons: Pick<HorizonPort, 'survey'>;
}

/** What a dag processor tells its subscribers. */
export type DagProcessorEvent =
  /** A pass is in the database. Files by path. */
  | {
      readonly type: 'recorded';
      readonly parsed: readonly string[];
      readonly failed: readonly ImportFailure[];
      readonly removed: readonly string[];
    }
  /** Everything that was seen is recorded; nothing is under way. Comes once after the start even when nothing had changed. */
  | { readonly type: 'idle'; readonly files: number }
  /** The database, esbuild or the children cannot be used; it goes on trying. */
  | { readonly type: 'degraded'; readonly message: string };

/** The processor looks on its own this often, in case a watch said nothing (network mounts). */
const LOOK_MS = 1_000;
/** ... but spends no more than a fiftieth of its time on looking. */
const LOOK_SHARE = 50;
/** Outcomes that arrive together are written together. */
const RECORD_DELAY_MS = 20;
const RECORD_AT_ONCE = 250;
const STORE_RETRY_MS = 1_000;
/** esbuild's helper process is kept for the next edit of somebody who is at work. */
const RELEASE_AFTER_MS = 30_000;
const LOG_AGAIN_MS = 60_000;

/**
 * Keeps the database in step with the dags folder: a file that is saved is a version within a second, one that fails to load is
 * an import error while its last good version stays, one that is gone makes its DAGs stale. Never schedules.
 *
 *     look -> discover -> settle -> bundle -> parse -> validate -> record, which wakes the schedulers
 *
 * Looks and parsing overlap: a file that hangs for its 30 s holds up nothing but itself.
 */
export class DagProcessor implements Service {
  readonly #store: DagStore;
  readonly #folder: string;
  readonly #parseFolder: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onEvent: (event: DagProcessorEvent) => void;
  readonly #refreshMs: number;
  readonly #pool: ParsePool;
  readonly #maxMapLength: number;
  readonly #watch = new FolderWatch(() => this.#lookSoon());
  readonly #forms = new FormHistory();
  readonly #program = programDigest();
  readonly #index: InputIndex;
  readonly #files: DagFolder;

  #state: 'new' | 'running' | 'stopped' = 'new';
  #lookTimer: Timer | null = null;
  #recordTimer: Timer | null = null;
  #releaseTimer: Timer | null = null;
  /** Outcomes that are not in the database yet, the newest of each file. */
  #outcomes = new Map<string, FileOutcome>();
  /** Files that are gone, and the database does not know yet. */
  #removed = new Set<string>();
  #recording: Promise<void> | null = null;
  readonly #passes = new Set<Promise<void>>();
  #lockfileDigest: string | null = null;
  #nextRefreshAt: number;
  #wasIdle = false;
  #degradedLoggedAt: number | null = null;
  #survey: Promise<void> | null = null;
  #surveyedAt = Number.NEGATIVE_INFINITY;

  constructor(options: DagProcessorOptions) {
    this.#store = options.store;
    this.#folder = resolve(options.folder);
    this.#parseFolder = join(resolve(options.home), 'parse');
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#refreshMs = options.refreshMs ?? 10 * 60_000;
    this.#maxMapLength = options.maxMapLength ?? 1_024;
    this.#nextRefreshAt = this.#clock.monotonic() + this.#refreshMs;
    this.#index = new InputIndex(join(this.#parseFolder, 'inputs.json'));
    this.#files = new DagFolder(this.#folder, new DagFileFinder(this.#folder));
    this.#pool = new ParsePool({
      limits: { timeoutMs: 30_000, memoryMb: 512, ...options.limits },
      clock: this.#clock,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
    });
  }

  /** Reads what was recorded before and begins to look. Rejects when the database cannot be read. */
  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    await mkdir(this.#parseFolder, { recursive: true });
    await sweepParseFolder(this.#parseFolder, this.#clock.now());
    await this.#index.read();
    const [rows, errors] = await Promise.all([
      this.#store.catalog.files(),
      this.#store.catalog.importErrors(),
    ]);
    if (this.#state !== 'running') return;
    this.#files.restore(rows, errors, (path) => this.#index.inputsOf(path));
    await this.#surveyHorizons();
    this.#look();
  }

  async stop(): Promise<void> {
    const wasRunning = this.#state === 'running';
    this.#state = 'stopped';
    for (const timer of [this.#lookTimer, this.#recordTimer, this.#releaseTimer]) timer?.cancel();
    this.#watch.close();
    await this.#pool.stop();
    await Promise.allSettled(this.#passes);
    await this.#survey;
    await this.#recording?.catch(() => undefined);
    if (!wasRunning) return;
    await this.#index.write().catch(() => undefined);
    await releaseBundler();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Looks now instead of at the next second. */
  wake(): void {
    if (this.#state === 'running') this.#lookIn(0);
  }

  /** One look: what is new, edited, gone or due again goes on its way. */
  #look(): void {
    if (this.#state !== 'running') return;
    const startedAt = this.#clock.monotonic();
    if (startedAt - this.#surveyedAt >= LOOK_MS) void this.#surveyHorizons();
    this.#readLockfile();
    const look = this.#files.look(startedAt);
    this.#watch.follow(look.folders);
    if (look.folders.length === 0)
      this.#degraded('DAG files cannot be found', new Error(`${this.#folder} is no folder`));
    for (const path of look.removed) this.#noteRemoval(path);
    const refresh = this.#isRefreshDue(startedAt);
    const due = this.#files.takeDue(startedAt, this.#clock.now(), refresh, this.#environment());
    if (due.length > 0) this.#beginPass(due);
    this.#reportIdle(look.lookAgainMs === null);
    const tookMs = this.#clock.monotonic() - startedAt;
    this.#lookIn(
      Math.min(look.lookAgainMs ?? Number.POSITIVE_INFINITY, Math.max(LOOK_MS, tookMs * LOOK_SHARE)),
    );
  }

  #lookIn(delayMs: number): void {
    this.#lookTimer?.cancel();
    this.#lookTimer = this.#clock.setTimer(delayMs, () => this.#look());
  }

  /** After a hint of the watch: editors make several events of one save. */
  #lookSoon(): void {
    if (this.#state === 'running') this.#lookIn(10);
  }

  #isRefreshDue(now: number): boolean {
    if (now < this.#nextRefreshAt) return false;
    this.#nextRefreshAt = now + this.#refreshMs;
    return true;
  }

  /** Bundles and loads files; their outcomes are recorded as they come. */
  #beginPass(due: readonly KnownFile[]): void {
    const lockfileDigest = this.#lockfileDigest;
    const environment = this.#environment();
    this.#wasIdle = false;
    this.#releaseTimer?.cancel();
    const pass = this.#readNeeds(due)
      .then((files) =>
        parseFiles(
          files,
          lockfileDigest,
          {
            folder: this.#folder,
            parseFolder: this.#parseFolder,
            pool: this.#pool,
            maxMapLength: this.#maxMapLength,
          },
          (outcome) => this.#noteOutcome(outcome, environment),
        ),
      )
      .catch((error: unknown) => this.#degraded('DAG files cannot be parsed', error))
      .finally(() => {
        this.#passes.delete(pass);
        // Files without an outcome are tried again with the next looks.
        this.#files.passEnded(due, this.#clock.monotonic());
        this.#lookSoon();
      });
    this.#passes.add(pass);
  }

  /** Beside each file what has to be known of its custom timetables. The high-water marks move, so they are read for each pass. */
  async #readNeeds(due: readonly KnownFile[]): Promise<readonly FileToParse[]> {
    const survey = await this.#store.horizons.survey(this.#clock.now());
    const needs = new Map(survey.map(({ dagId, need }) => [dagId, need]));
    return due.map(({ path, suspect, dagIds }) => {
      const known = dagIds.flatMap((dagId) => {
        const need = needs.get(dagId);
        return need === undefined ? [] : [[dagId, need] as const];
      });
      return { path, suspect, needs: Object.fromEntries(known) };
    });
  }

  /** Files whose custom timetables have to say more of their runs are read again, edited or not. Never rejects. */
  async #surveyHorizons(): Promise<void> {
    if (this.#survey !== null) return this.#survey;
    this.#surveyedAt = this.#clock.monotonic();
    this.#survey = this.#store.horizons
      .survey(this.#clock.now())
      .then((survey: readonly HorizonSurvey[]) => {
        const due = new Set(survey.filter(({ isDue }) => isDue).map(({ file }) => file));
        if (due.size > 0 && this.#files.readAgain(due)) this.#lookSoon();
      })
      .catch((error: unknown) => this.#degraded('The horizons of custom timetables cannot be read', error))
      .finally(() => {
        this.#survey = null;
      });
    return this.#survey;
  }

  #noteOutcome(outcome: FileOutcome, environment: string): void {
    if (this.#state !== 'running') return;
    if (this.#files.parsed(outcome.file, outcome.inputs, environment) === null) return;
    this.#outcomes.set(outcome.file, outcome);
    if (this.#outcomes.size >= RECORD_AT_ONCE) void this.#record();
    else this.#recordIn(RECORD_DELAY_MS);
  }

  #noteRemoval(path: string): void {
    this.#outcomes.delete(path);
    this.#removed.add(path);
    this.#recordIn(RECORD_DELAY_MS);
  }

  #recordIn(delayMs: number): void {
    this.#recordTimer ??= this.#clock.setTimer(delayMs, () => {
      this.#recordTimer = null;
      void this.#record();
    });
  }

  /** Writes what has come since the last time. One at a time; what it could not write waits for the next. */
  async #record(): Promise<void> {
    if (this.#recording !== null || this.#state !== 'running') return;
    if (this.#outcomes.size === 0 && this.#removed.size === 0) return;
    this.#recording = this.#recordOnce().finally(() => {
      this.#recording = null;
    });
    await this.#recording;
    if (this.#outcomes.size > 0 || this.#removed.size > 0) this.#recordIn(RECORD_DELAY_MS);
    else this.#lookSoon();
  }

  async #recordOnce(): Promise<void> {
    const outcomes = this.#outcomes;
    const removed = this.#removed;
    this.#outcomes = new Map();
    this.#removed = new Set();
    const { pass, failures } = this.#validate([...outcomes.values()], [...removed]);
    try {
      await this.#store.catalog.record(pass); // Wakes the schedulers too.
    } catch (error) {
      for (const [file, outcome] of outcomes)
        if (!this.#outcomes.has(file)) this.#outcomes.set(file, outcome);
      for (const file of removed) if (!this.#outcomes.has(file)) this.#removed.add(file);
      this.#degraded('The database does not take what the dag processor found', error);
      await new Promise<void>((wake) => this.#clock.setTimer(STORE_RETRY_MS, wake));
      return;
    }
    this.#remember(pass, failures);
    this.#degradedLoggedAt = null;
    this.#onEvent({
      type: 'recorded',
      parsed: pass.parsed.map(({ file }) => file.path),
      failed: pass.failed,
      removed: pass.removed,
    });
  }

  /** What of the outcomes stands beside the others: ids of other files, forms that change by themselves. */
  #validate(
    outcomes: readonly FileOutcome[],
    removed: readonly string[],
  ): { pass: ParsePass; failures: readonly ImportFailure[] } {
    const now = this.#clock.now();
    const loaded = outcomes.filter((outcome) => outcome.status === 'loaded');
    const failures: ImportFailure[] = outcomes.flatMap((outcome) =>
      outcome.status === 'failed' ? [outcome.failure] : [],
    );
    const owners = this.#files.owners(loaded.map(({ file, dags }) => ({ file, dagIds: dags.map(dagIdOf) })));
    const { accepted, duplicates } = separateDuplicates(this.#folder, loaded, owners);
    failures.push(...duplicates.map(({ failure }) => failure));
    const parsed: ParsedFile[] = [];
    for (const outcome of accepted) {
      const { file, dags } = outcome;
      const bundle = dags[0]?.bundle ?? '';
      const form = digestOf(...dags.map((dag) => dag.version));
      if (this.#forms.note(file, bundle, form, now)) {
        parsed.push({ file: this.#files.row(file, outcome.parseMs), dags });
      } else {
        failures.push(notDeterministic(file));
      }
    }
    return { pass: { at: now, parsed, failed: failures, removed }, failures };
  }

  #remember(pass: ParsePass, failures: readonly ImportFailure[]): void {
    const now = this.#clock.monotonic();
    for (const { file, dags } of pass.parsed) {
      this.#files.recorded(file.path, dags.map(dagIdOf));
    }
    for (const failure of failures) this.#files.failed(failure.file, failure.kind, now);
    for (const path of pass.removed) this.#forms.forget(path);
    this.#index.replace(this.#files.inputs());
    for (const { file, kind, message, line } of failures) {
      this.#logger.warn(`${file}${line === null ? '' : `:${line}`} cannot be loaded: ${message}`, { kind });
    }
    this.#logger.info('Recorded DAG files', {
      parsed: pass.parsed.length,
      failed: failures.length,
      removed: pass.removed.length,
    });
  }

  #reportIdle(settled: boolean): void {
    const busy =
      !settled ||
      this.#passes.size > 0 ||
      this.#recording !== null ||
      this.#outcomes.size + this.#removed.size > 0;
    if (busy || this.#wasIdle) {
      if (busy) this.#wasIdle = false;
      return;
    }
    this.#wasIdle = true;
    this.#onEvent({ type: 'idle', files: this.#files.size });
    void this.#index.write().catch((error: unknown) => {
      // Only a restart is slower without it.
      this.#logger.debug('The index of inputs was not written', { error: errorMessage(error) });
    });
    this.#releaseTimer?.cancel();
    this.#releaseTimer = this.#clock.setTimer(RELEASE_AFTER_MS, () => void releaseBundler());
  }

  /** Whatever else than its inputs decides what a file says: packages, this program, a setting. A change parses everything again. */
  #environment(): string {
    return digestOf(this.#program, this.#lockfileDigest ?? '', String(this.#maxMapLength));
  }

  #readLockfile(): void {
    const path = lockfileOf(this.#folder);
    const digest = path === null ? null : this.#files.contentDigest(path);
    if (digest === this.#lockfileDigest) return;
    this.#lockfileDigest = digest;
    this.#files.allDue();
  }

  #degraded(what: string, error: unknown): void {
    if (this.#state !== 'running') return;
    const message = `${what}: ${errorMessage(error)}`;
    this.#onEvent({ type: 'degraded', message });
    const now = this.#clock.monotonic();
    if (this.#degradedLoggedAt !== null && now - this.#degradedLoggedAt < LOG_AGAIN_MS) return;
    this.#degradedLoggedAt = now;
    this.#logger.error(`${message}. It is tried again.`);
  }
}

function dagIdOf(dag: ParsedFile['dags'][number]): string {
  return dag.serialized.dagId;
}

function notDeterministic(file: string): ImportFailure {
  return {
    file,
    kind: 'not_deterministic',
    message:
      'The file gives another DAG each time it is read, although nothing in it was edited. The last good version stays. Ids, ' +
      'dates and options must not come from Math.random(), Date.now() and the like: a schedule says when runs happen.',
    line: null,
    column: null,
    codeFrame: null,
    stack: null,
  };
}

/** Removes bundles that a processor left when it was killed. Those of another one at work are minutes old at most. */
async function sweepParseFolder(folder: string, now: number): Promise<void> {
  const LEFT_BEHIND_MS = 10 * 60_000;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    const stats = await stat(path).catch(() => null);
    if (stats !== null && now - stats.mtimeMs > LEFT_BEHIND_MS)
      await rm(path, { recursive: true, force: true });
  }
}
