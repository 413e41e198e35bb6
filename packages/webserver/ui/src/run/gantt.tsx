import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../api/contract.ts';
import { usePreference } from '../browser/preference.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { serverNow } from '../clock/server-clock.ts';
import { Icon } from '../controls/icon.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { mostUrgent } from '../state/urgency.ts';
import {
  barsOf,
  panned,
  place,
  runSpan,
  type Span,
  ticks,
  zoomed,
  zoomFromText,
  zoomToText,
} from './gantt-scale.ts';
import type { TaskRow } from './task-rows.ts';

const FAST_TICK_MS = 200;
const FAST_BELOW_MS = 120_000;
const AXIS_HEIGHT = 26;
const TOOLS_HEIGHT = 44;

/**
 * The task tree and, on the same lines, when each attempt waited and ran. One grid for keyboard and screen reader: arrows move,
 * left and right fold, Enter opens; `+`, `-`, `0` zoom, Shift+arrows pan.
 */
export function Gantt({
  rows,
  run,
  selectedTask,
  selectedMap,
  zoom,
  isFiltered,
  onZoom,
  onToggle,
  onChoose,
}: {
  rows: readonly TaskRow[];
  run: Run;
  selectedTask: string | undefined;
  selectedMap: string;
  zoom: string | undefined;
  isFiltered: boolean;
  onZoom: (zoom: string | undefined) => void;
  onToggle: (key: string) => void;
  onChoose: (taskId: string, mapPath: string) => void;
}) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const chart = useRef<HTMLDivElement>(null);
  const [density] = usePreference<'compact' | 'comfortable'>('density', 'compact');
  const [treeWidth, setTreeWidth] = usePreference<string>('treeWidth', '300');
  const [active, setActive] = useState(0);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const rowHeight = density === 'compact' ? 28 : 36;

  const isOpen = run.endDate === null && (run.state === 'running' || run.state === 'queued');
  const segments = useMemo(() => rows.flatMap((row) => (row.kind === 'group' ? [] : row.segments)), [rows]);
  const now = useRunningNow(isOpen, run.startDate);
  const whole = runSpan(segments, run, now);
  const origin = whole.from;
  const span = zoomFromText(zoom, whole, origin);
  const isZoomed = span.from > whole.from || span.to < whole.to;
  const setSpan = (next: Span) =>
    onZoom(next.from <= whole.from && next.to >= whole.to ? undefined : zoomToText(next, origin));

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollPaddingStart: AXIS_HEIGHT,
    scrollPaddingEnd: AXIS_HEIGHT + TOOLS_HEIGHT,
  });
  useEffect(() => virtual.measure(), [rowHeight, virtual]);
  useEffect(() => {
    const at = rows.findIndex((row) => isSelected(row, selectedTask, selectedMap));
    if (at >= 0) {
      setActive(at);
      virtual.scrollToIndex(at, { align: 'auto' });
    }
  }, [selectedTask, selectedMap, rows.length > 0]);

  // React's wheel listener is passive; zooming has to keep the page from scrolling.
  const latest = useRef({ span, whole, setSpan });
  latest.current = { span, whole, setSpan };
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      const box = chart.current?.getBoundingClientRect();
      if (!box || event.clientX < box.left) return;
      const overAxis = event.clientY < box.bottom;
      const fits = element.scrollHeight <= element.clientHeight + 1;
      const view = latest.current;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        view.setSpan(panned(view.span, view.whole, (event.deltaX || event.deltaY) / box.width));
      } else if (event.ctrlKey || event.metaKey || overAxis || fits) {
        event.preventDefault();
        const at = (event.clientX - box.left) / box.width;
        view.setSpan(zoomed(view.span, view.whole, Math.exp(event.deltaY / 400), at));
      }
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[active];
    const key = event.key;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && key === 'ArrowLeft') setSpan(panned(span, whole, -0.2));
    else if (event.shiftKey && key === 'ArrowRight') setSpan(panned(span, whole, 0.2));
    else if (key === '+' || key === '=') setSpan(zoomed(span, whole, 0.6, 0.5));
    else if (key === '-') setSpan(zoomed(span, whole, 1 / 0.6, 0.5));
    else if (key === '0') onZoom(undefined);
    else if (key === 'ArrowDown' || key === 'j') moveTo(Math.min(rows.length - 1, active + 1));
    else if (key === 'ArrowUp' || key === 'k') moveTo(Math.max(0, active - 1));
    else if (key === 'Home') moveTo(0);
    else if (key === 'End') moveTo(rows.length - 1);
    else if (key === 'ArrowRight' && row?.hasChildren && row.isClosed) onToggle(toggleKey(row));
    else if (key === 'ArrowLeft' && row?.hasChildren && !row.isClosed) onToggle(toggleKey(row));
    else if ((key === 'Enter' || key === ' ') && row) open(row);
    else return;
    event.preventDefault();
  };
  const moveTo = (index: number) => {
    setActive(index);
    virtual.scrollToIndex(index, { align: 'auto' });
  };
  const open = (row: TaskRow) => {
    if (row.taskId !== null && !(row.kind === 'task' && row.hasChildren)) onChoose(row.taskId, row.mapPath);
    else onToggle(toggleKey(row));
  };

  const part = (event: PointerEvent) => {
    const box = chart.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const { offsets, step } = ticks(span, origin, 9);
  const nowAt = isOpen ? place({ from: now, to: now }, span) : null;
  return (
    <div className="gantt" style={{ '--tree': `${treeWidth}px` }}>
      <div
        ref={scroller}
        className="gantt-scroll"
        role="treegrid"
        tabIndex={0}
        aria-label={t('run.tree')}
        aria-rowcount={rows.length}
        aria-activedescendant={rows[active] ? `row-${active}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div className="gantt-axis" role="row">
          <div className="gantt-corner" role="columnheader">
            <span className="grow">{t('run.task')}</span>
            <span>{t('run.duration')}</span>
            <TreeResizer width={Number(treeWidth)} onResize={(width) => setTreeWidth(String(width))} />
          </div>
          <div
            ref={chart}
            className="gantt-ticks"
            role="columnheader"
            aria-label={t('run.timeAxis')}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              setDrag({ from: part(event), to: part(event) });
            }}
            onPointerMove={(event) => drag && setDrag({ ...drag, to: part(event) })}
            onPointerUp={() => {
              if (drag && Math.abs(drag.to - drag.from) > 0.01) {
                const size = span.to - span.from;
                const [low, high] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
                setSpan({ from: span.from + size * low, to: span.from + size * high });
              }
              setDrag(null);
            }}
            onDoubleClick={() => onZoom(undefined)}
          >
            {offsets.map((offset) => (
              <span
                key={offset}
                className="gantt-tick"
                style={{ left: `${((origin + offset - span.from) / (span.to - span.from)) * 100}%` }}
              >
                {tickText(offset, step)}
              </span>
            ))}
            {drag ? (
              <span
                className="gantt-drag"
                style={{
                  left: `${Math.min(drag.from, drag.to) * 100}%`,
                  width: `${Math.abs(drag.to - drag.from) * 100}%`,
                }}
              />
            ) : null}
          </div>
        </div>
        <div className="gantt-rows" role="presentation" style={{ height: virtual.getTotalSize() }}>
          <div className="gantt-lines" aria-hidden="true">
            {offsets.map((offset) => (
              <i
                key={offset}
                style={{ left: `${((origin + offset - span.from) / (span.to - span.from)) * 100}%` }}
              />
            ))}
            {nowAt ? <b style={{ left: `${nowAt.left}%` }} title={t('run.now')} /> : null}
          </div>
          {virtual.getVirtualItems().map((item) => (
            <GanttRow
              key={rows[item.index]!.id}
              row={rows[item.index]!}
              index={item.index}
              top={item.start}
              height={rowHeight}
              isActive={item.index === active}
              isSelected={isSelected(rows[item.index]!, selectedTask, selectedMap)}
              span={span}
              now={now}
              onClick={() => {
                setActive(item.index);
                open(rows[item.index]!);
              }}
              onToggle={() => onToggle(toggleKey(rows[item.index]!))}
            />
          ))}
        </div>
        {rows.length === 0 ? (
          <p className="notice soft">{isFiltered ? t('run.noneMatch') : t('run.noTasksYet')}</p>
        ) : null}
      </div>
      <div className="gantt-tools">
        <Legend />
        <IconButton
          icon="plus"
          label={t('run.zoomIn')}
          onClick={() => setSpan(zoomed(span, whole, 0.6, 0.5))}
        />
        <IconButton
          icon="fit"
          label={t('run.zoomReset')}
          disabled={!isZoomed}
          onClick={() => onZoom(undefined)}
        />
      </div>
    </div>
  );
}

function GanttRow({
  row,
  index,
  top,
  height,
  isActive,
  isSelected,
  span,
  now,
  onClick,
  onToggle,
}: {
  row: TaskRow;
  index: number;
  top: number;
  height: number;
  isActive: boolean;
  isSelected: boolean;
  span: Span;
  now: number;
  onClick: () => void;
  onToggle: () => void;
}) {
  const { t } = useTranslation();
  const word = useStateWord();
  const state = row.instance?.state ?? mostUrgent(row.counts);
  const attempts = row.kind === 'group' ? [] : row.segments;
  // A live change moves the state before the attempts are read again: the higher number is the newer one.
  const tries = Math.max(row.instance?.tryNumber ?? 0, ...attempts.map((each) => each.tryNumber));
  return (
    <div
      id={`row-${index}`}
      className="gantt-row"
      role="row"
      aria-rowindex={index + 1}
      aria-level={row.depth + 1}
      aria-selected={isSelected}
      {...(row.hasChildren ? { 'aria-expanded': !row.isClosed } : {})}
      data-active={isActive || undefined}
      style={{ top, height }}
      onClick={onClick}
      onKeyDown={() => {}}
    >
      <div className="gantt-name" role="gridcell" style={{ paddingLeft: 8 + row.depth * 16 }}>
        {row.hasChildren ? (
          <button
            type="button"
            className="fold"
            tabIndex={-1}
            aria-label={row.isClosed ? t('run.unfold') : t('run.fold')}
            onClick={(event) => {
              event.stopPropagation();
              onToggle();
            }}
          >
            <Icon name={row.isClosed ? 'chevronRight' : 'chevronDown'} size={12} />
          </button>
        ) : (
          <span className="fold" />
        )}
        <StateIcon state={state} />
        <span className="sr-only">{word(state)}</span>
        <span
          className="gantt-label"
          title={row.taskId ?? row.id}
          data-group={row.kind === 'group' || undefined}
        >
          {row.label}
        </span>
        {tries > 1 ? <span className="faint nowrap">{t('run.tries', { count: tries })}</span> : null}
        <span className="gantt-length">{rowLength(row, now)}</span>
      </div>
      <div
        className="gantt-bars"
        role="gridcell"
        aria-label={barsText(row, word, t('run.waited'), t('run.ran'), now)}
      >
        {row.kind === 'group' || (row.kind === 'task' && row.hasChildren) ? (
          <GroupBar row={row} span={span} now={now} />
        ) : (
          attempts.flatMap((segment, at) =>
            barsOf(segment, now).map((bar) => {
              const box = place(bar, span);
              if (!box) return null;
              const isLast = at === attempts.length - 1;
              const shown = bar.kind === 'waiting' ? 'queued' : segment.state;
              return (
                <span
                  key={`${segment.attemptId} ${bar.kind}`}
                  className="bar"
                  data-kind={bar.kind}
                  data-state={shown}
                  style={{ left: `${box.left}%`, width: `${box.width}%` }}
                  title={`${t('run.try', { number: segment.tryNumber })} · ${
                    bar.kind === 'waiting' ? t('run.waited') : word(segment.state)
                  } · ${durationText(bar.to - bar.from)}`}
                >
                  {bar.kind === 'running' && (segment.state === 'failed' || !isLast) ? (
                    <span className="bar-mark">
                      <StateIcon state={isLast ? segment.state : 'up_for_retry'} size={12} />
                    </span>
                  ) : null}
                </span>
              );
            }),
          )
        )}
        {waitText(row) ? (
          <span className="gantt-wait faint" style={{ left: `${waitLeft(row, span, now)}%` }}>
            {waitText(row)}
          </span>
        ) : null}
      </div>
    </div>
  );
}

/** A folded group or mapped task: one bar from the first start to the last end, thin, in the colour of what is most urgent. */
function GroupBar({ row, span, now }: { row: TaskRow; span: Span; now: number }) {
  const bars = row.segments.flatMap((segment) => barsOf(segment, now));
  if (bars.length === 0) return null;
  const box = place(
    { from: Math.min(...bars.map((bar) => bar.from)), to: Math.max(...bars.map((bar) => bar.to)) },
    span,
  );
  if (!box) return null;
  return (
    <span
      className="bar"
      data-kind={row.isClosed ? 'folded' : 'group'}
      data-state={mostUrgent(row.counts)}
      style={{ left: `${box.left}%`, width: `${box.width}%` }}
    />
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <span className="legend faint">
      <span className="bar" data-kind="waiting" data-state="queued" /> {t('run.waiting')}
      <span className="bar" data-kind="running" data-state="success" /> {t('run.ran')}
    </span>
  );
}

function TreeResizer({ width, onResize }: { width: number; onResize: (width: number) => void }) {
  const { t } = useTranslation();
  const clamp = (value: number) => Math.round(Math.min(640, Math.max(140, value)));
  return (
    <div
      className="tree-resizer"
      role="separator"
      aria-orientation="vertical"
      aria-label={t('run.resizeTree')}
      aria-valuenow={width}
      aria-valuemin={140}
      aria-valuemax={640}
      tabIndex={0}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const left = event.currentTarget.parentElement!.getBoundingClientRect().left;
        onResize(clamp(event.clientX - left));
      }}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        event.stopPropagation();
        onResize(clamp(width + (event.key === 'ArrowRight' ? 16 : -16)));
      }}
    />
  );
}

/** Now, five times a second while a short run goes on, every second for a long one, and not at all for what has ended. */
function useRunningNow(isRunning: boolean, startDate: string | null): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!isRunning) return;
    const length = startDate ? serverNow() - Date.parse(startDate) : 0;
    const timer = setInterval(
      () => {
        if (!document.hidden) setNow(serverNow());
      },
      length < FAST_BELOW_MS ? FAST_TICK_MS : 1_000,
    );
    return () => clearInterval(timer);
  }, [isRunning, startDate]);
  return now;
}

function isSelected(row: TaskRow, taskId: string | undefined, mapPath: string): boolean {
  return (
    row.taskId !== null &&
    row.taskId === taskId &&
    row.mapPath === mapPath &&
    !(row.kind === 'task' && row.hasChildren)
  );
}

function toggleKey(row: TaskRow): string {
  return row.kind === 'task' ? `+${row.id}` : row.id;
}

function rowLength(row: TaskRow, now: number): string {
  if (row.kind !== 'group' && row.instance) {
    const { state, startDate, endDate } = row.instance;
    const length = durationMs(startDate, endDate, now);
    return length === null || state === 'up_for_retry' ? '' : durationText(length);
  }
  const bars = row.segments
    .flatMap((segment) => barsOf(segment, now))
    .filter((bar) => bar.kind === 'running');
  if (bars.length === 0) return '';
  return durationText(Math.max(...bars.map((bar) => bar.to)) - Math.min(...bars.map((bar) => bar.from)));
}

function waitText(row: TaskRow): string | null {
  const instance = row.instance;
  if (!instance?.reason || QUIET.has(instance.state)) return null;
  return instance.reason;
}

/** States whose reason stands in the panel: on the chart there is a bar, and no room beside it. */
const QUIET: ReadonlySet<string> = new Set(['success', 'running', 'failed', 'skipped', 'removed']);

function waitLeft(row: TaskRow, span: Span, now: number): number {
  const ends = row.segments.flatMap((segment) => barsOf(segment, now)).map((bar) => bar.to);
  const at = ends.length > 0 ? Math.max(...ends) : span.from;
  return Math.min(70, Math.max(0, ((at - span.from) / (span.to - span.from)) * 100));
}

function barsText(
  row: TaskRow,
  word: (state: string) => string,
  waited: string,
  ran: string,
  now: number,
): string {
  if (row.kind === 'group') return '';
  return row.segments
    .map((segment) =>
      [
        word(segment.state),
        ...barsOf(segment, now).map(
          (bar) => `${bar.kind === 'waiting' ? waited : ran} ${durationText(bar.to - bar.from)}`,
        ),
      ].join(', '),
    )
    .join('; ');
}

function tickText(offset: number, step: number): string {
  if (offset === 0) return '0';
  if (step < 1_000)
    return offset < 1_000 ? `${offset} ms` : `${(offset / 1_000).toFixed(step < 100 ? 2 : 1)} s`;
  if (step < 60_000)
    return offset < 60_000
      ? `${offset / 1_000} s`
      : `${Math.floor(offset / 60_000)}m ${String((offset % 60_000) / 1_000).padStart(2, '0')}s`;
  if (step < 3_600_000)
    return offset < 3_600_000
      ? `${offset / 60_000}m`
      : `${Math.floor(offset / 3_600_000)}h ${String((offset % 3_600_000) / 60_000).padStart(2, '0')}m`;
  return `${offset / 3_600_000}h`;
}
