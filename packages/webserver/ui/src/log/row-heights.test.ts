import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowHeights } from './row-heights.ts';

it('agrees with adding the rows up one by one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ row: fc.nat(50), height: fc.integer({ min: 1, max: 90 }) })),
      fc.nat(2_000),
      (measured, pixels) => {
        const heights = new RowHeights(18);
        const plain = Array.from({ length: 51 }, () => 18);
        for (const { row, height } of measured) {
          heights.set(row, height);
          plain[row] = Math.max(18, height);
        }
        const offsets = plain.map((_, row) => plain.slice(0, row).reduce((sum, each) => sum + each, 0));
        expect(plain.map((_, row) => heights.offset(row))).toEqual(offsets);
        expect(heights.rowAt(pixels, 51)).toBe(offsets.findLastIndex((offset) => offset <= pixels));
      },
    ),
  );
});

it('tells by how much a row changed', () => {
  const heights = new RowHeights(18);
  expect([heights.set(3, 54), heights.set(3, 36), heights.set(3, 36), heights.set(9, 18)]).toEqual([
    36, -18, 0, 0,
  ]);
});
