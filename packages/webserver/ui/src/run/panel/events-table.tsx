import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { EventRow } from '../../api/contract.ts';
import { queries } from '../../api/queries.ts';
import { Instant } from '../../clock/instant.tsx';
import { type Column, DataTable } from '../../controls/data-table.tsx';
import { ErrorNotice } from '../../controls/error-notice.tsx';
import { StateLabel } from '../../state/state-label.tsx';

/** What happened to a run or to one task of it, newest first. */
export function EventsTable({ dagId, runId, taskId }: { dagId: string; runId: string; taskId?: string }) {
  const { t } = useTranslation();
  const events = useQuery(queries.events(dagId, runId));
  if (events.isError) return <ErrorNotice error={events.error} onRetry={() => void events.refetch()} />;
  const rows = (events.data?.items ?? []).filter((event) => taskId === undefined || event.taskId === taskId);
  if (events.data && rows.length === 0) return <p className="notice soft">{t('panel.noEvents')}</p>;
  const columns: Column<EventRow>[] = [
    {
      id: 'at',
      isSelfEvident: true,
      header: t('panel.at'),
      cell: (event) => <Instant at={event.at} absolute />,
    },
    {
      id: 'type',
      isSelfEvident: true,
      header: t('panel.event'),
      cell: (event) => event.type.replaceAll('_', ' '),
    },
    {
      id: 'change',
      isSelfEvident: true,
      header: t('dags.state'),
      cell: (event) =>
        event.toState ? (
          <span className="state-label">
            {event.fromState ? <StateLabel state={event.fromState} /> : null} →{' '}
            <StateLabel state={event.toState} />
          </span>
        ) : null,
    },
    { id: 'actor', header: t('panel.actor'), cell: (event) => <span className="soft">{event.actor}</span> },
    {
      id: 'data',
      isSelfEvident: true,
      header: t('panel.data'),
      className: 'clip',
      cell: (event) => (
        <span className="soft" title={text(event)}>
          {text(event)}
        </span>
      ),
    },
  ];
  return (
    <DataTable label={t('panel.events')} columns={columns} rows={rows} rowKey={(event) => String(event.id)} />
  );
}

function text(event: EventRow): string {
  const data = event.data as Record<string, unknown> | null | undefined;
  if (!data || Object.keys(data).length === 0) return '';
  if (typeof data.reason === 'string') return data.reason;
  return Object.entries(data)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
