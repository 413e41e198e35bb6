import type { Clock, Timer } from '@tsflow/core/clock';
import { TsflowError } from '@tsflow/core/errors';
import type { LoadProblem } from '@tsflow/core/loader';
import { type ParseLimits, ParseProcess, type ParseProcessEnd } from './parse-process.ts';
import type { LoadedDag, ParseReport, ParseRequest } from './parse-protocol.ts';

/** What became of one file. */
export type ParseOutcome =
  | {
      readonly status: 'loaded';
      readonly parseMs: number;
      readonly dags: readonly LoadedDag[];
      /** Absolute. */
      readonly reads: readonly string[];
    }
  | { readonly status: 'failed'; readonly parseMs: number; readonly problem: LoadProblem };

export interface ParsePoolOptions {
  readonly limits: ParseLimits;
  readonly clock: Clock;
  /** Variables for the children beside the few that every program needs. Default none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Most children at once. All but one are only started while files are stuck. Default 4. */
  readonly maxChildren?: number;
}

/** Thrown when children cannot be started at all, or when the pool was stopped: no file is to blame. */
export class ParsePoolError extends TsflowError {
  constructor(message: string) {
    super('parse_pool_unavailable', message);
  }
}

/** Files that one child loads before a fresh one goes on: what a file leaves behind stays bounded. */
const FILES_PER_CHILD = 250;
/** A file that takes this long gets the others a second child (typical: 1 to 5 ms a file). */
const STUCK_MS = 500;
const STARTS_TRIED = 3;

/**
 * Loads DAG files in disposable children, one after another in a child, so that starting Node is paid once for many files.
 *
 * A file that ends its child is known because it was announced before it was touched; the files behind it go on in another
 * child. A file that merely takes long does not hold up the others either: they get a child of their own. When a child that had
 * loaded other files ends in any other way than by time-out, the file is tried once more alone before it is blamed: a timer
 * that an earlier file left behind may have been the culprit.
 */
export class ParsePool {
  readonly #options: ParsePoolOptions;
  readonly #maxChildren: number;
  readonly #children = new Set<Child>();
  #waiting: Job[] = [];
  #failedStarts = 0;
  #stuckCheck: Timer | null = null;
  #stopped = false;

  constructor(options: ParsePoolOptions) {
    this.#options = options;
    this.#maxChildren = options.maxChildren ?? 4;
  }

