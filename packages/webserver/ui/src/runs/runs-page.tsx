import { useNavigate, useSearch } from '@tanstack/react-router';
import { defined } from '@tsflow/core/defined';
import { useTranslation } from 'react-i18next';
import type { RunFilter } from '../api/filters.ts';
import { SearchField } from '../controls/search-field.tsx';
import { FIRST_PAGE } from '../list/paging.ts';
import { RunStateChoice, RunTypeChoice } from './run-filters.tsx';
import { RunsList } from './runs-list.tsx';

/** Runs of every DAG. */
export function RunsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const set = (change: { [K in keyof RunFilter]?: RunFilter[K] | undefined }) =>
    void navigate({ search: (old) => defined({ ...old, ...FIRST_PAGE, ...change }), replace: true });
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.runs')}</h1>
        <SearchField
          value={search.dagId ?? ''}
          label={t('runs.dagId')}
          onChange={(dagId) => set({ dagId })}
        />
        <RunStateChoice value={search.state} onChange={(state) => set({ state })} />
        <RunTypeChoice value={search.runType} onChange={(runType) => set({ runType })} />
      </div>
      <RunsList
        search={search}
        onPage={(page) => void navigate({ search: (old) => defined({ ...old, ...page }) })}
        onReset={() => void navigate({ search: {} })}
      />
    </div>
  );
}
