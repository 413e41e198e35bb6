import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { defined } from '@tsflow/core/defined';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dag } from '../api/contract.ts';
import type { DagFilter } from '../api/filters.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { Choice } from '../controls/choice.tsx';
import type { Column } from '../controls/data-table.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { NextRun } from '../dag/next-run.tsx';
import { PauseSwitch } from '../dag/pause-switch.tsx';
import { TriggerPanel } from '../dialogs/trigger-panel.tsx';
import { FirstVisit } from '../home/first-visit.tsx';
import { ListView } from '../list/list-view.tsx';
import { FIRST_PAGE } from '../list/paging.ts';
import { RunStateChoice } from '../runs/run-filters.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { RunBars } from './run-bars.tsx';

const PAGE_SIZE = 100;

/** A row a DAG: whether it is on, how its last runs went, what comes next. Filters live in the URL. */
export function DagListPage() {
  const { t } = useTranslation();
  const { back, ...filter } = useSearch({ from: '/shell/dags' });
  const navigate = useNavigate({ from: '/dags' });
  const set = (change: { [K in keyof DagFilter]?: DagFilter[K] | undefined }) =>
    void navigate({
      search: (old) => defined({ ...old, ...FIRST_PAGE, ...change }),
      replace: 'search' in change,
    });
  const reset = () => void navigate({ search: {} });
  const dags = useQuery({ ...queries.dags({ limit: PAGE_SIZE, ...filter }) });
  const [triggering, setTriggering] = useState<string | null>(null);
  const columns = useColumns(setTriggering);
  const items = dags.data?.items ?? [];
  const isFiltered = Object.keys(filter).some((name) => name !== 'cursor');

  if (dags.data && items.length === 0 && !isFiltered && !filter.cursor) return <FirstVisit />;
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.dags')}</h1>
        <SearchField
          value={filter.search ?? ''}
          label={t('dags.search')}
          onChange={(search) => set({ search })}
        />
        <RunStateChoice value={filter.state} onChange={(state) => set({ state })} />
        <Choice
          label={t('dags.paused')}
          any={t('dags.onAndOff')}
          value={filter.paused}
          onChange={(paused) => set({ paused })}
          options={[
            ['false', t('dags.on')],
            ['true', t('dags.off')],
          ]}
        />
        <Choice
          label={t('dags.tag')}
          any={t('dags.anyTag')}
          value={filter.tag}
          onChange={(tag) => set({ tag })}
          options={choices(
            items.flatMap((dag) => dag.tags),
            filter.tag,
          )}
        />
        <Choice
          label={t('dags.owner')}
          any={t('dags.anyOwner')}
          value={filter.owner}
          onChange={(owner) => set({ owner })}
          options={choices(
            items.flatMap((dag) => dag.owner ?? []),
            filter.owner,
          )}
        />
        {isFiltered ? (
          <button type="button" className="button" data-kind="quiet" onClick={reset}>
            {t('action.reset')}
          </button>
        ) : null}
        <span className="faint" style={{ marginLeft: 'auto' }} aria-live="polite">
          {t('dags.count', { count: dags.data?.total ?? items.length })}
        </span>
      </div>
      <ListView
        query={dags}
        label={t('nav.dags')}
        columns={columns}
        rowKey={(dag) => dag.dagId}
        search={{ ...filter, back }}
        isFiltered={isFiltered}
        empty={<FirstVisit />}
        onPage={(page) => void navigate({ search: (old) => defined({ ...old, ...page }) })}
        onReset={reset}
      />
      {triggering ? <TriggerPanel dagId={triggering} onClose={() => setTriggering(null)} /> : null}
    </div>
  );
}

function useColumns(trigger: (dagId: string) => void): readonly Column<Dag>[] {
  const { t } = useTranslation();
  const word = useStateWord();
  return [
    {
      id: 'on',
      isSelfEvident: true,
      header: t('dags.on'),
      cell: (dag) => <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} />,
      sortBy: (dag) => Number(dag.isPaused),
    },
    {
      id: 'dagId',
      isSelfEvident: true,
      header: 'DAG',
      sortBy: (dag) => dag.dagId,
      cell: (dag) => {
        const last = dag.lastRuns.at(-1);
        return (
          <span className="state-label">
            <StateIcon state={last?.state ?? 'none'} />
            <span className="sr-only">{last ? word(last.state) : t('dags.neverRan')}</span>
            <Link
              to="/dags/$dagId"
              params={{ dagId: dag.dagId }}
              className="strong"
              title={dag.description ?? undefined}
            >
              {dag.dagId}
            </Link>
            {dag.hasImportError ? (
              <Link to="/import-errors" className="tag">
                {t('dags.importError')}
              </Link>
            ) : null}
          </span>
        );
      },
    },
    {
      id: 'bars',
      isSelfEvident: true,
      header: t('dags.lastRuns'),
      cell: (dag) => <RunBars dagId={dag.dagId} runs={dag.lastRuns} zone={dag.timezone} />,
    },
    {
      id: 'last',
      header: t('dags.lastRun'),
      sortBy: (dag) => dag.lastRuns.at(-1)?.startDate ?? '',
      cell: (dag) => <Instant at={dag.lastRuns.at(-1)?.startDate ?? null} zone={dag.timezone} />,
      className: 'wide-only',
    },
    {
      id: 'schedule',
      header: t('dags.schedule'),
      sortBy: (dag) => dag.schedule,
      cell: (dag) => (
        <span className="soft" title={dag.schedule === 'none' ? undefined : dag.schedule}>
          {dag.schedule === 'none' ? t('dags.noSchedule') : dag.schedule}
        </span>
      ),
      className: 'wide-only clip',
    },
    {
      id: 'next',
      header: t('dags.nextRun'),
      sortBy: (dag) => dag.nextRun?.runAfter ?? '9',
      cell: (dag) => (
        <NextRun at={dag.isPaused ? null : (dag.nextRun?.runAfter ?? null)} zone={dag.timezone} />
      ),
      className: 'wide-only',
    },
    {
      id: 'tags',
      header: t('dags.tags'),
      cell: (dag) => (
        <span className="row-actions">
          {dag.tags.map((tag) => (
            <Link key={tag} to="/dags" search={{ tag }} className="tag">
              {tag}
            </Link>
          ))}
        </span>
      ),
      className: 'wide-only',
    },
    {
      id: 'owner',
      header: t('dags.owner'),
      sortBy: (dag) => dag.owner ?? '',
      cell: (dag) => <span className="soft">{dag.owner}</span>,
      className: 'wide-only',
    },
    {
      id: 'actions',
      header: t('action.more'),
      isHeaderHidden: true,
      cell: (dag) => (
        <IconButton
          icon="play"
          label={t('action.triggerDag', { dagId: dag.dagId })}
          onClick={() => trigger(dag.dagId)}
        />
      ),
      className: 'num',
    },
  ];
}

function choices(values: readonly string[], chosen: string | undefined): [string, string][] {
  return [...new Set(chosen ? [...values, chosen] : values)].sort().map((value) => [value, value]);
}