  /**
   * Loads one file. Rejects with {@link ParsePoolError} only. `suspect`: it got stuck before, so it waits until nothing else is waiting
   * and never takes the last child.
   */
  parse(request: ParseRequest, suspect = false): Promise<ParseOutcome> {
    if (this.#stopped) return Promise.reject(new ParsePoolError('The dag processor is stopping.'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, suspect, alone: false, resolve, reject });
      this.#pump();
    });
  }

  /** Kills what runs; files that wait are rejected. Resolves when every child is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stuckCheck?.cancel();
    this.#rejectWaiting('The dag processor is stopping.');
    const children = [...this.#children];
    for (const child of children) child.process.kill();
    await Promise.all(children.map((child) => child.gone));
  }

  /** Gives waiting files to idle children, starts children that are needed, lets go those that are not. */
  #pump(): void {
    for (const child of this.#children) {
      if (!child.ready || child.job !== null || child.closed) continue;
      const job = this.#takeJob(child);
      if (job === null) this.#close(child);
      else this.#assign(child, job);
    }
    if (this.#needsChild()) this.#spawn();
    this.#watchStuck();
  }

  #takeJob(child: Child): Job | null {
    const suits = (job: Job) => !job.alone || child.loaded === 0;
    let index = this.#waiting.findIndex((job) => !job.suspect && suits(job));
    if (index < 0 && this.#mayTakeSuspect()) index = this.#waiting.findIndex(suits);
    return index < 0 ? null : this.#waiting.splice(index, 1)[0]!;
  }

  #mayTakeSuspect(): boolean {
    const running = [...this.#children].filter((child) => child.job?.suspect === true).length;
    return running < Math.max(1, this.#maxChildren - 1);
  }

  #needsChild(): boolean {
    if (this.#stopped || this.#children.size >= this.#maxChildren) return false;
    if (!this.#waiting.some((job) => !job.suspect || this.#mayTakeSuspect())) return false;
    const now = this.#options.clock.monotonic();
    return [...this.#children].every((child) => child.closed || isStuck(child, now));
  }

  #watchStuck(): void {
    this.#stuckCheck?.cancel();
    this.#stuckCheck =
      this.#waiting.length === 0 || this.#stopped
        ? null
        : this.#options.clock.setTimer(STUCK_MS, () => this.#pump());
  }

  #spawn(): void {
    const { limits, environment, clock } = this.#options;
    let markGone: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      markGone = resolve;
    });
    const parseProcess = new ParseProcess(limits, environment ?? {}, clock, {
      report: (report) => this.#receive(child, report),
      ended: (end) => {
        this.#children.delete(child);
        markGone();
        this.#bury(child, end);
        this.#pump();
      },
    });
    const child: Child = {
      process: parseProcess,
      gone,
      ready: false,
      closed: false,
      loaded: 0,
      job: null,
      announced: false,
      busySince: 0,
    };
    this.#children.add(child);
  }

  #assign(child: Child, job: Job): void {
    child.job = job;
    child.announced = false;
    child.busySince = this.#options.clock.monotonic();
    child.process.load(job.request);
  }

  #close(child: Child): void {
    child.closed = true;
    child.process.close();
  }

  #receive(child: Child, report: ParseReport): void {
    if (report.verb === 'ready') {
      child.ready = true;
      this.#failedStarts = 0;
    } else if (report.verb === 'loading') {
      child.announced = true;
      return;
    } else {
      const { job } = child;
      child.job = null;
      if (job !== null) this.#settle(child, job, report);
      child.loaded += 1;
      if (report.retiring || child.loaded >= FILES_PER_CHILD || job?.alone === true) this.#close(child);
    }
    this.#pump();
  }

  #settle(child: Child, job: Job, report: Extract<ParseReport, { verb: 'loaded' | 'failed' }>): void {
    if (report.verb === 'loaded') {
      job.resolve({ status: 'loaded', parseMs: report.parseMs, dags: report.dags, reads: report.reads });
    } else if (report.retiring && child.loaded > 0 && !job.alone) {
      this.#tryAlone(job);
    } else {
      job.resolve({ status: 'failed', parseMs: report.parseMs, problem: report.problem });
    }
  }

  /** A child is gone: finds out whose doing it was. */
  #bury(child: Child, end: ParseProcessEnd): void {
    if (!child.ready) this.#failedStarts += 1;
    const { job } = child;
    if (job === null) {
      if (this.#failedStarts >= STARTS_TRIED) {
        this.#failedStarts = 0;
        this.#rejectWaiting(`The parse child cannot be started: ${end.message} ${end.stderr}`.trim());
      }
    } else if (end.kind === 'stopped') {
      job.reject(new ParsePoolError(end.message));
    } else if (!child.announced) {
      this.#waiting.unshift(job);
    } else if (end.kind !== 'timeout' && child.loaded > 0 && !job.alone) {
      this.#tryAlone(job);
    } else {
      job.resolve({
        status: 'failed',
        parseMs: this.#options.clock.monotonic() - child.busySince,
        problem: {
          kind: end.kind,
          message: end.message,
          stack: end.stderr === '' ? null : end.stderr,
          path: null,
          line: null,
          column: null,
        },
      });
    }
  }

  #tryAlone(job: Job): void {
    this.#waiting.unshift({ ...job, alone: true });
  }

  #rejectWaiting(message: string): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const job of waiting) job.reject(new ParsePoolError(message));
  }
}

interface Job {
  readonly request: ParseRequest;
  readonly suspect: boolean;
  /** Only in a child that has loaded nothing else. */
  readonly alone: boolean;
  resolve(outcome: ParseOutcome): void;
  reject(error: ParsePoolError): void;
}

interface Child {
  readonly process: ParseProcess;
  /** Resolves when its whole group is gone. */
  readonly gone: Promise<void>;
  ready: boolean;
  /** Takes no more files. */
  closed: boolean;
  loaded: number;
  job: Job | null;
  announced: boolean;
  busySince: number;
}

function isStuck(child: Child, now: number): boolean {
  return child.job !== null && now - child.busySince >= STUCK_MS;
}
