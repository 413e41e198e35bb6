import './grid.css';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunState } from '../../api/contract.ts';
import { queries } from '../../api/queries.ts';
import { ErrorNotice } from '../../controls/error-notice.tsx';
import { SearchField } from '../../controls/search-field.tsx';
import { RunStateChoice, RunTypeChoice } from '../../runs/run-filters.tsx';
import type { RunType } from '../../runs/run-words.ts';
import { gridRows } from './grid-rows.ts';
import { GridTable } from './grid-table.tsx';

const LENGTHS = [10, 25, 50, 100];

interface GridSearch {
  runs?: number;
  filter?: string;
  state?: RunState;
  type?: RunType;
  closed?: string;
}

/** Runs x tasks. Everything that narrows it is in the URL; hovering asks nobody. */
export function GridTab({
  dagId,
  zone,
  search,
  onChange,
}: {
  dagId: string;
  zone: string | undefined;
  search: GridSearch;
  onChange: (change: GridSearch) => void;
}) {
  const { t } = useTranslation();
  const grid = useQuery({ ...queries.grid(dagId, search.runs ?? 25), placeholderData: keepPreviousData });
  const closed = useMemo(() => new Set((search.closed ?? '').split(',').filter(Boolean)), [search.closed]);
  const data = grid.data;
  const rows = useMemo(
    () => (data ? gridRows(data, closed, search.filter) : []),
    [data?.tasks, data?.groups, closed, search.filter],
  );
  const shown = useMemo(
    () =>
      (data?.runs ?? []).flatMap((run, at) =>
        (!search.state || run.state === search.state) && (!search.type || run.runType === search.type)
          ? [{ run, column: data!.columns[at]! }]
          : [],
      ),
    [data?.runs, data?.columns, search.state, search.type],
  );
  if (grid.isError && !data) return <ErrorNotice error={grid.error} onRetry={() => void grid.refetch()} />;
  const setClosed = (next: ReadonlySet<string>) => onChange({ closed: [...next].join(',') || undefined });
  return (
    <>
      <div className="toolbar">
        <SearchField
          value={search.filter ?? ''}
          label={t('run.filterTasks')}
          onChange={(filter) => onChange({ filter })}
        />
        <RunStateChoice value={search.state} onChange={(state) => onChange({ state })} />
        <RunTypeChoice value={search.type} onChange={(type) => onChange({ type })} />
        <select
          className="field"
          aria-label={t('dag.runsShown')}
          value={search.runs ?? 25}
          onChange={(event) => onChange({ runs: Number(event.target.value) })}
        >
          {LENGTHS.map((length) => (
            <option key={length} value={length}>
              {t('dag.lastN', { count: length })}
            </option>
          ))}
        </select>
        {(data?.groups.length ?? 0) > 0 ? (
          <>
            <button
              type="button"
              className="button"
              data-kind="quiet"
              onClick={() => setClosed(new Set(data?.groups.map((group) => group.groupId)))}
            >
              {t('dag.closeAll')}
            </button>
            <button type="button" className="button" data-kind="quiet" onClick={() => setClosed(new Set())}>
              {t('dag.openAll')}
            </button>
          </>
        ) : null}
      </div>
      {data && shown.length === 0 ? (
        <div className="empty">
          <h2>{search.state || search.type ? t('dag.noRunMatches') : t('dag.noRuns')}</h2>
          <p className="soft">{t('dag.noRunsText')}</p>
          <pre className="code-block" tabIndex={0}>
            tsflow dags trigger {dagId}
          </pre>
        </div>
      ) : data ? (
        <GridTable
          dagId={dagId}
          zone={zone}
          rows={rows}
          shown={shown}
          letters={data.letters}
          onToggle={(groupId) => {
            const next = new Set(closed);
            if (!next.delete(groupId)) next.add(groupId);
            setClosed(next);
          }}
        />
      ) : null}
    </>
  );
}
