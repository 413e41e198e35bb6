import { type PointerEvent, type ReactNode, type RefObject, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Span } from './gantt-scale.ts';

/** The time axis: round offsets from the start of the run. A dragged stretch becomes the zoom, a double click ends it. */
export function GanttAxis({
  chart,
  corner,
  span,
  origin,
  ticks: { offsets, step },
  width,
  onSpan,
  onReset,
}: {
  chart: RefObject<HTMLDivElement | null>;
  corner: ReactNode;
  span: Span;
  origin: number;
  ticks: { readonly offsets: readonly number[]; readonly step: number };
  /** Pixels of the axis: a label that would be cut at its end is left out. */
  width: number;
  onSpan: (span: Span) => void;
  onReset: () => void;
}) {
  const { t } = useTranslation();
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const fits = (offset: number) =>
    ((origin + offset - span.from) / (span.to - span.from)) * width + tickText(offset, step).length * 7 + 4 <
    width;
  const part = (event: PointerEvent) => {
    const box = chart.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  return (
    <div className="gantt-axis" role="row">
      {corner}
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
            onSpan({ from: span.from + size * low, to: span.from + size * high });
          }
          setDrag(null);
        }}
        onDoubleClick={onReset}
      >
        {offsets.map((offset) => (
          <span key={offset} className="gantt-tick" style={{ left: leftOf(offset, span, origin) }}>
            {fits(offset) ? tickText(offset, step) : ''}
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
  );
}

/** Where an offset stands on the axis. */
export function leftOf(offset: number, span: Span, origin: number): string {
  return `${((origin + offset - span.from) / (span.to - span.from)) * 100}%`;
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
