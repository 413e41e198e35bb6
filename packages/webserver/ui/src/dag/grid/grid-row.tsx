import { memo, type ReactNode } from 'react';
import type { GridColumn, RunBar, TaskState } from '../../api/contract.ts';
import { durationText } from '../../clock/duration-text.ts';
import { serverNow } from '../../clock/server-clock.ts';
import { Icon } from '../../controls/icon.tsx';
import { mostUrgent } from '../../state/urgency.ts';
import { cellAt, cellCounts, type GridCell, type StateLetters } from './grid-cells.ts';
import type { GridRow } from './grid-rows.ts';

export const ROW_HEIGHT = 24;

/** A run with its packed squares. */
export interface GridRun {
  readonly run: RunBar;
  readonly column: GridColumn;
}

/** One line of squares. Drawn again when it changes, not when others do. */
export const Row = memo(function Row({
  row,
  index,
  top,
  width,
  nameWidth,
  columnWidth,
  first,
  last,
  shown,
  letters,
  focused,
  word,
  onOpen,
}: {
  row: GridRow;
  index: number;
  top: number;
  width: number;
  nameWidth: number;
  columnWidth: number;
  /** The columns in sight. */
  first: number;
  last: number;
  shown: readonly GridRun[];
  letters: StateLetters;
  /** The column with the focus, -1 for the name. */
  focused: number;
  word: (state: string) => string;
  onOpen: (row: number, column: number) => void;
}) {
  const isGroup = row.kind === 'group';
  const squares: ReactNode[] = [];
  for (let column = first; column <= last; column += 1) {
    const at = shown[column];
    if (at === undefined) continue;
    const cell = isGroup ? undefined : cellAt(letters, at.column, row.places[0]!, serverNow());
    const counts = isGroup ? cellCounts(letters, at.column, row) : (cell?.mapped ?? null);
    const state = counts ? mostUrgent(counts) : cell?.state;
    const label = counts ? countsText(counts, word) : cell ? cellText(cell, word) : '';
    squares.push(
      <div
        key={at.run.runId}
        // Named where somebody asks: only the square with the focus is spoken of by its id.
        id={focused === column ? cellId(index, column) : undefined}
        className="grid-cell"
        role="gridcell"
        aria-colindex={column + 2}
        aria-label={label}
        data-column={column}
        data-focused={focused === column || undefined}
      >
        {state ? (
          <i className={isGroup && !row.isClosed ? 'grid-dot' : 'state-square'} data-state={state} />
        ) : null}
        {cell && cell.tryNumber > 1 ? <sup>{cell.tryNumber}</sup> : null}
      </div>,
    );
  }
  return (
    <div
      className="grid-row"
      role="row"
      aria-rowindex={index + 2}
      style={{ top, height: ROW_HEIGHT, width }}
      onClick={(event) => {
        const square = (event.target as HTMLElement).closest<HTMLElement>('[data-column]');
        if (square) onOpen(index, Number(square.dataset.column));
        else onOpen(index, isGroup ? -1 : shown.length - 1);
      }}
      onKeyDown={() => {}}
      onPointerOver={(event) => {
        // A tooltip for the square under the pointer alone, instead of one for each of a thousand.
        const square = (event.target as HTMLElement).closest<HTMLElement>('[data-column]');
        const label = square?.getAttribute('aria-label');
        if (square && label) square.title = `${row.id}\n${label}`;
      }}
    >
      <div
        id={cellId(index, -1)}
        className="grid-name"
        role="rowheader"
        aria-colindex={1}
        title={row.id}
        data-kind={row.kind}
        data-removed={row.isRemoved || undefined}
        data-focused={focused === -1 || undefined}
        {...(isGroup ? { 'aria-expanded': !row.isClosed } : {})}
        style={{ paddingLeft: 16 + row.depth * 14 }}
      >
        {isGroup ? <Icon name={row.isClosed ? 'chevronRight' : 'chevronDown'} size={12} /> : null}
        <span>{row.label}</span>
        {isGroup ? <span className="faint">{row.places.length}</span> : null}
        {row.isMapped ? (
          <span className="faint" aria-hidden="true">
            [ ]
          </span>
        ) : null}
      </div>
      <div
        className="grid-cells"
        role="presentation"
        style={{ left: nameWidth + first * columnWidth, '--column': `${columnWidth}px` }}
      >
        {squares}
      </div>
    </div>
  );
});

function countsText(
  counts: Readonly<Partial<Record<TaskState, number>>>,
  word: (state: string) => string,
): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${word(state)}`)
    .join(', ');
}

function cellText(cell: GridCell, word: (state: string) => string): string {
  return cell.lengthMs === null ? word(cell.state) : `${word(cell.state)} · ${durationText(cell.lengthMs)}`;
}

/** The id of a square, for `aria-activedescendant`: row -1 is the head, column -1 the names. */
export function cellId(row: number, column: number): string {
  return `cell-${row}-${column}`;
}
