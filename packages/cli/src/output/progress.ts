import { formatDuration } from '@tsflow/core/duration';
import type { OutputStreams } from './output.ts';
import { formatCount } from './table.ts';

/** How far long work has come. */
export interface ProgressReport {
  readonly done: number;
  readonly total: number;
  /** What else there is to say: `610 succeeded, 2 failed, 16 running`. */
  readonly detail: string;
}

/**
 * Shows long work on stderr: a bar that redraws itself on a terminal; elsewhere a line whenever another tenth is done, and
 * at least every 30 s while something moves, so that a log of CI stays short and still tells that it lives.
 */
export class Progress {
  readonly #stream: OutputStreams['stderr'];
  readonly #now: () => number;
  readonly #startedAt: number;
  #drawn = '';
  #lastLine = '';
  #lastLineAt = Number.NEGATIVE_INFINITY;
  #lastTenth = -1;

  constructor(stream: OutputStreams['stderr'], now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#startedAt = now();
  }

  update(report: ProgressReport): void {
    if (this.#stream.isTTY === true) this.#draw(report);
    else this.#line(report);
  }

  /** Leaves the last report standing, so that what follows starts on a line of its own. */
  stop(): void {
    if (this.#drawn !== '') this.#stream.write('\n');
    this.#drawn = '';
  }

  #draw(report: ProgressReport): void {
    const width = this.#stream.columns ?? 80;
    const text = cut(barLine(report, this.#now() - this.#startedAt), width - 1);
    if (text === this.#drawn) return;
    this.#stream.write(`\r\u001b[2K${text}`);
    this.#drawn = text;
  }

  #line(report: ProgressReport): void {
    const tenth = Math.floor(fraction(report) * 10);
    const text = `${counts(report)}: ${report.detail}`;
    const quietFor = this.#now() - this.#lastLineAt;
    if (tenth === this.#lastTenth && (quietFor < 30_000 || text === this.#lastLine)) return;
    this.#stream.write(`${text}\n`);
    this.#lastTenth = tenth;
    this.#lastLineAt = this.#now();
    this.#lastLine = text;
  }
}

const BAR_CELLS = 24;

/** `████████░░░░ 42 %  612 of 1,461  610 succeeded, 2 failed  1m 12s left`. */
export function barLine(report: ProgressReport, elapsedMs: number): string {
  const full = Math.floor(fraction(report) * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const percent = `${Math.floor(fraction(report) * 100)} %`.padStart(5);
  return `${bar} ${percent}  ${counts(report)}  ${report.detail}${remaining(report, elapsedMs)}`;
}

function counts({ done, total }: ProgressReport): string {
  return `${formatCount(done)} of ${formatCount(total)}`;
}

function fraction({ done, total }: ProgressReport): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}

/** An estimate is worth showing after some seconds of real progress. */
function remaining({ done, total }: ProgressReport, elapsedMs: number): string {
  if (done === 0 || done >= total || elapsedMs < 3000) return '';
  return `  ${formatDuration((elapsedMs / done) * (total - done))} left`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
