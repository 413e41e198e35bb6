import './home.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBar } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationText } from '../clock/duration-text.ts';
import { dateText, Instant, useShownZone } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { FirstVisit } from './first-visit.tsx';
import { beginOf, type TimelineRow, timelineRows } from './timeline-rows.ts';

const HOUR_MS = 3_600_000;
const CHOICES = [1, 6, 24, 72];
const DEFAULT_HOURS = 24;
/** How much of the window lies in the future. */
const FUTURE = 0.25;

/** Every DAG's runs around now: what broke, what runs, what comes; below, the slots in use. */
export function HomePage() {
  const { t } = useTranslation();
  const now = useNow();
  const { hours = DEFAULT_HOURS } = useSearch({ from: '/shell/' });
  const navigate = useNavigate({ from: '/' });
  const span = { from: now - hours * HOUR_MS * (1 - FUTURE), to: now + hours * HOUR_MS * FUTURE };
  // Asked for by the minute, so that the key of the cache stands still while the axis glides.
  const minute = Math.floor(now / 60_000) * 60_000;
  const timeline = useQuery(
    queries.timeline(
      new Date(minute - hours * HOUR_MS * (1 - FUTURE)).toISOString(),
      new Date(minute + hours * HOUR_MS * FUTURE + 60_000).toISOString(),
    ),
  );
  const errors = useQuery(queries.importErrors());
  const info = useQuery(queries.info());
  const anyDag = useQuery(queries.dags({ limit: 1 }));
  const rows = useMemo(() => timelineRows(timeline.data?.dags ?? []), [timeline.data]);
  if (timeline.isError && !timeline.data)
    return <ErrorNotice error={timeline.error} onRetry={() => void timeline.refetch()} />;
  if (anyDag.data?.items.length === 0 && errors.data?.items.length === 0) return <FirstVisit />;
  const slots = info.data?.parallelism ?? timeline.data?.slots;
  const failed = rows.filter((row) => row.state === 'failed').length;
  const running = rows.flatMap((row) => row.runs).filter((run) => run.state === 'running').length;
  return (
    <div className="page" data-fill>
      {(errors.data?.items ?? []).length > 0 ? (
        <Link to="/import-errors" className="banner" data-state="failed">
          <StateIcon state="failed" />
          <span className="strong">{t('home.importErrors', { count: errors.data?.items.length ?? 0 })}</span>
          <span className="soft mono">
            {errors.data?.items[0]?.file}:{errors.data?.items[0]?.line ?? 1}
          </span>
          <span className="soft banner-text">{errors.data?.items[0]?.message}</span>
        </Link>
      ) : null}
      <div className="toolbar">
        <h1 className="home-title">
          <span className="state-label">
            <StateIcon state={failed > 0 ? 'failed' : 'success'} size={16} />
            {failed > 0 ? t('home.failed', { count: failed }) : t('home.allWell')}
          </span>
          <span className="state-label soft">
            <StateIcon state="running" size={14} /> {t('home.running', { count: running })}
          </span>
        </h1>
        <span className="grow" />
        <div className="segmented" role="group" aria-label={t('home.window')}>
          {CHOICES.map((each) => (
            <button
              key={each}
              type="button"
              className="button"
              aria-pressed={hours === each}
              onClick={() =>
                void navigate({ search: each === DEFAULT_HOURS ? {} : { hours: each }, replace: true })
              }
            >
              {each} h
            </button>
          ))}
        </div>
      </div>
      <div className="timeline" role="table" aria-label={t('home.timeline')}>
        <Axis span={span} now={now} />
        <div className="timeline-rows" role="rowgroup">
          <div className="timeline-now" aria-hidden="true" style={{ '--at': 1 - FUTURE }} />
          {rows.map((row) => (
            <Row key={row.dagId} row={row} span={span} now={now} />
          ))}
          {timeline.data && rows.length === 0 ? (
            <p className="notice soft">
              {t('home.nothing')}
              <Link to="/dags" className="button">
                {t('home.toDags', { count: anyDag.data?.total ?? 0 })}
              </Link>
            </p>
          ) : null}
        </div>
      </div>
      {slots ? (
        <footer className="slot-footer">
          <Link to="/variables" search={{ filter: 'parallelism' }} className="slot-name">
            {t('home.slots')}
          </Link>
          <span
            className="slot-cells"
            role="meter"
            aria-label={t('home.slots')}
            aria-valuenow={slots.used}
            aria-valuemin={0}
            aria-valuemax={slots.limit}
          >
            {slots.limit <= 128 ? (
              Array.from({ length: slots.limit }, (_, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its number
                <i key={at} data-state={at < slots.used ? 'running' : undefined} />
              ))
            ) : (
              <b data-state="running" style={{ width: `${(slots.used / slots.limit) * 100}%` }} />
            )}
          </span>
          <span className="nowrap">{t('variables.slots', slots)}</span>
        </footer>
      ) : null}
    </div>
  );
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function Axis({ span, now }: { span: Span; now: number }) {
  const { t, i18n } = useTranslation();
  const zone = useShownZone();
  const size = span.to - span.from;
  const step = AXIS_STEPS.find((each) => size / each <= (window.innerWidth < 760 ? 4 : 9)) ?? 24 * HOUR_MS;
  const format = new Intl.DateTimeFormat(i18n.language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(size > 24 * HOUR_MS ? { month: 'numeric', day: 'numeric' } : {}),
    ...(zone ? { timeZone: zone } : {}),
  });
  const marks: number[] = [];
  for (let at = Math.ceil(span.from / step) * step; at < span.to; at += step) marks.push(at);
  return (
    <div className="timeline-axis" role="row">
      <span className="timeline-name" role="columnheader">
        DAG
      </span>
      <span className="timeline-marks" role="columnheader" aria-label={t('run.timeAxis')}>
        {marks.map((at) => (
          <span key={at} style={{ left: `${((at - span.from) / size) * 100}%` }}>
            {format.format(at)}
          </span>
        ))}
        <b style={{ left: `${((now - span.from) / size) * 100}%` }}>{t('run.now')}</b>
      </span>
    </div>
  );
}

