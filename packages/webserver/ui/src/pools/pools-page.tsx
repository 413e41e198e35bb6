import './pools.css';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AdminTabs } from '../admin/admin-tabs.tsx';
import { answer, client } from '../api/client.ts';
import type { Pool } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { shellWord } from '../controls/copy-command.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { useAction } from '../dialogs/actions.ts';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { useMayWrite } from '../login/role.ts';
import { PoolPanel } from './pool-panel.tsx';
import { PoolRow } from './pool-row.tsx';

/** Every pool with what is in use of it, live; open, who occupies it and who waits. */
export function PoolsPage() {
  const { t } = useTranslation();
  const mayWrite = useMayWrite('Editor');
  const { pool: open } = useSearch({ from: '/shell/pools' });
  const navigate = useNavigate({ from: '/pools' });
  const pools = useQuery(queries.pools());
  const [editing, setEditing] = useState<Pool | 'new' | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const remove = useAction(
    (name: string) => answer(client.DELETE('/pools/{name}', { params: { path: { name } } })),
    t('pools.removed'),
    () => setRemoving(null),
  );
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.pools')}</h1>
        <AdminTabs />
        <span className="grow" />
        {mayWrite ? (
          <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
            {t('pools.new')}
          </button>
        ) : null}
      </div>
      {pools.isError && !pools.data ? (
        <ErrorNotice error={pools.error} onRetry={() => void pools.refetch()} />
      ) : (
        <ul className="pools" aria-label={t('nav.pools')}>
          {pools.data?.items.map((pool) => (
            <PoolRow
              key={pool.name}
              pool={pool}
              isOpen={open === pool.name}
              mayWrite={mayWrite}
              onToggle={() =>
                void navigate({ search: open === pool.name ? {} : { pool: pool.name }, replace: true })
              }
              onEdit={() => setEditing(pool)}
              onRemove={() => setRemoving(pool.name)}
            />
          ))}
        </ul>
      )}
      {pools.data?.items.length === 1 ? (
        <div className="empty">
          <h2>{t('pools.none')}</h2>
          <p className="soft">{t('pools.noneText')}</p>
          <pre className="code-block" tabIndex={0}>
            tsflow pools set warehouse 4
          </pre>
        </div>
      ) : null}
      {editing ? (
        <PoolPanel
          key={editing === 'new' ? '' : editing.name}
          pool={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(null)}
        />
      ) : null}
      {removing ? (
        <ConfirmDialog
          title={t('pools.remove', { name: removing })}
          text={t('pools.removeText')}
          confirm={t('pools.removeConfirm')}
          command={`tsflow pools delete ${shellWord(removing)}`}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(removing)}
          onClose={() => setRemoving(null)}
        />
      ) : null}
    </div>
  );
}
