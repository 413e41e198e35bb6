import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { RunFilter } from '../api/filters.ts';
import { Choice } from '../controls/choice.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { useStateWord } from '../state/state-label.tsx';
import { RunsTable } from './runs-table.tsx';

/** Runs of every DAG. */
export function RunsPage() {
  const { t } = useTranslation();
  const word = useStateWord();
  const filter = useSearch({ from: '/shell/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const set = (change: { [K in keyof RunFilter]?: RunFilter[K] | undefined }) =>
    void navigate({
      search: (old) =>
        Object.fromEntries(
          Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined),
        ) as RunFilter,
      replace: true,
    });
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.runs')}</h1>
        <SearchField
          value={filter.dagId ?? ''}
          label={t('runs.dagId')}
          onChange={(dagId) => set({ dagId })}
        />
        <Choice
          label={t('dags.state')}
          any={t('dags.anyState')}
          value={filter.state}
          onChange={(state) => set({ state })}
          options={(['failed', 'running', 'queued', 'success'] as const).map((state) => [state, word(state)])}
        />
        <Choice
          label={t('runs.type')}
          any={t('runs.anyType')}
          value={filter.runType}
          onChange={(runType) => set({ runType })}
          options={(['scheduled', 'manual', 'backfill', 'asset_triggered'] as const).map((type) => [
            type,
            t(`runType.${type}`),
          ])}
        />
      </div>
      <RunsTable filter={{ limit: 200, ...filter }} />
    </div>
  );
}
