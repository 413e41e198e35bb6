import { type RefObject, useEffect, useRef } from 'react';
import { panned, type Span, zoomed, zoomFromText, zoomToText } from './gantt-scale.ts';

/** What part of the run is shown, and the ways to change it. */
export interface GanttZoom {
  readonly span: Span;
  readonly isZoomed: boolean;
  set(span: Span): void;
  in(): void;
  out(): void;
  /** A fifth to the left or to the right. */
  pan(direction: -1 | 1): void;
  reset(): void;
}

const STEP = 0.6;

/** The zoom as it stands in the URL; the wheel moves it: alone over the axis or a short tree, with Ctrl anywhere, with Shift sideways. */
export function useGanttZoom(
  text: string | undefined,
  whole: Span,
  onChange: (text: string | undefined) => void,
  scroller: RefObject<HTMLDivElement | null>,
  chart: RefObject<HTMLDivElement | null>,
): GanttZoom {
  const span = zoomFromText(text, whole, whole.from);
  const set = (next: Span) =>
    onChange(next.from <= whole.from && next.to >= whole.to ? undefined : zoomToText(next, whole.from));
  // React's wheel listener is passive; zooming has to keep the page from scrolling.
  const latest = useRef({ span, whole, set });
  latest.current = { span, whole, set };
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
        view.set(panned(view.span, view.whole, (event.deltaX || event.deltaY) / box.width));
      } else if (event.ctrlKey || event.metaKey || overAxis || fits) {
        event.preventDefault();
        const at = (event.clientX - box.left) / box.width;
        view.set(zoomed(view.span, view.whole, Math.exp(event.deltaY / 400), at));
      }
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);
  return {
    span,
    isZoomed: span.from > whole.from || span.to < whole.to,
    set,
    in: () => set(zoomed(span, whole, STEP, 0.5)),
    out: () => set(zoomed(span, whole, 1 / STEP, 0.5)),
    pan: (direction) => set(panned(span, whole, direction * 0.2)),
    reset: () => onChange(undefined),
  };
}
