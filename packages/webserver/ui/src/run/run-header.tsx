import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { Icon } from '../controls/icon.tsx';
import { DeadlineMark } from '../deadlines/deadline-mark.tsx';
import { RunActions } from '../dialogs/run-actions.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { StateLabel } from '../state/state-label.tsx';
import { RunFacts } from './run-facts.tsx';

/** What a run is: its state and times, its neighbours, what may be done with it. The rest opens below. */
export function RunHeader({
  dagId,
  runId,
  run,
  zone,
}: {
  dagId: string;
  runId: string;
  run: Run | undefined;
  zone: string | undefined;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const [isOpen, setOpen] = useState(false);
  const around = useQuery(queries.runs({ dagId, limit: 100 }));
  const list = around.data?.items ?? [];
  const at = list.findIndex((each) => each.runId === runId);
  return (
    <header className="page-head" data-plain>
      <div className="head-line">
        <h1>
          <Link to="/dags/$dagId" params={{ dagId }} className="crumb">
            {dagId}
          </Link>
          <span className="crumb"> / </span>
          {run?.logicalDate ? <Instant at={run.logicalDate} zone={zone} absolute /> : runId}
        </h1>
        <span className="row-actions">
          <Neighbour dagId={dagId} runId={list[at + 1]?.runId} label={t('run.older')} icon="chevronLeft" />
          <Neighbour
            dagId={dagId}
            runId={at > 0 ? list[at - 1]?.runId : undefined}
            label={t('run.newer')}
            icon="chevronRight"
          />
        </span>
        {run ? (
          <>
            <span className="strong">
              <StateLabel state={run.state} size={16} />
            </span>
            <span>{durationText(durationMs(run.startDate, run.endDate, now))}</span>
            <span className="soft">{t(`runType.${run.runType}`)}</span>
            {run.triggeredBy ? (
              <span className="soft">
                <span className="faint">{t('run.by')}</span> {run.triggeredBy}
              </span>
            ) : null}
            <span className="soft">
              <span className="faint">{t('run.started')}</span>{' '}
              <Instant at={run.startDate ?? run.queuedAt} zone={zone} />
            </span>
            {run.version ? (
              <span className="soft" title={run.version}>
                <span className="faint">{t('run.version')}</span> {run.versionNumber ?? ''}{' '}
                <code>{run.version.slice(0, 7)}</code>
              </span>
            ) : null}
            {run.taskIds === null ? null : (
              <span className="soft" title={run.taskIds.join(', ')}>
                {t('run.onlySome', { count: run.taskIds.length })}
              </span>
            )}
            <DeadlineMark dagId={dagId} runId={runId} />
            <button
              type="button"
              className="button"
              data-kind="quiet"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={12} /> {t('run.details')}
            </button>
            <RunActions run={run} />
          </>
        ) : null}
      </div>
      {run?.reason ? (
        <p className="run-reason soft">
          <StateIcon state={run.state} size={12} /> {run.reason}
        </p>
      ) : null}
      {run && isOpen ? <RunFacts run={run} zone={zone} /> : null}
    </header>
  );
}

function Neighbour({
  dagId,
  runId,
  label,
  icon,
}: {
  dagId: string;
  runId: string | undefined;
  label: string;
  icon: 'chevronLeft' | 'chevronRight';
}) {
  if (!runId)
    return (
      <span className="icon-button faint" aria-hidden="true">
        <Icon name={icon} />
      </span>
    );
  return (
    <Link
      className="icon-button"
      to="/dags/$dagId/runs/$runId"
      params={{ dagId, runId }}
      search={(old: Record<string, unknown>) => ({
        ...old,
        zoom: undefined,
        attempt: undefined,
      })}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </Link>
  );
}
