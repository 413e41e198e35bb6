import { useTranslation } from 'react-i18next';
import type { MissedDeadline } from '../api/contract.ts';
import { Instant } from '../clock/instant.tsx';
import type { Column } from '../controls/data-table.tsx';
import { RunLink } from './run-link.tsx';

/** What every deadline has, open or missed: its name, by when, and of what. */
type Promised = Pick<MissedDeadline, 'dagId' | 'runId' | 'name' | 'taskId' | 'dueAt'>;

/** What is said of a deadline in every list: its name, by when it is due, of which task and run. */
export function useDeadlineColumns<T extends Promised>(): Column<T>[] {
  const { t } = useTranslation();
  return [
    {
      id: 'name',
      header: t('deadlines.deadline'),
      isSelfEvident: true,
      sortBy: (each) => each.name,
      className: 'deadline-name',
      cell: (each) => <span className="strong">{each.name}</span>,
    },
    {
      id: 'due',
      header: t('deadlines.dueAt'),
      sortBy: (each) => each.dueAt,
      className: 'deadline-due',
      cell: (each) => <Instant at={each.dueAt} absolute />,
    },
    {
      id: 'of',
      header: t('run.task'),
      className: 'deadline-of',
      cell: (each) => each.taskId ?? <span className="faint">{t('deadlines.wholeRun')}</span>,
    },
    { id: 'run', header: t('runs.run'), isSelfEvident: true, cell: (each) => <RunLink {...each} /> },
  ];
}

/** A name is given once in a run. */
export function deadlineKey({ dagId, runId, name }: Promised): string {
  return `${dagId} ${runId} ${name}`;
}
