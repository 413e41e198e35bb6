import { useQuery } from '@tanstack/react-query';
import { defined } from '@tsflow/core/defined';
import { useTranslation } from 'react-i18next';
import type { MissedDeadline } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import type { Column } from '../controls/data-table.tsx';
import { ListView } from '../list/list-view.tsx';
import type { PageSearch } from '../list/paging.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { deadlineKey, useDeadlineColumns } from './deadline-columns.tsx';

/** Deadlines that were missed, those of the newest runs first. */
export function MissedDeadlines({
  dagId,
  search,
  onPage,
  onReset,
}: {
  dagId: string | undefined;
  search: PageSearch;
  onPage: (page: PageSearch) => void;
  onReset: () => void;
}) {
  const { t } = useTranslation();
  const missed = useQuery(queries.missedDeadlines(defined({ dagId, cursor: search.cursor })));
  const columns: Column<MissedDeadline>[] = [
    {
      id: 'state',
      header: t('dags.state'),
      className: 'deadline-state',
      isSelfEvident: true,
      cell: () => (
        <span className="state-label">
          <StateIcon state="failed" size={13} />
          {t('deadlines.missed')}
        </span>
      ),
    },
    ...useDeadlineColumns<MissedDeadline>(),
  ];
  return (
    <section aria-labelledby="missed-deadlines">
      <h2 id="missed-deadlines" className="list-head">
        {t('deadlines.missedBefore')}
      </h2>
      <ListView
        query={missed}
        label={t('deadlines.missedBefore')}
        columns={columns}
        rowKey={deadlineKey}
        search={search}
        isFiltered={dagId !== undefined}
        onPage={onPage}
        onReset={onReset}
        empty={<p className="list-none soft">{t('deadlines.noneMissed')}</p>}
      />
    </section>
  );
}
