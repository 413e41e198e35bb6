import {
  type ReactNode,
  type Ref,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { NumberedLogLine } from '../api/contract.ts';
import type { LineRange } from './line-link.ts';
import type { LogRows } from './log-rows.ts';
import { plainText } from './log-text.ts';
import { RowHeights } from './row-heights.ts';

const LINE_HEIGHT = 18;
const OVERSCAN = 20;
/** Browsers draw no element that is taller than some 33 million pixels: beyond, a pixel of scrolling stands for more than one. */
const TALLEST = 30_000_000;

/** What the bar above the lines may ask of them. */
export interface LogLinesHandle {
  /** Brings a row into the middle. */
  show(row: number): void;
  firstRow(): number;
  focus(): void;
}

/** The lines in sight, and no others, of a log of any length. A line of several is as tall as it needs to be. */
export function LogLines({
  handle,
  rows,
  isWrapped,
  isFollowing,
  needle,
  hitRow,
  marked,
  timeOf,
  onFollow,
  onLink,
  children,
}: {
  handle: Ref<LogLinesHandle>;
  rows: LogRows;
  isWrapped: boolean;
  isFollowing: boolean;
  /** Lower case; what is to be highlighted. */
  needle: string;
  hitRow: number | undefined;
  marked: LineRange | null;
  timeOf: (at: string) => string;
  onFollow: (isFollowing: boolean) => void;
  /** The number of a line was clicked; `extend`: with Shift, for a range. */
  onLink: (line: number, extend: boolean) => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const heights = useRef(new RowHeights(LINE_HEIGHT));
  const target = useRef<number | null>(null);
  const before = useRef(0);
  const [view, setView] = useState({ top: 0, height: 600, width: 0 });
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  const { total } = rows;
  const whole = heights.current.offset(total);
  const scale = Math.max(1, whole / TALLEST);
  const top = view.top * scale;
  const first = heights.current.rowAt(top, total);
  const from = Math.max(0, first - OVERSCAN);
  const to = Math.min(total, heights.current.rowAt(top + view.height, total) + 1 + OVERSCAN);
  const shown = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);

  useImperativeHandle(handle, () => ({
    show(row) {
      target.current = row;
      redraw();
    },
    firstRow: () => first,
    focus: () => scroller.current?.focus({ preventScroll: true }),
  }));
  useLayoutEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => {
      setView((old) => {
        if (old.width !== element.clientWidth) heights.current.clear();
        return { top: element.scrollTop, height: element.clientHeight, width: element.clientWidth };
      });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    heights.current.clear();
    redraw();
  }, [isWrapped, rows]);
  // Rows are as tall as they turn out to be; what is measured above the place being read must not move it.
  useLayoutEffect(() => {
    const element = scroller.current!;
    let above = 0;
    let changed = 0;
    for (const drawn of element.querySelectorAll<HTMLElement>('[data-row][data-tall]')) {
      const row = Number(drawn.dataset.row);
      const by = heights.current.set(row, drawn.offsetHeight);
      if (row < first) above += by;
      changed += Math.abs(by);
    }
    if (isFollowing) element.scrollTop = element.scrollHeight;
    else if (target.current !== null) {
      const middle = heights.current.offset(target.current) - (element.clientHeight - LINE_HEIGHT) / 2;
      element.scrollTop = Math.max(0, middle) / scale;
      if (changed === 0 && rows.at(target.current) !== undefined) target.current = null;
    } else if (above !== 0 && scale === 1) element.scrollTop += above;
    before.current = element.scrollTop;
    if (changed > 0) redraw();
  });
  useLayoutEffect(() => {
    const timer = setTimeout(() => rows.want(from, to - 1), 40);
    return () => clearTimeout(timer);
  }, [rows, from, to, rows.isKnown]);

  const digits = Math.max(4, String(rows.lineCount).length + 2);
  return (
    <div
      ref={scroller}
      className="log-scroll"
      data-wrap={isWrapped ? 'on' : 'off'}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={t('log.label')}
      aria-busy={!rows.isKnown}
      style={{ '--digits': `${digits}ch` }}
      onWheel={(event) => {
        target.current = null;
        if (event.deltaY < 0) onFollow(false);
      }}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        if (scrollTop < before.current - 2 && target.current === null) onFollow(false);
        else if (scrollHeight - scrollTop - clientHeight < 4 && !rows.isDone && rows.isKnown) onFollow(true);
        before.current = scrollTop;
        setView((old) => (old.top === scrollTop ? old : { ...old, top: scrollTop }));
      }}
    >
      {children}
      <div className="log-lines" style={{ height: Math.min(whole, TALLEST) }}>
        {shown.map((row) => {
          const line = rows.at(row);
          const y = heights.current.offset(row) - top + view.top;
          return (
            <Line
              key={row}
              row={row}
              line={line}
              y={y}
              isMeasured={isWrapped || line?.message.includes('\n') === true}
              isMarked={marked !== null && line !== undefined && isIn(marked, line.number)}
              isHit={hitRow === row}
              needle={needle}
              timeOf={timeOf}
              onLink={onLink}
            />
          );
        })}
      </div>
    </div>
  );
}

function Line({
  row,
  line,
  y,
  isMeasured,
  isMarked,
  isHit,
  needle,
  timeOf,
  onLink,
}: {
  row: number;
  line: NumberedLogLine | undefined;
  y: number;
  isMeasured: boolean;
  isMarked: boolean;
  isHit: boolean;
  needle: string;
  timeOf: (at: string) => string;
  onLink: (line: number, extend: boolean) => void;
}) {
  const { t } = useTranslation();
  if (line === undefined)
    return <div className="log-line" data-row={row} style={{ transform: `translateY(${y}px)` }} />;
  return (
    <div
      className="log-line"
      data-row={row}
      data-tall={isMeasured || undefined}
      data-level={line.level}
      data-source={line.source}
      data-marked={isMarked || undefined}
      data-hit={isHit || undefined}
      style={{ transform: `translateY(${y}px)` }}
    >
      <button
        type="button"
        className="log-number"
        tabIndex={-1}
        aria-label={t('log.linkTo', { line: line.number })}
        data-number={line.number}
        onClick={(event) => onLink(line.number, event.shiftKey)}
      />
      <span className="log-time">{timeOf(line.at)}</span>
      <span className="log-level">{line.level === 'info' ? '' : line.level}</span>
      <span className="log-text">
        {highlighted(plainText(line.message), needle)}
        {line.fields ? (
          <span className="log-fields"> {highlighted(plainText(JSON.stringify(line.fields)), needle)}</span>
        ) : null}
      </span>
    </div>
  );
}

function isIn({ from, to }: LineRange, line: number): boolean {
  return from <= line && line <= to;
}

/** Most marks of one line: a letter in a line of thousands would cost as many elements. */
const MOST_MARKS = 200;

function highlighted(text: string, needle: string): ReactNode {
  if (!needle) return text;
  const parts: ReactNode[] = [];
  const low = text.toLowerCase();
  let from = 0;
  for (
    let at = low.indexOf(needle);
    at >= 0 && parts.length < 2 * MOST_MARKS;
    at = low.indexOf(needle, from)
  ) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>);
    from = at + needle.length;
  }
  parts.push(text.slice(from));
  return parts;
}
