import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Deadline } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { deadlineKey, useDeadlineColumns } from './deadline-columns.tsx';
import { DueLabel } from './due-label.tsx';
import { HowToPromise } from './how-to-promise.tsx';

/** Deadlines of what is queued or runs: the next one first. */
export function OpenDeadlines({ dagId }: { dagId: string | undefined }) {
  const { t } = useTranslation();
  const deadlines = useQuery(queries.openDeadlines(dagId));
  const promised = useDeadlineColumns<Deadline>();
  if (deadlines.isError && !deadlines.data)
    return <ErrorNotice error={deadlines.error} onRetry={() => void deadlines.refetch()} />;
  if (!deadlines.data) return null;
  const { items } = deadlines.data;
  const columns: Column<Deadline>[] = [
    {
      id: 'state',
      header: t('dags.state'),
      className: 'deadline-state',
      isSelfEvident: true,
      cell: (each) => <DueLabel deadline={each} />,
    },
    ...promised,
  ];
  return (
    <section aria-labelledby="open-deadlines">
      <h2 id="open-deadlines" className="list-head">
        {t('deadlines.open')}
      </h2>
      {items.length === 0 ? (
        <div className="list-none soft">
          <p>{t('deadlines.noneOpen')}</p>
          {dagId === undefined ? <HowToPromise /> : null}
        </div>
      ) : (
        <DataTable label={t('deadlines.open')} columns={columns} rows={items} rowKey={deadlineKey} />
      )}
    </section>
  );
}
