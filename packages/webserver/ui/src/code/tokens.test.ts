import { describe, expect, it } from 'vitest';
import { tokenLines } from './tokens.ts';

const kinds = (path: string, text: string) =>
  tokenLines(path, text).map((line) =>
    line.flatMap(({ text: part, kind }) => (kind === undefined ? [] : [`${kind} ${part}`])),
  );

describe('tokenLines', () => {
  it.each([
    ['a.ts', "const n = 'x'; // why", [['keyword const', "string 'x'", 'comment // why']]],
    ['a.ts', 'let a = `one\ntwo`;', [['keyword let', 'string `one'], ['string two`']]],
    ['a.ts', '/* a\n b */ 1_000n', [['comment /* a'], ['comment  b */', 'number 1_000n']]],
    ['a.ts', "x = 'never closed", [[]]],
    ['a.ts', 'constant(newer)', [[]]],
    [
      'q.sql',
      "select 'it''s' -- no\nFROM t",
      [['keyword select', "string 'it''s'", 'comment -- no'], ['keyword FROM']],
    ],
    ['notes.txt', 'const x = 1', [[]]],
  ])('%s: %s', (path, text, expected) => expect(kinds(path, text)).toEqual(expected));

  it('loses nothing of the text', () => {
    const text = `import { DAG } from 'x';\r\n\n  // <b>\nnew DAG({ n: 1 });\n`;
    const lines = tokenLines('a.ts', text).map((line) => line.map((token) => token.text).join(''));
    expect(lines).toEqual(text.split(/\r?\n/));
  });
});
