import { type LogLine, LogSegment } from '@tsflow/core/logs';

/** The logs of a test's attempts, in memory: what an attempt writes goes through the same masking and cutting as anywhere. */
export class TestLogs {
  readonly #segments = new Map<number, MemorySegment[]>();

  /** Where an attempt writes that begins, or is called again. */
  open(attemptId: number): LogSegment {
    const segment = new MemorySegment();
    this.#segments.set(attemptId, [...(this.#segments.get(attemptId) ?? []), segment]);
    return segment;
  }

  /** What an attempt wrote so far. */
  of(attemptId: number): readonly LogLine[] {
    return (this.#segments.get(attemptId) ?? []).flatMap((segment) => segment.lines());
  }
}

class MemorySegment extends LogSegment {
  #text = '';

  constructor() {
    super('memory', 'memory');
  }

  override write(bytes: Uint8Array): boolean {
    this.#text += Buffer.from(bytes).toString('utf8');
    return true;
  }

  lines(): LogLine[] {
    this.flush();
    return this.#text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }
}
