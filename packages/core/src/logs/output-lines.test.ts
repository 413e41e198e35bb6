import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutputLines } from './output-lines.ts';

function linesOf(...chunks: (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const output = new OutputLines((line) => lines.push(line));
  for (const chunk of chunks) output.push(chunk);
  output.end();
  return lines;
}

describe('OutputLines', () => {
  test.each<[(string | Uint8Array)[], string[]]>([
    [['a\nb\n'], ['a', 'b']],
    [['a\r\nb'], ['a', 'b']],
    [
      ['a\r', '\nb'],
      ['a', 'b'],
    ],
    [['\n\n'], ['', '']],
    [
      ['10%\r20%\r', '30%\n'],
      ['10%', '20%', '30%'],
    ],
    [['no', ' end'], ['no end']],
    [[Buffer.from('ä').subarray(0, 1), Buffer.from('ä').subarray(1)], ['ä']],
    [[Buffer.from([0xff, 0x0a])], ['\ufffd']],
    [[''], []],
  ])('%j gives %j', (chunks, lines) => {
    expect(linesOf(...chunks)).toEqual(lines);
  });

  test('lines do not depend on how they are cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'ä', '\n', '\r') }),
        fc.array(fc.nat(20)),
        (text, cuts) => {
          const bytes = Buffer.from(text);
          const pieces: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) {
            pieces.push(bytes.subarray(at, at + cut));
            at = Math.min(bytes.length, at + cut);
          }
          pieces.push(bytes.subarray(at));
          expect(linesOf(...pieces)).toEqual(linesOf(text));
        },
      ),
    );
  });

  test('a line of 100 MB is counted and not held', () => {
    const lines: [string, number][] = [];
    const output = new OutputLines((line, length) => lines.push([line, length]));
    for (let i = 0; i < 100; i++) output.push('x'.repeat(1024 * 1024));
    output.push('\nnext\n');
    expect(lines[0]![1]).toBe(100 * 1024 * 1024);
    expect(lines[0]![0].length).toBeLessThan(100_000);
    expect(lines[1]).toEqual(['next', 4]);
  });
});
