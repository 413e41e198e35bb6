import './deadlines.css';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { defined } from '@tsflow/core/defined';
import { useTranslation } from 'react-i18next';
import { SearchField } from '../controls/search-field.tsx';
import { FIRST_PAGE } from '../list/paging.ts';
import type { DeadlineTab } from '../router.tsx';
import { AlertsList } from './alerts-list.tsx';
import { CallbackStateChoice, CallbacksList } from './callbacks-list.tsx';
import { DeadlineReportTable, ReportChoices } from './deadline-report.tsx';
import { MissedDeadlines } from './missed-deadlines.tsx';
import { OpenDeadlines } from './open-deadlines.tsx';

const TABS: readonly DeadlineTab[] = ['deadlines', 'report', 'callbacks', 'alerts'];

/** What is promised by when, and who is told: deadlines to come and missed, callbacks and alerts with what became of them. */
export function DeadlinesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/deadlines' });
  const navigate = useNavigate({ from: '/deadlines' });
  const set = (change: { [K in keyof typeof search]?: (typeof search)[K] | undefined }) =>
    void navigate({ search: (old) => defined({ ...old, ...FIRST_PAGE, ...change }), replace: true });
  const tab = search.tab ?? 'deadlines';
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.deadlines')}</h1>
        <nav className="tabs admin-tabs" aria-label={t('nav.deadlines')}>
          {TABS.map((each) => (
            <Link
              key={each}
              to="/deadlines"
              search={defined({ dagId: search.dagId, tab: each === 'deadlines' ? undefined : each })}
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={tab === each ? 'page' : undefined}
            >
              {t(`deadlines.${each}`)}
            </Link>
          ))}
        </nav>
        {tab === 'alerts' ? null : (
          <SearchField
            value={search.dagId ?? ''}
            label={t('runs.dagId')}
            onChange={(dagId) => set({ dagId })}
          />
        )}
        {tab === 'callbacks' ? (
          <CallbackStateChoice state={search.state} onChange={(state) => set({ state })} />
        ) : null}
        {tab === 'report' ? <ReportChoices about={search} onChange={set} /> : null}
      </div>
      {tab === 'deadlines' ? (
        <>
          <OpenDeadlines dagId={search.dagId} />
          <MissedDeadlines
            dagId={search.dagId}
            search={search}
            onPage={(page) => void navigate({ search: (old) => defined({ ...old, ...page }) })}
            onReset={() => void navigate({ search: {} })}
          />
        </>
      ) : tab === 'report' ? (
        <DeadlineReportTable about={search} />
      ) : tab === 'callbacks' ? (
        <CallbacksList
          dagId={search.dagId}
          state={search.state}
          search={search}
          onPage={(page) => void navigate({ search: (old) => defined({ ...old, ...page }) })}
          onReset={() => void navigate({ search: { tab } })}
        />
      ) : (
        <AlertsList />
      )}
    </div>
  );
}
