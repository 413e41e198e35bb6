import { expect, it } from 'vitest';
import { lineHash, lineRange } from './line-link.ts';

it.each([
  ['#L12', { from: 12, to: 12 }],
  ['L12-L20', { from: 12, to: 20 }],
  ['#L20-12', { from: 12, to: 20 }],
  ['#L0', null],
  ['#other', null],
  ['', null],
])('%s', (hash, range) => expect(lineRange(hash)).toEqual(range));

it('writes what it reads', () => {
  for (const hash of ['L1', 'L3-L9']) expect(lineHash(lineRange(hash)!)).toBe(hash);
});
