import '../../state/state-square.css';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBar } from '../../api/contract.ts';
import { durationMs, durationText } from '../../clock/duration-text.ts';
import { dateText, useShownZone } from '../../clock/instant.tsx';
import { serverNow } from '../../clock/server-clock.ts';
import { Icon } from '../../controls/icon.tsx';
import { keepSquareImages } from '../../state/square-images.ts';
import { StateIcon } from '../../state/state-icon.tsx';
import { useStateWord } from '../../state/state-label.tsx';
import { dayLabels, dayText } from './day-labels.ts';
import type { StateLetters } from './grid-cells.ts';
import { cellId, type GridRun, ROW_HEIGHT, Row } from './grid-row.tsx';
import type { GridRow } from './grid-rows.ts';

const NAME_WIDTH = 280;
const NAME_WIDTH_NARROW = 150;
const LEAST_COLUMN = 26;
const WIDEST_COLUMN = 44;
const HEAD_HEIGHT = 84;
const NOWHERE = -2;
const CUT_AT_MEDIANS = 3;

/**
 * The grid itself: only what is in sight exists in the page, in both directions. One focus stop; arrows move through it, Enter opens
 * the task in its run, Home and End go to the first and the last run, left and right fold on the names.
 */
export function GridTable({
  dagId,
  zone,
  rows,
  shown,
  letters,
  onToggle,
}: {
  dagId: string;
  zone: string | undefined;
  rows: readonly GridRow[];
  shown: readonly GridRun[];
  letters: StateLetters;
  onToggle: (groupId: string) => void;
}) {
  const { t, i18n } = useTranslation();
  const word = useStateWord();
  const runs = useMemo(() => shown.map(({ run }) => run), [shown]);
  const navigate = useNavigate();
  const shownZone = useShownZone(zone);
  const scroller = useRef<HTMLDivElement>(null);
  // Row -1 is the head with the runs; column -1 the names.
  const [at, setAt] = useState({ row: 0, column: runs.length - 1 });
  const columnWidth = useColumnWidth(scroller, runs.length);
  const days = useMemo(() => dayLabels(runs, shownZone, columnWidth), [runs, shownZone, columnWidth]);
  const nameWidth = window.innerWidth < 760 ? NAME_WIDTH_NARROW : NAME_WIDTH;
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
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
  useLayoutEffect(() => (scroller.current ? keepSquareImages(scroller.current) : undefined), []);
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
  // One run of hours among minutes would flatten the rest: its bar is cut, and says so.
  const median = [...lengths].sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0;
  const longest = Math.max(1, Math.min(Math.max(...lengths), median * CUT_AT_MEDIANS || Number.MAX_VALUE));
  const width = nameWidth + horizontal.getTotalSize();
  const columns = horizontal.getVirtualItems();
  const lines = vertical.getVirtualItems();
  // Lines that leave the window become those that enter it: their elements are changed, not made anew.
  const places = useRef(1);
  places.current = Math.max(places.current, lines.length);
  const first = columns[0]?.index ?? 0;
  const last = columns.at(-1)?.index ?? -1;
  // One function for every square, for ever: rows that did not change are not drawn again while scrolling.
  const latest = useRef({ rows, runs, open });
  latest.current = { rows, runs, open };
  const openAt = useCallback((row: number, column: number) => {
    const now = latest.current;
    setAt({ row, column });
    now.open(now.rows[row], now.runs[column]);
  }, []);
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
                  data-day={days.has(column.index) || undefined}
                  style={{ left: nameWidth + column.start, width: columnWidth }}
                  onClick={() => open(undefined, run)}
                  onKeyDown={() => {}}
                >
                  {days.has(column.index) && run.logicalDate ? (
                    <span className="grid-day">{dayText(run.logicalDate, shownZone, i18n.language)}</span>
                  ) : null}
                  <span className="sr-only">{label}</span>
                  <span
                    className="grid-bar"
                    data-state={run.state}
                    data-cut={lengths[column.index]! > longest || undefined}
                  >
                    <i
                      style={{
                        height: `${Math.min(100, Math.max(6, (lengths[column.index]! / longest) * 100))}%`,
                      }}
                    />
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
            {lines.map((item) => (
              <Row
                key={item.index % places.current}
                row={rows[item.index]!}
                index={item.index}
                top={item.start}
                width={width}
                nameWidth={nameWidth}
                columnWidth={columnWidth}
                first={first}
                last={last}
                shown={shown}
                letters={letters}
                focused={at.row === item.index ? at.column : NOWHERE}
                word={word}
                onOpen={openAt}
              />
            ))}
          </div>
        </div>
      </div>
      <div className="sr-only" aria-live="polite">
        {focusedRun && focusedRow ? `${focusedRow.id} · ${focusedRun.runId}` : ''}
      </div>
    </>
  );
}

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
