import { useTranslation } from 'react-i18next';
import type { Attempt, TaskInstanceDetail } from '../../api/contract.ts';
import { durationMs, durationText } from '../../clock/duration-text.ts';
import { Instant } from '../../clock/instant.tsx';
import { useNow } from '../../clock/server-clock.ts';
import { type Column, DataTable } from '../../controls/data-table.tsx';
import { StateLabel } from '../../state/state-label.tsx';
import { attemptName } from './attempt-name.ts';
import type { PanelSearch } from './task-panel.tsx';

/** Every try of a task, with its times, its end and where it ran; one leads to its log. */
export function AttemptsTab({
  task,
  zone,
  onChange,
}: {
  task: TaskInstanceDetail;
  zone: string | undefined;
  onChange: (change: PanelSearch) => void;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const columns: Column<Attempt>[] = [
    {
      id: 'try',
      isSelfEvident: true,
      header: t('panel.attempt'),
      cell: (each) => (
        <button
          type="button"
          className="button"
          data-kind="quiet"
          onClick={() => onChange({ tab: 'log', attempt: each.attemptId })}
        >
          {attemptName(each, t('run.try', { number: each.tryNumber }))}
        </button>
      ),
    },
    {
      id: 'state',
      isSelfEvident: true,
      header: t('dags.state'),
      cell: (each) => <StateLabel state={each.state} />,
    },
    {
      id: 'start',
      header: t('run.started'),
      cell: (each) => <Instant at={each.startDate} zone={zone} absolute />,
    },
    {
      id: 'wait',
      header: t('run.waited'),
      className: 'num',
      cell: (each) => durationText(durationMs(each.queuedAt, each.startDate, now)),
    },
    {
      id: 'length',
      header: t('run.duration'),
      className: 'num',
      cell: (each) => durationText(durationMs(each.startDate, each.endDate, now)),
    },
    { id: 'version', header: t('run.version'), cell: (each) => <code>{each.version?.slice(0, 7)}</code> },
    {
      id: 'where',
      header: t('panel.where'),
      cell: (each) => <span className="soft">{[each.host, each.pid].filter(Boolean).join(':')}</span>,
    },
    {
      id: 'error',
      header: t('panel.error'),
      cell: (each) => (
        <span title={each.error?.stack ?? undefined}>
          {each.error
            ? [each.error.name ?? each.error.code, each.error.message].filter(Boolean).join(': ')
            : ''}
        </span>
      ),
    },
  ];
  return (
    <DataTable
      label={t('panel.attempts')}
      columns={columns}
      rows={task.attempts}
      rowKey={(each) => each.attemptId}
    />
  );
}
