import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonMistake } from './json-mistake.ts';

it.each([
  ['{"a": x}', 6],
  ['{"a" 1}', 5],
  ['{"a": 1,}', 8],
  ['[1 2]', 3],
  ['{"a": "un', 6],
  ['{"a": [1, {"b": tru}]}', 16],
  ['{} x', 3],
  ['', 0],
])('%s fails at %d', (text, at) => expect(jsonMistake(text)).toBe(at));

it('agrees with JSON.parse on what is JSON, whole or broken', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', 'x', '\\'), (json, where, letter) => {
      const at = where % (json.length + 1);
      const text = json.slice(0, at) + letter + json.slice(at);
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      expect(jsonMistake(text) === null).toBe(parses);
    }),
    { verbose: true },
  );
});
