import './home.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';
import { useWidth } from '../browser/width.ts';
import { useNow } from '../clock/server-clock.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { FirstVisit } from './first-visit.tsx';
import { TimelineAxis } from './timeline-axis.tsx';
import { TimelineLine } from './timeline-line.tsx';
import { timelineRows } from './timeline-rows.ts';

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
  const axis = useRef<HTMLSpanElement>(null);
  const width = useWidth(axis, timeline.data !== undefined);
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
          {running > 0 ? (
            <span className="state-label soft">
              <StateIcon state="running" size={14} /> {t('home.running', { count: running })}
            </span>
          ) : null}
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
        <TimelineAxis axis={axis} span={span} now={now} width={width} />
        <div className="timeline-rows" role="rowgroup">
          <div className="timeline-now" aria-hidden="true" style={{ '--at': 1 - FUTURE }} />
          {rows.map((row) => (
            <TimelineLine key={row.dagId} row={row} span={span} now={now} width={width} />
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
