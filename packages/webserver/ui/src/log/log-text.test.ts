import { describe, expect, it } from 'vitest';
import { levelFrom, plainText } from './log-text.ts';

const ESC = '\u001b';

describe('plainText', () => {
  it.each([
    ['colours', `${ESC}[31;1mred${ESC}[0m`, 'red'],
    ['an OSC 8 link', `${ESC}]8;;javascript:alert(1)\u0007click${ESC}]8;;\u0007`, 'click'],
    ['an OSC link closed by ST', `${ESC}]8;;http://x${ESC}\\a${ESC}]8;;${ESC}\\`, 'a'],
    ['a progress bar', '10%\r50%\r100%', '100%'],
    ['a line of Windows', 'done\r', 'done'],
    ['a bidirectional override', 'a\u202eb', 'a‹U+202E›b'],
    ['a NUL', 'a\u0000b', 'a‹U+0000›b'],
    ['markup, which stays text', '<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['tabs, which stay', 'a\tb', 'a\tb'],
  ])('%s', (_, raw, text) => expect(plainText(raw)).toBe(text));

  it('cuts a line of a megabyte and says by how much', () => {
    const text = plainText('x'.repeat(1_000_000));
    expect(text.length).toBeLessThan(8_100);
    expect(text).toMatch(/\(\+992,000\)$/);
  });
});

it('keeps the line breaks of a stack', () =>
  expect(plainText('Error: no\r\n    at a\n10%\r50%')).toBe('Error: no\n    at a\n50%'));

it.each([
  ['warn', 'warn'],
  ['debug', undefined],
  ['strange', undefined],
  [undefined, undefined],
])('%s leaves out what is below %s', (text, level) => expect(levelFrom(text)).toBe(level));
