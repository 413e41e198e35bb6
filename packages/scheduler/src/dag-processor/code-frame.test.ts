import { expect, test } from 'vitest';
import { codeFrame } from './code-frame.ts';

const text = ['import a', 'const b = 1;', '\tnew DAG({ schedul: 1 });', 'd', 'e', 'f'].join('\n');

test('shows two lines around, and a caret below the column', () => {
  expect(codeFrame(text, 3, 12)).toBe(
    [
      '  1 | import a',
      '  2 | const b = 1;',
      '> 3 | \tnew DAG({ schedul: 1 });',
      '    | \t          ^',
      '  4 | d',
      '  5 | e',
    ].join('\n'),
  );
});

test('is cut at the ends of the file and needs no column', () => {
  expect(codeFrame('one\r\ntwo', 1, null)).toBe('> 1 | one\n  2 | two');
  expect(codeFrame('one\ntwo', 2, 4)).toBe('  1 | one\n> 2 | two\n    |    ^');
});

test('aligns line numbers of different length', () => {
  const long = Array.from({ length: 12 }, (_, i) => `line${i + 1}`).join('\n');
  expect(codeFrame(long, 9, 1)?.split('\n')[0]).toBe('   7 | line7');
});

test('knows no line outside of the file', () => {
  expect(codeFrame('one', 2, 1)).toBeNull();
  expect(codeFrame('one', 0, 1)).toBeNull();
});

test('a minified line is cut around the column', () => {
  const minified = `${'a'.repeat(5000)}HERE${'b'.repeat(5000)}`;
  const lines = codeFrame(minified, 1, 5001)!.split('\n');
  expect(lines[0]!.length).toBeLessThan(200);
  expect(lines[0]!.slice(lines[1]!.indexOf('^')).startsWith('HERE')).toBe(true);
});
