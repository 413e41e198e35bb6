import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Run } from '../api/contract.ts';
import type { RunFilter } from '../api/filters.ts';
import { queries } from '../api/queries.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { Instant } from '../clock/instant.tsx';
import { useNow } from '../clock/server-clock.ts';
import { DagLink } from '../controls/dag-link.tsx';
import type { Column } from '../controls/data-table.tsx';
import { ListView } from '../list/list-view.tsx';
import type { PageSearch } from '../list/paging.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { StateLabel, useStateWord } from '../state/state-label.tsx';
import { STATES_BY_URGENCY } from '../state/urgency.ts';

const PAGE_SIZE = 100;

/** Runs, newest first, each with how far its tasks are. */
export function RunsList({
  search,
  ofDag,
  zone,
  onPage,
  onReset,
}: {
  search: RunFilter & PageSearch;
  /** The list stands on the page of this DAG. */
  ofDag?: string;
  zone?: string | undefined;
  onPage: (page: PageSearch) => void;
  onReset: () => void;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const { back: _, cursor, ...narrowing } = search;
  const filter: RunFilter = {
    ...narrowing,
    ...(ofDag === undefined ? {} : { dagId: ofDag }),
    ...(cursor === undefined ? {} : { cursor }),
    limit: PAGE_SIZE,
  };
  const runs = useQuery(queries.runs(filter));
  const columns: Column<Run>[] = [
    {
      id: 'state',
      isSelfEvident: true,
      header: t('dags.state'),
      sortBy: (run) => run.state,
      cell: (run) => <StateLabel state={run.state} />,
    },
    ...(ofDag
      ? []
      : [
          {
            id: 'dag',
            isSelfEvident: true,
            header: 'DAG',
            sortBy: (run: Run) => run.dagId,
            cell: (run: Run) => <DagLink dagId={run.dagId} />,
          },
        ]),
    {
      id: 'run',
      isSelfEvident: true,
      header: t('runs.run'),
      sortBy: (run) => run.logicalDate ?? run.queuedAt ?? '',
      cell: (run) => (
        <Link to="/dags/$dagId/runs/$runId" params={{ dagId: run.dagId, runId: run.runId }} title={run.runId}>
          <Instant at={run.logicalDate ?? run.queuedAt} zone={zone} absolute />
        </Link>
      ),
    },
    {
      id: 'type',
      header: t('runs.type'),
      sortBy: (run) => run.runType,
      cell: (run) => <span className="soft">{t(`runType.${run.runType}`)}</span>,
      className: 'wide-only',
    },
    {
      id: 'started',
      header: t('run.started'),
      sortBy: (run) => run.startDate ?? '',
      cell: (run) => <Instant at={run.startDate} zone={zone} />,
      className: 'wide-only',
    },
    {
      id: 'length',
      isSelfEvident: true,
      header: t('run.duration'),
      className: 'num',
      sortBy: (run) => durationMs(run.startDate, run.endDate, now) ?? 0,
      cell: (run) => durationText(durationMs(run.startDate, run.endDate, now)),
    },
    {
      id: 'tasks',
      isSelfEvident: true,
      header: t('dag.tasks'),
      cell: (run) => <TaskCounts counts={run.taskCounts} />,
      className: 'wide-only',
    },
    {
      id: 'by',
      header: t('run.by'),
      cell: (run) => <span className="soft">{run.triggeredBy}</span>,
      className: 'wide-only',
    },
    {
      id: 'version',
      header: t('run.version'),
      cell: (run) => <code>{run.version?.slice(0, 7)}</code>,
      className: 'wide-only',
    },
  ];
  return (
    <ListView
      query={runs}
      label={t('nav.runs')}
      columns={columns}
      rowKey={(run) => `${run.dagId} ${run.runId}`}
      search={search}
      isFiltered={Object.keys(narrowing).length > 0}
      onPage={onPage}
      onReset={onReset}
      empty={
        <div className="empty">
          <h2>{t('runs.none')}</h2>
          <p className="soft">{t('runs.noneText')}</p>
          <pre className="code-block" tabIndex={0}>
            tsflow dags trigger {ofDag ?? 'DAG'}
          </pre>
        </div>
      }
    />
  );
}

function TaskCounts({ counts }: { counts: Run['taskCounts'] | null | undefined }) {
  const word = useStateWord();
  return (
    <span className="row-actions task-counts">
      {STATES_BY_URGENCY.filter((state) => (counts?.[state] ?? 0) > 0).map((state) => (
        <span key={state} className="count-mark" title={word(state)}>
          <StateIcon state={state} size={12} />
          <span className="sr-only">{word(state)}</span>
          {counts?.[state]}
        </span>
      ))}
    </span>
  );
}
