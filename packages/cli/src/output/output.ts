import { errorMessage, serializeError } from '@tsflow/core/errors';
import { type Paint, paintFor } from './colours.ts';
import { type Column, renderTable } from './table.ts';

/** What an {@link Output} writes to: the process's own streams, or memory in tests. */
export interface OutputStreams {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

/**
 * How a command speaks. The result goes to stdout: one JSON document with `--json`, words and tables without. Everything
 * about the way there (progress, hints, warnings) goes to stderr, so that a pipe gets the result alone.
 */
export class Output {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly streams: OutputStreams;
  readonly paint: Paint;

  constructor(
    options: { readonly json: boolean; readonly verbose: boolean },
    streams: OutputStreams = process,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.json = options.json;
    this.verbose = options.verbose;
    this.streams = streams;
    this.paint = paintFor(streams.stdout, env);
  }

  /** The result of the command. `words` is called for people only. */
  result(value: unknown, words: () => string): void {
    this.print(this.json ? JSON.stringify(value, null, 2) : words());
  }

  /** A result that is a list. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], whenEmpty: string): void {
    this.result(rows, () => (rows.length === 0 ? whenEmpty : renderTable(rows, columns)));
  }

  /** A line of the result that is made while the command works, such as a log line. */
  print(text: string): void {
    if (text !== '') this.streams.stdout.write(`${text}\n`);
  }

  /** Something worth knowing on the way. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  /** Why the command could not be carried out: in words; with `--verbose` also where. */
  failure(thrown: unknown): void {
    const paint = paintFor(this.streams.stderr, process.env);
    this.note(`${paint('red', 'error:')} ${errorMessage(thrown)}`);
    if (this.verbose && thrown instanceof Error) this.note(stackOf(thrown));
    if (this.json) {
      const { code = 'error', message } = serializeError(thrown);
      this.print(JSON.stringify({ error: { code, message } }, null, 2));
    }
  }
}

/** A reader that has seen enough (`tsflow runs list | head`) ends the command quietly. */
export function endQuietlyWhenPipeCloses(streams: OutputStreams = process): void {
  for (const stream of [streams.stdout, streams.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
