import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../api/contract.ts';
import { usePreference } from '../browser/preference.ts';
import { useWidth } from '../browser/width.ts';
import { IconButton } from '../controls/icon-button.tsx';
import { GanttAxis, leftOf } from './gantt-axis.tsx';
import { Legend } from './gantt-bars.tsx';
import { GanttRow } from './gantt-row.tsx';
import { place, runSpan, ticks } from './gantt-scale.ts';
import { useGanttZoom } from './gantt-zoom.ts';
import { useRunningNow } from './running-now.ts';
import type { TaskRow } from './task-rows.ts';
import { TreeResizer } from './tree-resizer.tsx';

const AXIS_HEIGHT = 26;
/** Room that the label of a tick needs. */
const TICK_PIXELS = 76;
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
  const rowHeight = density === 'compact' ? 28 : 36;

  const isOpen = run.endDate === null && (run.state === 'running' || run.state === 'queued');
  const segments = useMemo(() => rows.flatMap((row) => (row.kind === 'group' ? [] : row.segments)), [rows]);
  const now = useRunningNow(isOpen, run.startDate);
  const whole = runSpan(segments, run, now);
  const origin = whole.from;
  const view = useGanttZoom(zoom, whole, onZoom, scroller, chart);
  const { span } = view;

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

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[active];
    const key = event.key;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && key === 'ArrowLeft') view.pan(-1);
    else if (event.shiftKey && key === 'ArrowRight') view.pan(1);
    else if (key === '+' || key === '=') view.in();
    else if (key === '-') view.out();
    else if (key === '0') view.reset();
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

  const chartWidth = useWidth(chart);
  const marks = ticks(span, origin, Math.min(9, Math.max(2, Math.floor(chartWidth / TICK_PIXELS))));
  const held = useMemo(() => heldStates(rows), [rows]);
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
        <GanttAxis
          chart={chart}
          span={span}
          origin={origin}
          ticks={marks}
          width={chartWidth}
          onSpan={view.set}
          onReset={view.reset}
          corner={
            <div className="gantt-corner" role="columnheader">
              <span className="grow">{t('run.task')}</span>
              <span>{t('run.duration')}</span>
              <TreeResizer width={Number(treeWidth)} onResize={(width) => setTreeWidth(String(width))} />
            </div>
          }
        />
        <div className="gantt-rows" role="presentation" style={{ height: virtual.getTotalSize() }}>
          <div className="gantt-lines" aria-hidden="true">
            {marks.offsets.map((offset) => (
              <i key={offset} style={{ left: leftOf(offset, span, origin) }} />
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
        <Legend bars={held} />
        <IconButton icon="plus" label={t('run.zoomIn')} onClick={view.in} />
        <IconButton icon="minus" label={t('run.zoomOut')} disabled={!view.isZoomed} onClick={view.out} />
        <IconButton icon="fit" label={t('run.zoomReset')} disabled={!view.isZoomed} onClick={view.reset} />
      </div>
    </div>
  );
}

function isSelected(row: TaskRow, taskId: string | undefined, mapPath: string): boolean {
  return (
    row.taskId !== null &&
    row.taskId === taskId &&
    // The line of a mapped task stands for all of its indexes, and closed for each of them.
    (row.kind === 'task' && row.hasChildren ? mapPath === '' || row.isClosed : row.mapPath === mapPath)
  );
}

function toggleKey(row: TaskRow): string {
  return row.kind === 'task' ? `+${row.id}` : row.id;
}

/** Which waits are drawn at all: the legend names those. */
function heldStates(rows: readonly TaskRow[]): ReadonlySet<string> {
  const states = new Set<string>();
  for (const { kind, segments } of rows)
    if (kind !== 'group')
      for (const [at, segment] of segments.entries()) {
        for (const pause of segment.pauses) states.add(pause.state);
        if (at > 0) states.add('up_for_retry');
      }
  return states;
}
