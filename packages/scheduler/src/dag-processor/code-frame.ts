/** Lines shown before and after the one that is meant. */
const CONTEXT_LINES = 2;
/** Longest line shown: a minified file is one line of a megabyte. */
const MAX_LINE_LENGTH = 160;

/**
 * The place of a problem as five lines of its file, with a caret below the column. Plain text without colours: it is shown
 * in a terminal, in JSON and in a page. Lines and columns count from 1; an unknown column gives no caret. Null when the
 * file has no such line.
 */
export function codeFrame(text: string, line: number, column: number | null): string | null {
  const lines = text.split(/\r\n|\r|\n/);
  if (!Number.isInteger(line) || line < 1 || line > lines.length) return null;
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(lines.length, line + CONTEXT_LINES);
  const width = String(last).length;
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const source = lines[number - 1]!;
    const start = number === line ? windowStart(source, column) : 0;
    const shown = cut(source, start);
    const gutter = `${number === line ? '>' : ' '} ${String(number).padStart(width)} |`;
    frame.push(shown === '' ? gutter : `${gutter} ${shown}`);
    if (number !== line || column === null || column < 1 || column > source.length + 1) continue;
    // Tabs before the caret are kept, so that it stands below its column whatever their width.
    const before = (start > 0 ? ' ' : '') + source.slice(start, column - 1).replace(/[^\t]/g, ' ');
    frame.push(`  ${' '.repeat(width)} | ${before}^`);
  }
  return frame.join('\n');
}

function windowStart(source: string, column: number | null): number {
  if (column === null || column <= MAX_LINE_LENGTH / 2) return 0;
  return source.length <= MAX_LINE_LENGTH ? 0 : Math.floor(column - MAX_LINE_LENGTH / 2);
}

function cut(source: string, start: number): string {
  const end = start + MAX_LINE_LENGTH;
  return `${start > 0 ? '…' : ''}${source.slice(start, end)}${end < source.length ? '…' : ''}`;
}
