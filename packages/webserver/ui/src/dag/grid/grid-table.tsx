import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  memo,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { Grid, GridCell, RunBar } from '../../api/contract.ts';
import { durationMs, durationText } from '../../clock/duration-text.ts';
import { dateText, useShownZone } from '../../clock/instant.tsx';
import { serverNow } from '../../clock/server-clock.ts';
import { Icon } from '../../controls/icon.tsx';
import { StateIcon } from '../../state/state-icon.tsx';
import { useStateWord } from '../../state/state-label.tsx';
import { mostUrgent } from '../../state/urgency.ts';
import { cellCounts, type GridRow } from './grid-rows.ts';

const NAME_WIDTH = 280;
const NAME_WIDTH_NARROW = 150;
const LEAST_COLUMN = 26;
const WIDEST_COLUMN = 44;
const ROW_HEIGHT = 24;
const HEAD_HEIGHT = 84;

/**
 * The grid itself: only what is in sight exists in the page, in both directions. One focus stop; arrows move through it, Enter opens
 * the task in its run, Home and End go to the first and the last run, left and right fold on the names.
 */
export function GridTable({
  dagId,
  zone,
  rows,
  runs,
  cells,
  onToggle,
}: {
  dagId: string;
  zone: string | undefined;
  rows: readonly GridRow[];
  runs: readonly RunBar[];
  cells: Grid['cells'];
  onToggle: (groupId: string) => void;
}) {
  const { t, i18n } = useTranslation();
  const word = useStateWord();
  const navigate = useNavigate();
  const shownZone = useShownZone(zone);
  const scroller = useRef<HTMLDivElement>(null);
  // Row -1 is the head with the runs; column -1 the names.
  const [at, setAt] = useState({ row: 0, column: runs.length - 1 });
  const columnWidth = useColumnWidth(scroller, runs.length);
  const nameWidth = window.innerWidth < 760 ? NAME_WIDTH_NARROW : NAME_WIDTH;
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    scrollPaddingStart: HEAD_HEIGHT,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => columnWidth,
    overscan: 4,
    scrollPaddingStart: nameWidth,
  });
  useEffect(() => horizontal.measure(), [columnWidth, horizontal]);
  // The newest run is what people came for: it stands at the right edge.
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollLeft = scroller.current.scrollWidth;
  }, [runs.length]);
  useEffect(() => {
    setAt((old) => ({
      row: Math.min(old.row, rows.length - 1),
      column: Math.min(old.column, runs.length - 1),
    }));
  }, [rows.length, runs.length]);

  const open = (row: GridRow | undefined, run: RunBar | undefined) => {
    if (!run) {
      if (row?.kind === 'group') onToggle(row.id);
      return;
    }
    void navigate({
      to: '/dags/$dagId/runs/$runId',
      params: { dagId, runId: run.runId },
      search: row?.kind === 'task' ? { task: row.id } : row ? { filter: row.id } : {},
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = at;
    const next =
      event.key === 'ArrowUp' || event.key === 'k'
        ? { row: Math.max(-1, row - (event.shiftKey ? 10 : 1)), column }
        : event.key === 'ArrowDown' || event.key === 'j'
          ? { row: Math.min(rows.length - 1, row + (event.shiftKey ? 10 : 1)), column }
          : event.key === 'ArrowLeft'
            ? { row, column: Math.max(-1, column - (event.shiftKey ? 5 : 1)) }
            : event.key === 'ArrowRight'
              ? { row, column: Math.min(runs.length - 1, column + (event.shiftKey ? 5 : 1)) }
              : event.key === 'Home'
                ? { row: event.ctrlKey ? 0 : row, column: 0 }
                : event.key === 'End'
                  ? { row: event.ctrlKey ? rows.length - 1 : row, column: runs.length - 1 }
                  : event.key === 'PageDown'
                    ? { row: Math.min(rows.length - 1, row + 20), column }
                    : event.key === 'PageUp'
                      ? { row: Math.max(-1, row - 20), column }
                      : null;
    if (next) {
      setAt(next);
      if (next.row >= 0) vertical.scrollToIndex(next.row, { align: 'auto' });
      if (next.column >= 0) horizontal.scrollToIndex(next.column, { align: 'auto' });
    } else if (event.key === 'Enter' || event.key === ' ') open(rows[row], runs[column]);
    else return;
    event.preventDefault();
  };

  const now = serverNow();
  const lengths = runs.map((run) => durationMs(run.startDate, run.endDate, now) ?? 0);
  const longest = Math.max(1, ...lengths);
  const width = nameWidth + horizontal.getTotalSize();
  const columns = horizontal.getVirtualItems();
  const focusedRun = runs[at.column];
  const focusedRow = rows[at.row];
  return (
    <>
      <div
        ref={scroller}
        className="grid-scroll"
        role="grid"
        tabIndex={0}
        aria-label={t('dag.grid')}
        aria-rowcount={rows.length + 1}
        aria-colcount={runs.length + 1}
        aria-activedescendant={cellId(at.row, at.column)}
        onKeyDown={onKeyDown}
      >
        <div className="grid-sheet" role="presentation" style={{ width, '--name': `${nameWidth}px` }}>
          <div className="grid-head" role="row" aria-rowindex={1} style={{ height: HEAD_HEIGHT }}>
            <div className="grid-corner" role="columnheader" aria-colindex={1}>
              <span>{durationText(longest)}</span>
              <span>{durationText(longest / 2)}</span>
              <span>{t('run.task')}</span>
            </div>
            {columns.map((column) => {
              const run = runs[column.index]!;
              const label = [
                word(run.state),
                t(`runType.${run.runType}`),
                durationText(lengths[column.index]!),
                run.logicalDate ? dateText(Date.parse(run.logicalDate), shownZone, i18n.language) : run.runId,
              ].join(' · ');
              return (
                <div
                  key={run.runId}
                  id={cellId(-1, column.index)}
                  className="grid-run"
                  role="columnheader"
                  aria-colindex={column.index + 2}
                  title={label}
                  data-focused={(at.row === -1 && at.column === column.index) || undefined}
                  data-day={isNewDay(runs, column.index, shownZone) || undefined}
                  style={{ left: nameWidth + column.start, width: columnWidth }}
                  onClick={() => open(undefined, run)}
                  onKeyDown={() => {}}
                >
                  {isNewDay(runs, column.index, shownZone) && run.logicalDate ? (
                    <span className="grid-day">{dayText(run.logicalDate, shownZone, i18n.language)}</span>
                  ) : null}
                  <span className="sr-only">{label}</span>
                  <span className="grid-bar" data-state={run.state}>
                    <i style={{ height: `${Math.max(6, (lengths[column.index]! / longest) * 100)}%` }} />
                  </span>
                  <span className="grid-type">
                    {run.runType === 'manual' ? (
                      <Icon name="hand" size={11} />
                    ) : run.runType === 'backfill' ? (
                      <Icon name="backfill" size={11} />
                    ) : run.runType === 'asset_triggered' ? (
                      <Icon name="asset" size={11} />
                    ) : (
                      <StateIcon state={run.state} size={10} />
                    )}
                  </span>
                </div>
              );
            })}
          </div>
          <div className="grid-body" role="presentation" style={{ height: vertical.getTotalSize() }}>
            {vertical.getVirtualItems().map((item) => {
              const row = rows[item.index]!;
              return (
                <div
                  key={row.id}
                  className="grid-row"
                  role="row"
                  aria-rowindex={item.index + 2}
                  style={{ top: item.start, height: ROW_HEIGHT, width }}
                >
                  <div
                    id={cellId(item.index, -1)}
                    className="grid-name"
                    role="rowheader"
                    aria-colindex={1}
                    title={row.id}
                    data-kind={row.kind}
                    data-focused={(at.row === item.index && at.column === -1) || undefined}
                    {...(row.kind === 'group' ? { 'aria-expanded': !row.isClosed } : {})}
                    style={{ paddingLeft: 16 + row.depth * 14 }}
                    onClick={() => (row.kind === 'group' ? onToggle(row.id) : open(row, runs.at(-1)))}
                    onKeyDown={() => {}}
                  >
                    {row.kind === 'group' ? (
                      <Icon name={row.isClosed ? 'chevronRight' : 'chevronDown'} size={12} />
                    ) : null}
                    <span>{row.label}</span>
                    {row.kind === 'group' ? <span className="faint">{row.taskIds.length}</span> : null}
                  </div>
                  {columns.map((column) => (
                    <Cell
                      key={column.index}
                      id={cellId(item.index, column.index)}
                      row={row}
                      cell={row.kind === 'task' ? cells[runs[column.index]!.runId]?.[row.id] : undefined}
                      column={row.kind === 'group' ? cells[runs[column.index]!.runId] : undefined}
                      index={column.index}
                      left={nameWidth + column.start}
                      width={columnWidth}
                      isFocused={at.row === item.index && at.column === column.index}
                      word={word}
                      onOpen={() => {
                        setAt({ row: item.index, column: column.index });
                        open(row, runs[column.index]);
                      }}
                    />
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <div className="sr-only" aria-live="polite">
        {focusedRun && focusedRow ? `${focusedRow.id} · ${focusedRun.runId}` : ''}
      </div>
    </>
  );
}

/** One square. Memoized: a live change redraws its own. */
const Cell = memo(
  function Cell({
    id,
    row,
    cell,
    column,
    index,
    left,
    width,
    isFocused,
    word,
    onOpen,
  }: {
    id: string;
    row: GridRow;
    cell: GridCell | undefined;
    column: Grid['cells'][string] | undefined;
    index: number;
    left: number;
    width: number;
    isFocused: boolean;
    word: (state: string) => string;
    onOpen: () => void;
  }) {
    const counts = row.kind === 'group' ? cellCounts(row, column) : (cell?.mapped ?? null);
    const state = counts ? mostUrgent(counts) : cell?.state;
    const length = cell ? durationMs(cell.startDate, cell.endDate, serverNow()) : null;
    const label = counts
      ? Object.entries(counts)
          .map(([each, count]) => `${count} ${word(each)}`)
          .join(', ')
      : state
        ? [word(state), length === null ? '' : durationText(length)].filter(Boolean).join(' · ')
        : '';
    return (
      <div
        id={id}
        className="grid-cell"
        role="gridcell"
        aria-colindex={index + 2}
        aria-label={label}
        title={label ? `${row.id}\n${label}` : undefined}
        data-focused={isFocused || undefined}
        style={{ left, width }}
        onClick={onOpen}
        onKeyDown={() => {}}
      >
        {state ? (
          row.kind === 'group' && !row.isClosed ? (
            <i className="grid-dot" data-state={state} />
          ) : (
            <StateIcon state={state} size={14} />
          )
        ) : null}
        {cell && cell.tryNumber > 1 ? <sup>{cell.tryNumber}</sup> : null}
      </div>
    );
  },
  (old, next) =>
    old.cell === next.cell &&
    old.column === next.column &&
    old.row === next.row &&
    old.left === next.left &&
    old.width === next.width &&
    old.isFocused === next.isFocused &&
    old.id === next.id &&
    old.word === next.word,
);

/** Columns as wide as there is room for, within reason: few runs fill the page, many scroll. */
function useColumnWidth(scroller: RefObject<HTMLDivElement | null>, count: number): number {
  const [width, setWidth] = useState(LEAST_COLUMN);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => {
      const room = element.clientWidth - (window.innerWidth < 760 ? NAME_WIDTH_NARROW : NAME_WIDTH) - 8;
      setWidth(Math.floor(Math.min(WIDEST_COLUMN, Math.max(LEAST_COLUMN, room / Math.max(1, count)))));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, count]);
  return width;
}

function cellId(row: number, column: number): string {
  return `cell-${row}-${column}`;
}

function dayText(iso: string, zone: string | undefined, language: string): string {
  return dayFormat(zone, language).format(Date.parse(iso));
}

function isNewDay(runs: readonly RunBar[], index: number, zone: string | undefined): boolean {
  const run = runs[index];
  if (!run?.logicalDate) return false;
  const before = runs[index - 1]?.logicalDate;
  // Runs of one day each would label every column; a label then and now is enough.
  if (!before) return true;
  const isNew = dayText(run.logicalDate, zone, 'en') !== dayText(before, zone, 'en');
  return (
    isNew &&
    (index % 4 === 0 ||
      dayText(runs[Math.max(0, index - 3)]?.logicalDate ?? before, zone, 'en') ===
        dayText(before, zone, 'en'))
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dayFormat(zone: string | undefined, language: string): Intl.DateTimeFormat {
  const key = `${zone} ${language}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language, {
      month: 'short',
      day: 'numeric',
      ...(zone ? { timeZone: zone } : {}),
    });
    formats.set(key, format);
  }
  return format;
}
