import { useTranslation } from 'react-i18next';
import type { Callback } from '../api/contract.ts';
import { Instant } from '../clock/instant.tsx';
import type { Column } from '../controls/data-table.tsx';
import { TaskName } from '../controls/task-name.tsx';
import { DeliveryState } from './delivery-state.tsx';

/** What is said of a callback everywhere: what for, of what, how it ended, how often it was tried. */
export function useCallbackColumns(onLog: (callback: Callback) => void): Column<Callback>[] {
  const { t } = useTranslation();
  return [
    {
      id: 'state',
      header: t('dags.state'),
      isSelfEvident: true,
      sortBy: (each) => each.state,
      cell: (each) => (
        <DeliveryState state={each.state}>{t(`deadlines.callbackState.${each.state}`)}</DeliveryState>
      ),
    },
    {
      id: 'event',
      header: t('panel.event'),
      isSelfEvident: true,
      sortBy: (each) => each.event,
      cell: (each) => <code className="strong">{each.event}</code>,
    },
    {
      id: 'of',
      header: t('run.task'),
      cell: (each) => {
        if (each.deadline !== null) return t('deadlines.ofDeadline', { name: each.deadline });
        if (each.taskId === null) return <span className="faint">{t('deadlines.wholeRun')}</span>;
        return (
          <>
            <TaskName of={{ ...each, taskId: each.taskId }} />{' '}
            <span className="faint">{t('run.try', { number: each.tryNumber })}</span>
          </>
        );
      },
    },
    {
      id: 'at',
      header: t('panel.at'),
      sortBy: (each) => each.createdAt,
      cell: (each) => <Instant at={each.createdAt} />,
    },
    {
      id: 'deliveries',
      header: t('deadlines.deliveries'),
      className: 'num',
      cell: (each) => each.deliveries,
    },
    {
      id: 'error',
      header: t('panel.error'),
      className: 'clip',
      cell: (each) =>
        each.error ? <span title={each.error.stack}>{`${each.error.name}: ${each.error.message}`}</span> : '',
    },
    {
      id: 'log',
      header: t('panel.log'),
      isHeaderHidden: true,
      className: 'num',
      cell: (each) => (
        <button type="button" className="button" data-kind="quiet" onClick={() => onLog(each)}>
          {t('panel.log')}
        </button>
      ),
    },
  ];
}
