import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useShownZone } from '../clock/instant.tsx';

export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

const HOUR_MS = 3_600_000;
const CHARACTER_PIXELS = 6.6;

/** Round times over the window, and the present; a label that would stand under "now" gives way to it. */
export function TimelineAxis({
  axis,
  span,
  now,
  width,
}: {
  axis: RefObject<HTMLSpanElement | null>;
  span: TimeSpan;
  now: number;
  width: number;
}) {
  const { t, i18n } = useTranslation();
  const zone = useShownZone();
  const size = span.to - span.from;
  const step = STEPS.find((each) => size / each <= Math.max(2, width / 120)) ?? 24 * HOUR_MS;
  const format = new Intl.DateTimeFormat(i18n.language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(size > 24 * HOUR_MS ? { month: 'numeric', day: 'numeric' } : {}),
    ...(zone ? { timeZone: zone } : {}),
  });
  const word = t('run.now');
  const nowAt = ((now - span.from) / size) * width;
  const nowHalf = (word.length * CHARACTER_PIXELS) / 2 + 8;
  const marks: { at: number; left: number; text: string }[] = [];
  for (let at = Math.ceil(span.from / step) * step; at < span.to; at += step) {
    const left = ((at - span.from) / size) * width;
    const text = format.format(at);
    const right = left + 4 + text.length * CHARACTER_PIXELS;
    const isUnderNow = right > nowAt - nowHalf && left < nowAt + nowHalf;
    marks.push({ at, left, text: isUnderNow || right > width ? '' : text });
  }
  return (
    <div className="timeline-axis" role="row">
      <span className="timeline-name" role="columnheader">
        DAG
      </span>
      <span ref={axis} className="timeline-marks" role="columnheader" aria-label={t('run.timeAxis')}>
        {marks.map(({ at, left, text }) => (
          <span key={at} style={{ left }}>
            {text}
          </span>
        ))}
        <b style={{ left: nowAt }}>{word}</b>
      </span>
    </div>
  );
}

const MINUTE_MS = 60_000;
const STEPS = [
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
];
