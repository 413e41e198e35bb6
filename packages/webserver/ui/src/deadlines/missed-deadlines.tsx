import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { MissedDeadline } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import type { Column } from '../controls/data-table.tsx';
import { ListView } from '../list/list-view.tsx';
import { chosen, type PageSearch } from '../list/paging.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { RunLink } from './run-link.tsx';

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
  const missed = useQuery(queries.missedDeadlines(chosen({ dagId, cursor: search.cursor })));
  const columns: Column<MissedDeadline>[] = [
    {
      id: 'name',
      header: t('deadlines.deadline'),
      isSelfEvident: true,
      sortBy: (each) => each.name,
      cell: (each) => (
        <span className="state-label strong">
          <StateIcon state="failed" size={13} />
          {each.name}
        </span>
      ),
    },
    {
      id: 'due',
      header: t('deadlines.dueAt'),
      sortBy: (each) => each.dueAt,
      cell: (each) => <Instant at={each.dueAt} absolute />,
    },
    {
      id: 'of',
      header: t('run.task'),
      cell: (each) => each.taskId ?? <span className="faint">{t('deadlines.wholeRun')}</span>,
    },
    { id: 'run', header: t('runs.run'), isSelfEvident: true, cell: (each) => <RunLink {...each} /> },
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
        rowKey={(each) => `${each.dagId} ${each.runId} ${each.name}`}
        search={search}
        isFiltered={dagId !== undefined}
        onPage={onPage}
        onReset={onReset}
        empty={<p className="list-none soft">{t('deadlines.noneMissed')}</p>}
      />
    </section>
  );
}
