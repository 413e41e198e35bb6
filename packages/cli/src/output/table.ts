import { stripVTControlCharacters } from 'node:util';

/** One column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
}

/** Rows under titles, columns two spaces apart. Nothing is cut: a terminal wraps, a pipe wants everything. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.value(row))));
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_column, index) =>
    Math.max(...[titles, ...cells].map((line) => displayWidth(line[index]!))),
  );
  return [titles, ...cells]
    .map((line) =>
      line
        .map((cell, index) => pad(cell, widths[index]!, columns[index]!.align ?? 'left'))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `1461` as `1,461`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** An instant as people read it: UTC, without fractions that are zero. */
export function formatInstant(instant: number | string | null | undefined): string {
  if (instant === null || instant === undefined) return '';
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** A cell stays on its line, and what a DAG's author wrote cannot move the cursor. Colours of our own survive. */
function oneLine(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return String(value).replace(/\s*[\r\n]+\s*/g, ' ');
}

function pad(cell: string, width: number, align: 'left' | 'right'): string {
  const gap = ' '.repeat(Math.max(0, width - displayWidth(cell)));
  return align === 'right' ? gap + cell : cell + gap;
}

/** Columns that a text takes on a terminal: escape sequences none, East Asian wide characters two. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += WIDE.test(character) ? 2 : 1;
  return width;
}

const WIDE =
  /[\u{1100}-\u{115f}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
