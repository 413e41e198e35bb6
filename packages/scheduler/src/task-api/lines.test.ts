import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter, parseLine } from './lines.ts';
import { MAX_LINE_BYTES } from './protocol.ts';

function split(bytes: Buffer, sizes: readonly number[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter();
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    const piece = bytes.subarray(at, at + size);
    at += piece.length;
    if (piece.length > 0) splitter.push(piece, (line) => lines.push(line));
  }
  return lines;
}

describe('LineSplitter', () => {
  test('gives the same lines however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''))),
        fc.array(fc.integer({ min: 1, max: 7 })),
        (lines, sizes) => {
          const text = lines.map((line) => `${line}\n`).join('');
          const wellFormed = lines.map((line) => Buffer.from(line).toString());
          expect(split(Buffer.from(text), sizes)).toEqual(wellFormed);
        },
      ),
    );
  });

  test('refuses a line without end', () => {
    const splitter = new LineSplitter();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const push = (): void => {
      for (let bytes = 0; bytes <= MAX_LINE_BYTES; bytes += piece.length)
        splitter.push(piece, () => undefined);
    };
    expect(push).toThrow(`may have ${MAX_LINE_BYTES} bytes`);
  });
});

describe('parseLine', () => {
  test.each(['', 'null', '[]', '1', '{}', '{"verb":1}', '{"verb":"x"'])('refuses %j', (line) => {
    expect(() => parseLine(line)).toThrow('task API');
  });

  test('takes an object with a verb', () => {
    expect(parseLine('{"verb":"ping"}')).toEqual({ verb: 'ping' });
  });
});
