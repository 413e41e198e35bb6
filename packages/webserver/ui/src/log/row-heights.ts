/**
 * How tall the rows of a long list are: all as tall as a line, but those that were seen to be taller. A million rows cost nothing; only
 * what was measured is remembered.
 */
export class RowHeights {
  readonly #line: number;
  readonly #extra = new Map<number, number>();
  /** Rows that are taller, ascending, and how much all before and including each add. Null: to be made anew. */
  #sums: { readonly rows: readonly number[]; readonly sums: readonly number[] } | null = null;

  constructor(lineHeight: number) {
    this.#line = lineHeight;
  }

  /** Notes the height of a row as it was drawn; answers by how much it changed. */
  set(row: number, height: number): number {
    const before = this.#extra.get(row) ?? 0;
    const extra = Math.max(0, height - this.#line);
    if (extra === before) return 0;
    if (extra === 0) this.#extra.delete(row);
    else this.#extra.set(row, extra);
    this.#sums = null;
    return extra - before;
  }

  clear(): void {
    this.#extra.clear();
    this.#sums = null;
  }

  /** Where a row begins, in pixels; for the number of rows: how tall all are. */
  offset(row: number): number {
    const { rows, sums } = this.#made();
    const before = countBelow(rows, row);
    return row * this.#line + (before === 0 ? 0 : sums[before - 1]!);
  }

  /** The row at a height, of `count`. */
  rowAt(pixels: number, count: number): number {
    let [low, high] = [0, Math.max(0, count - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offset(middle) <= pixels) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #made(): { readonly rows: readonly number[]; readonly sums: readonly number[] } {
    if (this.#sums !== null) return this.#sums;
    const rows = [...this.#extra.keys()].sort((a, b) => a - b);
    let sum = 0;
    const sums = rows.map((row) => {
      sum += this.#extra.get(row)!;
      return sum;
    });
    this.#sums = { rows, sums };
    return this.#sums;
  }
}

function countBelow(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
