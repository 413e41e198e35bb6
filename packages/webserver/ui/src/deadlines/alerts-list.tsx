import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Alert } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { DeliveryState } from './delivery-state.tsx';
import { RunLink } from './run-link.tsx';

/** What the installation told people of by itself, and whether it reached them. */
export function AlertsList() {
  const { t } = useTranslation();
  const alerts = useQuery(queries.alerts());
  if (alerts.isError && !alerts.data)
    return <ErrorNotice error={alerts.error} onRetry={() => void alerts.refetch()} />;
  if (!alerts.data) return null;
  if (alerts.data.items.length === 0)
    return (
      <div className="empty">
        <h2>{t('deadlines.noAlerts')}</h2>
        <p className="soft">{t('deadlines.noAlertsText')}</p>
        <pre className="code-block" tabIndex={0}>
          {`TSFLOW_ALERTS='[{ "to": "slack", "channel": "#ops" }]'`}
        </pre>
      </div>
    );
  const columns: Column<Alert>[] = [
    {
      id: 'state',
      header: t('dags.state'),
      isSelfEvident: true,
      sortBy: (each) => each.state,
      cell: (each) => (
        <DeliveryState state={each.state}>{t(`deadlines.alertState.${each.state}`)}</DeliveryState>
      ),
    },
    {
      id: 'title',
      header: t('deadlines.alert'),
      isSelfEvident: true,
      sortBy: (each) => each.kind,
      className: 'clip',
      cell: (each) => (
        <span className="strong" title={each.title}>
          {each.title}
        </span>
      ),
    },
    {
      id: 'to',
      header: t('deadlines.to'),
      cell: (each) => (
        <span>
          {each.to} <span className="soft">{each.target}</span>
        </span>
      ),
    },
    {
      id: 'run',
      header: t('runs.run'),
      className: 'clip',
      cell: (each) =>
        each.dagId !== null && each.runId !== null ? (
          <RunLink dagId={each.dagId} runId={each.runId} taskId={each.taskId} mapPath={each.mapPath} />
        ) : (
          ''
        ),
    },
    {
      id: 'at',
      header: t('panel.at'),
      sortBy: (each) => each.createdAt,
      cell: (each) => <Instant at={each.createdAt} />,
    },
    { id: 'tries', header: t('deadlines.deliveries'), className: 'num', cell: (each) => each.tries },
    {
      id: 'error',
      header: t('panel.error'),
      className: 'clip',
      cell: (each) => (each.error ? <span title={each.error}>{each.error}</span> : ''),
    },
  ];
  return (
    <DataTable
      label={t('deadlines.alerts')}
      columns={columns}
      rows={alerts.data.items}
      rowKey={({ id }) => id}
    />
  );
}
