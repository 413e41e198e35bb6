import { useTranslation } from 'react-i18next';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { Icon } from '../controls/icon.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { mostUrgent } from '../state/urgency.ts';
import { barsText, GroupBar, TaskBars } from './gantt-bars.tsx';
import { barsOf, type Span } from './gantt-scale.ts';
import type { TaskRow } from './task-rows.ts';

/** A line of the tree with its bars. */
export function GanttRow({
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
  // A live change moves the state before the attempts are read again: the higher number is the newer one.
  const tries = Math.max(
    row.instance?.tryNumber ?? 0,
    ...(row.kind === 'group' ? [] : row.segments.map((each) => each.tryNumber)),
  );
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
          title={row.kind === 'mapped' ? `${row.taskId} ${row.label}` : (row.taskId ?? row.id)}
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
          <TaskBars row={row} span={span} now={now} />
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
