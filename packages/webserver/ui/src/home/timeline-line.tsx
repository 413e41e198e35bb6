import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { durationText } from '../clock/duration-text.ts';
import { dateText, Instant, useShownZone } from '../clock/instant.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { ClusterMark } from './cluster-mark.tsx';
import { type PlacedRun, runClusters } from './run-clusters.ts';
import type { TimeSpan } from './timeline-axis.tsx';
import { beginOf, type TimelineRow } from './timeline-rows.ts';

/** A DAG's runs around now; those that overlap as a density. */
export function TimelineLine({
  row,
  span,
  now,
  width,
}: {
  row: TimelineRow;
  span: TimeSpan;
  now: number;
  /** Pixels of the axis. */
  width: number;
}) {
  const { t, i18n } = useTranslation();
  const word = useStateWord();
  const zone = useShownZone();
  const size = span.to - span.from;
  const marks = runClusters(row.runs, span, width, now);
  const next = row.planned.find((at) => Date.parse(at) > now);
  const plans = row.planned.map((at) => ((Date.parse(at) - span.from) / size) * width);
  const roomBehind = (right: number, nextRun = width) =>
    Math.min(nextRun, ...plans.filter((at) => at > right)) - right;
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
        {/* Plans first: where a run lies upon one, the run is what a person points at. */}
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
        {marks.map((mark, at) =>
          'run' in mark ? (
            <RunMark key={mark.run.runId} dagId={row.dagId} mark={mark} now={now} />
          ) : (
            <ClusterMark
              key={mark.runs[0]!.runId}
              dagId={row.dagId}
              cluster={mark}
              room={roomBehind(mark.right, marks[at + 1]?.left)}
            />
          ),
        )}
      </span>
    </div>
  );
}

function RunMark({ dagId, mark, now }: { dagId: string; mark: PlacedRun; now: number }) {
  const { i18n } = useTranslation();
  const word = useStateWord();
  const zone = useShownZone();
  const { run, left, right } = mark;
  const label = [
    word(run.state),
    durationText((run.endDate ? Date.parse(run.endDate) : now) - beginOf(run)),
    dateText(beginOf(run), zone, i18n.language),
  ].join(' · ');
  return (
    <Link
      to="/dags/$dagId/runs/$runId"
      params={{ dagId, runId: run.runId }}
      preload={false}
      className="run-mark"
      data-state={run.state}
      title={label}
      aria-label={label}
      style={{ left, width: right - left }}
    >
      {run.state === 'failed' ? <StateIcon state="failed" size={12} /> : null}
    </Link>
  );
}