function Row({ row, span, now }: { row: TimelineRow; span: Span; now: number }) {
  const { t, i18n } = useTranslation();
  const word = useStateWord();
  const zone = useShownZone();
  const size = span.to - span.from;
  const next = row.planned.find((at) => Date.parse(at) > now);
  return (
    <div className="timeline-row" role="row">
      <span className="timeline-name" role="rowheader">
        <StateIcon state={row.state ?? 'none'} />
        <span className="sr-only">{row.state ? word(row.state) : t('home.plannedOnly')}</span>
        <Link to="/dags/$dagId" params={{ dagId: row.dagId }}>
          {row.dagId}
        </Link>
        {row.failures > 0 && row.state !== 'failed' ? (
          <span className="faint wide-only count-mark" title={t('home.failures', { count: row.failures })}>
            <StateIcon state="failed" size={10} />
            <span className="sr-only">{t('home.failures', { count: row.failures })}</span>
            <span aria-hidden="true">{row.failures}</span>
          </span>
        ) : null}
        <span className="timeline-next faint wide-only">
          {next ? <Instant at={next} isPast={false} /> : null}
        </span>
      </span>
      <span className="timeline-bars" role="cell">
        {row.runs.map((run) => {
          const box = placed(run, span, now);
          if (!box) return null;
          const label = [
            word(run.state),
            durationText((run.endDate ? Date.parse(run.endDate) : now) - beginOf(run)),
            dateText(beginOf(run), zone, i18n.language),
          ].join(' · ');
          return (
            <Link
              key={run.runId}
              to="/dags/$dagId/runs/$runId"
              params={{ dagId: row.dagId, runId: run.runId }}
              preload={false}
              className="run-mark"
              data-state={run.state}
              title={label}
              aria-label={label}
              style={{
                left: `${box.left}%`,
                width: `max(${run.state === 'failed' ? 12 : run.state === 'running' ? 9 : 5}px, ${box.width}%)`,
              }}
            >
              {run.state === 'failed' ? <StateIcon state="failed" size={12} /> : null}
            </Link>
          );
        })}
        {row.planned.map((at) => {
          const left = ((Date.parse(at) - span.from) / size) * 100;
          if (left < 0 || left > 100 || Date.parse(at) < now) return null;
          const label = `${t('home.planned')} · ${dateText(Date.parse(at), zone, i18n.language)}`;
          return (
            <span
              key={at}
              className="plan-mark"
              role="img"
              aria-label={label}
              title={label}
              style={{ left: `${left}%` }}
            />
          );
        })}
      </span>
    </div>
  );
}

function placed(run: RunBar, span: Span, now: number): { left: number; width: number } | null {
  const begin = beginOf(run);
  const end = run.endDate ? Date.parse(run.endDate) : now;
  if (end < span.from || begin > span.to) return null;
  const size = span.to - span.from;
  const left = Math.max(0, (begin - span.from) / size);
  return { left: left * 100, width: Math.max(0, (end - span.from) / size - left) * 100 };
}

const AXIS_STEPS = [
  5 * 60_000,
  10 * 60_000,
  15 * 60_000,
  30 * 60_000,
  HOUR_MS,
  2 * HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
];
