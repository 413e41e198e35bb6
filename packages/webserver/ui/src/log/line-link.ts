/** Lines that a link names: `#L12`, or `#L12-L20`. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Reads the hash of a link; null when it names no line. */
export function lineRange(hash: string): LineRange | null {
  const match = /^#?L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (match === null) return null;
  const [a, b] = [Number(match[1]), Number(match[2] ?? match[1])];
  return a < 1 || b < 1 ? null : { from: Math.min(a, b), to: Math.max(a, b) };
}

/** The hash of a link to lines, without its `#`. */
export function lineHash({ from, to }: LineRange): string {
  return from === to ? `L${from}` : `L${from}-L${to}`;
}
