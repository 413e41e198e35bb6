import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AdminTabs } from '../admin/admin-tabs.tsx';
import { answer, client } from '../api/client.ts';
import type { Connection } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { CopyCommand, shellWord } from '../controls/copy-command.tsx';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { useAction } from '../dialogs/actions.ts';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { ConnectionPanel } from './connection-panel.tsx';

/** How tasks and notifiers reach other systems. Secrets go in and never come out. */
export function ConnectionsPage() {
  const { t } = useTranslation();
  const connections = useQuery(queries.connections());
  const [editing, setEditing] = useState<Connection | 'new' | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const remove = useAction(
    (connectionId: string) =>
      answer(client.DELETE('/connections/{connectionId}', { params: { path: { connectionId } } })),
    t('connections.removed'),
    () => setRemoving(null),
  );
  const items = connections.data?.items ?? [];
  const columns: Column<Connection>[] = [
    {
      id: 'id',
      isSelfEvident: true,
      header: t('connections.id'),
      sortBy: (each) => each.connectionId,
      cell: (each) => <span className="mono strong">{each.connectionId}</span>,
    },
    {
      id: 'type',
      isSelfEvident: true,
      header: t('runs.type'),
      sortBy: (each) => each.type,
      cell: (each) => each.type,
    },
    {
      id: 'where',
      isSelfEvident: true,
      header: t('connections.where'),
      className: 'stacked-wide',
      cell: (each) => <span className="mono">{placeOf(each)}</span>,
    },
    {
      id: 'secrets',
      header: t('connections.secrets'),
      cell: (each) => (
        <span className="soft">
          {[...(each.hasPassword ? [t('connections.password')] : []), ...each.extraKeys].join(', ') || '–'}
        </span>
      ),
    },
    {
      id: 'description',
      header: t('variables.description'),
      className: 'wide-only',
      cell: (each) => <span className="soft">{each.description}</span>,
    },
    {
      id: 'changed',
      header: t('variables.changed'),
      className: 'wide-only',
      cell: (each) =>
        each.source === 'environment' ? (
          <span className="tag" title={t('connections.environmentText')}>
            {t('connections.environment')}
          </span>
        ) : (
          <>
            <Instant at={each.updatedAt} /> <span className="soft">{each.updatedBy}</span>
          </>
        ),
    },
    {
      id: 'actions',
      header: t('action.more'),
      isHeaderHidden: true,
      className: 'num',
      cell: (each) => (
        <span className="row-actions">
          <CopyCommand
            command={`tsflow connections test ${shellWord(each.connectionId)}`}
            label={t('connections.copyTest')}
          />
          {each.source === 'store' ? (
            <>
              <IconButton
                icon="edit"
                label={t('connections.edit', { id: each.connectionId })}
                onClick={() => setEditing(each)}
              />
              <IconButton
                icon="trash"
                label={t('connections.remove', { id: each.connectionId })}
                onClick={() => setRemoving(each.connectionId)}
              />
            </>
          ) : null}
        </span>
      ),
    },
  ];
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.connections')}</h1>
        <AdminTabs />
        <span className="grow" />
        <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
          {t('connections.new')}
        </button>
      </div>
      {connections.isError ? (
        <ErrorNotice error={connections.error} onRetry={() => void connections.refetch()} />
      ) : items.length > 0 ? (
        <DataTable
          label={t('nav.connections')}
          columns={columns}
          rows={items}
          rowKey={(each) => each.connectionId}
        />
      ) : connections.data ? (
        <div className="empty">
          <h2>{t('connections.none')}</h2>
          <p className="soft">{t('connections.noneText')}</p>
          <pre className="code-block" tabIndex={0}>
            tsflow connections set warehouse -
          </pre>
        </div>
      ) : null}
      {editing ? (
        <ConnectionPanel
          key={editing === 'new' ? '' : editing.connectionId}
          connection={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(null)}
        />
      ) : null}
      {removing ? (
        <ConfirmDialog
          title={t('connections.remove', { id: removing })}
          text={t('connections.removeText')}
          confirm={t('connections.removeConfirm')}
          command={`tsflow connections delete ${shellWord(removing)}`}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(removing)}
          onClose={() => setRemoving(null)}
        />
      ) : null}
    </div>
  );
}

/** `loader@db.example.com:5432/dwh`, of what there is of it. */
function placeOf({ login, host, port, schema }: Connection): string {
  return [
    login ? `${login}@` : '',
    host ?? '',
    port === null ? '' : `:${port}`,
    schema ? `/${schema}` : '',
  ].join('');
}
