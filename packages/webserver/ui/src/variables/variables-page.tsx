import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AdminTabs } from '../admin/admin-tabs.tsx';
import { answer, client } from '../api/client.ts';
import type { Variable } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { SearchField } from '../controls/search-field.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { useAction } from '../dialogs/actions.ts';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { useMayWrite } from '../login/role.ts';
import { NewVariable, VariableEditor } from './variable-editor.tsx';

/** tsflow's own Variables with their bounds and live effect, then people's; edited in place, with history. */
export function VariablesPage() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const mayWrite = useMayWrite('Editor');
  const search = useSearch({ from: '/shell/variables' });
  const navigate = useNavigate({ from: '/variables' });
  const variables = useQuery(queries.variables());
  const [editing, setEditing] = useState<string | null>(null);
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const remove = useAction(
    (key: string) => answer(client.DELETE('/variables/{key}', { params: { path: { key } } })),
    t('variables.removed'),
    () => {
      setRemoving(null);
      void cache.invalidateQueries({ queryKey: ['variables'] });
    },
  );
  if (variables.isError && !variables.data)
    return <ErrorNotice error={variables.error} onRetry={() => void variables.refetch()} />;
  const wanted = (search.filter ?? '').toLowerCase();
  const shown = (variables.data?.items ?? []).filter((each) => each.key.toLowerCase().includes(wanted));
  const own = shown.filter((each) => each.schema);
  const others = shown.filter((each) => !each.schema);
  const rows = (list: readonly Variable[]) =>
    list.map((variable) => (
      <tr key={variable.key}>
        <td className="mono strong">{variable.key}</td>
        <td className="variable-value" data-label="">
          {editing === variable.key ? (
            <VariableEditor variable={variable} onClose={() => setEditing(null)} />
          ) : (
            <ValueCell variable={variable} onEdit={mayWrite ? () => setEditing(variable.key) : undefined} />
          )}
        </td>
        <td className="soft wide-only variable-text">{variable.description}</td>
        <td className="wide-only">
          <Instant at={variable.updatedAt} /> <span className="soft">{variable.updatedBy}</span>
        </td>
        <td className="num">
          <span className="row-actions">
            <IconButton
              icon="history"
              label={t('variables.historyOf', { key: variable.key })}
              onClick={() => void navigate({ search: (old) => ({ ...old, history: variable.key }) })}
            />
            {mayWrite ? (
              <>
                <IconButton
                  icon="edit"
                  label={t('variables.edit', { key: variable.key })}
                  onClick={() => setEditing(variable.key)}
                />
                <IconButton
                  icon="trash"
                  label={t('variables.remove', { key: variable.key })}
                  onClick={() => setRemoving(variable.key)}
                />
              </>
            ) : null}
          </span>
        </td>
      </tr>
    ));
  return (
    <div className="page">
      <div className="toolbar">
        <h1 className="sr-only">{t('nav.variables')}</h1>
        <AdminTabs />
        <SearchField
          value={search.filter ?? ''}
          label={t('variables.search')}
          onChange={(filter) =>
            void navigate({
              search: (old) => ({ ...old, ...(filter ? { filter } : { filter: undefined }) }) as typeof old,
              replace: true,
            })
          }
        />
        <span className="grow" />
        {mayWrite ? (
          <button type="button" className="button" data-kind="primary" onClick={() => setCreating(true)}>
            {t('variables.new')}
          </button>
        ) : null}
      </div>
      {creating ? <NewVariable onClose={() => setCreating(false)} /> : null}
      <div className="table-scroll">
        <table className="table" aria-label={t('nav.variables')}>
          <thead>
            <tr>
              <th scope="col">{t('variables.key')}</th>
              <th scope="col">{t('variables.value')}</th>
              <th scope="col" className="wide-only">
                {t('variables.description')}
              </th>
              <th scope="col" className="wide-only">
                {t('variables.changed')}
              </th>
              <th scope="col">
                <span className="sr-only">{t('action.more')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {own.length > 0 ? (
              <tr className="section-row">
                <th colSpan={5} scope="colgroup">
                  {t('variables.own')}
                </th>
              </tr>
            ) : null}
            {rows(own)}
            {others.length > 0 ? (
              <tr className="section-row">
                <th colSpan={5} scope="colgroup">
                  {t('variables.yours')}
                </th>
              </tr>
            ) : null}
            {rows(others)}
          </tbody>
        </table>
      </div>
      {variables.data && others.length === 0 && !wanted ? (
        <div className="empty">
          <h2>{t('variables.none')}</h2>
          <p className="soft">{t('variables.noneText')}</p>
          <pre className="code-block" tabIndex={0}>
            tsflow variables set my_key my_value
          </pre>
        </div>
      ) : null}
      {search.history ? (
        <HistoryPanel
          variable={search.history}
          onClose={() => void navigate({ search: ({ history: _closed, ...old }) => old })}
        />
      ) : null}
      {removing ? (
        <ConfirmDialog
          title={t('variables.remove', { key: removing })}
          text={t('variables.removeText')}
          confirm={t('variables.removeConfirm')}
          command={`tsflow variables delete ${removing}`}
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(removing)}
          onClose={() => setRemoving(null)}
        />
      ) : null}
    </div>
  );
}

function ValueCell({ variable, onEdit }: { variable: Variable; onEdit: (() => void) | undefined }) {
  const { t } = useTranslation();
  const info = useQuery(queries.info());
  const text = variable.isSecret
    ? '••••••••'
    : typeof variable.value === 'string'
      ? variable.value
      : JSON.stringify(variable.value);
  return (
    <span className="value-line">
      <button type="button" className="value-button mono" disabled={!onEdit} onClick={onEdit} title={text}>
        {text === '' ? <span className="faint">{t('variables.empty')}</span> : text}
      </button>
      {variable.key === 'parallelism' && info.data ? (
        <span className="soft slots">
          <Slots used={info.data.parallelism.used} limit={info.data.parallelism.limit} />
          {t('variables.slots', info.data.parallelism)}
        </span>
      ) : null}
    </span>
  );
}

/** Used slots of all, as a strip: filled is in use. */
export function Slots({ used, limit }: { used: number; limit: number }) {
  return (
    <span className="slot-strip" aria-hidden="true">
      <i data-state="running" style={{ width: `${limit > 0 ? Math.min(100, (used / limit) * 100) : 0}%` }} />
    </span>
  );
}

function HistoryPanel({ variable, onClose }: { variable: string; onClose: () => void }) {
  const { t } = useTranslation();
  const history = useQuery(queries.variableHistory(variable));
  return (
    <SidePanel title={t('variables.historyOf', { key: variable })} onClose={onClose}>
      {history.isError ? <ErrorNotice error={history.error} onRetry={() => void history.refetch()} /> : null}
      {history.data?.items.length === 0 ? <p className="soft">{t('variables.noHistory')}</p> : null}
      <ul className="history">
        {[...(history.data?.items ?? [])]
          .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
          .map((change) => (
            <li key={change.at}>
              <span>
                <Instant at={change.at} absolute /> <span className="soft">{change.actor}</span>
              </span>
              <code>
                {short(change.from)} → {short(change.to)}
              </code>
            </li>
          ))}
      </ul>
    </SidePanel>
  );
}

function short(value: unknown): string {
  if (value === undefined || value === null) return '∅';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
