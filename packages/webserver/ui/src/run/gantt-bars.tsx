import { useTranslation } from 'react-i18next';
import { durationText } from '../clock/duration-text.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { mostUrgent } from '../state/urgency.ts';
import { type Bar, barsOf, barsOfTask, place, type Span, stretchesOf } from './gantt-scale.ts';
import type { TaskRow } from './task-rows.ts';

/** When the attempts of a task waited, were held and ran. */
export function TaskBars({ row, span, now }: { row: TaskRow; span: Span; now: number }) {
  const { t } = useTranslation();
  const word = useStateWord();
  const newest = row.segments.at(-1);
  return barsOfRow(row, now).map((bar) => {
    const box = place(bar, span);
    if (!box) return null;
    const isNewest = bar.segment === newest;
    const ended = bar.kind === 'running' && bar.segment.endDate !== null && bar.to === endOf(bar);
    return (
      <span
        key={`${bar.segment.attemptId} ${bar.kind} ${bar.from}`}
        className="bar"
        data-kind={bar.kind}
        data-state={bar.state}
        style={{ left: `${box.left}%`, width: `${box.width}%` }}
        title={`${t('run.try', { number: bar.segment.tryNumber })} · ${wordOf(bar, word, t('run.waited'))} · ${durationText(bar.to - bar.from)}`}
      >
        {ended && (MARKED.has(bar.segment.state) || !isNewest) ? (
          <span className="bar-mark">
            <StateIcon state={isNewest ? bar.segment.state : 'up_for_retry'} size={12} />
          </span>
        ) : null}
      </span>
    );
  });
}

/** Ends that a bar says by a shape, too. */
const MARKED: ReadonlySet<string> = new Set(['failed', 'killed', 'lost']);

/**
 * A group or a mapped task: a thin line from the first start to the last end, in the colour of what is most urgent, and, while its rows are
 * folded away, when something of it ran.
 */
export function GroupBar({ row, span, now }: { row: TaskRow; span: Span; now: number }) {
  const bars = row.segments.flatMap((segment) => barsOf(segment, now));
  if (bars.length === 0) return null;
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const bar of bars) {
    from = Math.min(from, bar.from);
    to = Math.max(to, bar.to);
  }
  const box = place({ from, to }, span);
  if (!box) return null;
  return (
    <>
      <span
        className="bar"
        data-kind="group"
        data-state={mostUrgent(row.counts)}
        style={{ left: `${box.left}%`, width: `${box.width}%` }}
      />
      {row.isClosed
        ? stretchesOf(row.segments, now).map((stretch) => {
            const at = place(stretch, span);
            if (!at) return null;
            return (
              <span
                key={`${stretch.state} ${stretch.from}`}
                className="bar"
                data-kind="folded"
                data-state={stretch.state}
                style={{ left: `${at.left}%`, width: `${at.width}%` }}
              />
            );
          })
        : null}
    </>
  );
}

/** What the hatchings mean; of those that are drawn, at most. */
export function Legend({ bars }: { bars: ReadonlySet<string> }) {
  const { t } = useTranslation();
  const word = useStateWord();
  return (
    <span className="legend faint">
      <span className="bar" data-kind="waiting" data-state="queued" /> {t('run.waiting')}
      {(['deferred', 'up_for_reschedule', 'up_for_retry'] as const).map((state) =>
        bars.has(state) ? (
          <span key={state}>
            <span className="bar" data-kind="held" data-state={state} /> {word(state)}
          </span>
        ) : null,
      )}
      <span className="bar" data-kind="running" data-state="success" /> {t('run.ran')}
    </span>
  );
}

/** Bars in words, for those who do not see them. */
export function barsText(
  row: TaskRow,
  word: (state: string) => string,
  waited: string,
  ran: string,
  now: number,
): string {
  if (row.kind === 'group') return '';
  return barsOfRow(row, now)
    .map((bar) => {
      const what = bar.kind === 'running' ? `${word(bar.segment.state)}, ${ran}` : wordOf(bar, word, waited);
      return `${what} ${durationText(bar.to - bar.from)}`;
    })
    .join('; ');
}

/** The stretches of a row that stands for one instance. */
export function barsOfRow(row: TaskRow, now: number): Bar[] {
  return barsOfTask(row.segments, row.instance?.state === 'up_for_retry', now);
}

function wordOf(bar: Bar, word: (state: string) => string, waited: string): string {
  return bar.kind === 'waiting' ? waited : word(bar.state);
}

function endOf({ segment }: Bar): number {
  return Math.max(Date.parse(segment.endDate ?? ''), Date.parse(segment.startDate ?? ''));
}
