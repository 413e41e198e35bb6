import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { defined } from '@tsflow/core/defined';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DagDetail } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Icon } from '../controls/icon.tsx';
import { BackfillPanel } from '../dialogs/backfill-panel.tsx';
import { TriggerPanel } from '../dialogs/trigger-panel.tsx';
import { useMayWrite } from '../login/role.ts';
import type { DagTab } from '../router.tsx';
import { RunsList } from '../runs/runs-list.tsx';
import { StateLabel } from '../state/state-label.tsx';
import { CodeTab } from './code-tab.tsx';
import { DetailsTab } from './details-tab.tsx';
import { GraphTab } from './graph-tab.tsx';
import { GridTab } from './grid/grid-tab.tsx';
import { NextRun } from './next-run.tsx';
import { PauseSwitch } from './pause-switch.tsx';
import { ScheduleTab } from './schedule-tab.tsx';

const TABS: readonly DagTab[] = ['grid', 'graph', 'runs', 'schedule', 'code', 'details'];
/** Tabs that take the height of the window and scroll inside. */
const FILLING: ReadonlySet<DagTab> = new Set(['grid', 'graph', 'code']);

/** One DAG: what it is and when it runs next, then its grid, graph, runs, code and details. */
export function DagPage() {
  const { t } = useTranslation();
  const { dagId } = useParams({ from: '/shell/dags/$dagId' });
  const search = useSearch({ from: '/shell/dags/$dagId' });
  const navigate = useNavigate({ from: '/dags/$dagId' });
  const dag = useQuery(queries.dag(dagId));
  const set = (change: { [K in keyof typeof search]?: (typeof search)[K] | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const tab = search.tab ?? 'grid';
  if (dag.isError && !dag.data) return <ErrorNotice error={dag.error} onRetry={() => void dag.refetch()} />;
  return (
    <div className="page" data-fill={FILLING.has(tab) || undefined}>
      <header className="page-head">
        {dag.data ? <DagHead dag={dag.data} /> : <div className="head-line">{dagId}</div>}
        <nav className="tabs" aria-label={t('dag.tabs')}>
          {TABS.map((each) => (
            <Link
              key={each}
              to="/dags/$dagId"
              params={{ dagId }}
              search={(old: Record<string, unknown>) => ({ ...old, tab: each === 'grid' ? undefined : each })}
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={tab === each ? 'page' : undefined}
            >
              {t(`dag.${each}`)}
            </Link>
          ))}
        </nav>
      </header>
      {tab === 'grid' ? (
        <GridTab dagId={dagId} zone={dag.data?.timezone} search={search} onChange={set} />
      ) : null}
      {tab === 'graph' && dag.data ? <GraphTab dag={dag.data} search={search} onChange={set} /> : null}
      {tab === 'runs' ? (
        <RunsList
          ofDag={dagId}
          search={{
            cursor: search.cursor,
            back: search.back,
            ...(search.state ? { state: search.state } : {}),
          }}
          zone={dag.data?.timezone}
          onPage={(page) => void navigate({ search: (old) => defined({ ...old, ...page }) })}
          onReset={() => set({ state: undefined, cursor: undefined, back: undefined })}
        />
      ) : null}
      {tab === 'schedule' && dag.data ? <ScheduleTab dag={dag.data} /> : null}
      {tab === 'code' && dag.data ? <CodeTab dag={dag.data} search={search} onChange={set} /> : null}
      {tab === 'details' && dag.data ? <DetailsTab dag={dag.data} /> : null}
    </div>
  );
}

function DagHead({ dag }: { dag: DagDetail }) {
  const { t } = useTranslation();
  const now = useNow();
  const mayWrite = useMayWrite();
  const [open, setOpen] = useState<'trigger' | 'backfill' | null>(null);
  const last = dag.lastRuns.at(-1);
  const length = last ? durationMs(last.startDate, last.endDate, now) : null;
  return (
    <>
      <div className="head-line">
        <h1>{dag.dagId}</h1>
        <span className="state-label soft">
          <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} />{' '}
          {dag.isPaused ? t('dags.off') : t('dags.on')}
        </span>
        {dag.description ? <span className="soft">{dag.description}</span> : null}
        {dag.tags.map((tag) => (
          <Link key={tag} to="/dags" search={{ tag }} className="tag">
            {tag}
          </Link>
        ))}
        {mayWrite ? (
          <div className="actions">
            <button type="button" className="button" data-kind="primary" onClick={() => setOpen('trigger')}>
              <Icon name="play" size={13} /> {t('trigger.short')}
            </button>
            <button type="button" className="button" onClick={() => setOpen('backfill')}>
              {t('backfill.short')}
            </button>
          </div>
        ) : null}
      </div>
      <div className="facts">
        <span>{dag.schedule === 'none' ? t('dags.noSchedule') : dag.schedule}</span>
        {dag.nextRun && !dag.isPaused ? (
          <span>
            <span className="faint">{t('dags.nextRun')}</span>
            <NextRun at={dag.nextRun.runAfter} zone={dag.timezone} />
          </span>
        ) : null}
        {last ? (
          <span className="state-label">
            <span className="faint">{t('dags.lastRun')}</span>
            <Link
              to="/dags/$dagId/runs/$runId"
              params={{ dagId: dag.dagId, runId: last.runId }}
              className="state-label"
            >
              <StateLabel state={last.state} />
            </Link>
            {length === null ? null : durationText(length)} ·{' '}
            <Instant at={last.startDate ?? last.logicalDate} zone={dag.timezone} />
          </span>
        ) : (
          <span className="faint">{t('dags.neverRan')}</span>
        )}
        {dag.version ? (
          <span title={dag.version}>
            <span className="faint">{t('run.version')}</span>
            {dag.versionNumber} <code>{dag.version.slice(0, 7)}</code>
          </span>
        ) : null}
        {dag.hasImportError ? (
          <Link to="/import-errors" className="tag">
            {t('dags.importError')}
          </Link>
        ) : null}
      </div>
      {open === 'trigger' ? <TriggerPanel dagId={dag.dagId} onClose={() => setOpen(null)} /> : null}
      {open === 'backfill' ? <BackfillPanel dagId={dag.dagId} onClose={() => setOpen(null)} /> : null}
    </>
  );
}
